// A repeat is called one: a request is stored by the first that arrives, and only that one is told
// so.

import { expect, test } from 'vitest';
import type { WriteRecord } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

const KEYED = { idempotencyKey: 'k' };
const TIMEOUT = { ...KEYED, outcome: 'unknown', code: 'write-concern-timeout' } as const;
const PLACE = { first: 1, last: 1, acks: ['n1', 'n2'] };

/** Two requests with one key; the second may have been asked for before the first was answered. */
function judged(one: Partial<WriteRecord>, other: Partial<WriteRecord>, together: boolean) {
  const run = new Recording();
  run.write(message('one'), { ...KEYED, ...one });
  const call = together ? { call: run.now - 1 } : {};
  run.write(message('one'), { ...KEYED, ...call, ...other });
  run.write(message('two'));
  return judgesOf(run.end());
}

test.each<[what: string, one: Partial<WriteRecord>, together: boolean, legal: boolean]>([
  ['one answered success before', {}, false, false],
  ['one answered success at the same time', {}, true, false],
  ['one that was a repeat itself', { duplicate: true }, true, true],
  ['one that timed out before', { ...TIMEOUT, ...PLACE }, false, false],
  ['one that timed out at the same time', { ...TIMEOUT, ...PLACE }, true, true],
  ['one without an answer', { outcome: 'unknown' }, false, true],
])('the like of %s', (_, one, together, legal) => {
  expect(judged(one, { duplicate: true }, together)).toEqual([]);
  expect(judged(one, { duplicate: false }, together)).toEqual(legal ? [] : ['exactly once']);
});

test.each([
  ['was lost with the only node that had it', true, false, []],
  ['was lost, and another repeat is called one', true, true, []],
  ['is still there', false, false, ['exactly once']],
])('a request that timed out and %s is stored by its repeat', (_, lost, again, by) => {
  const run = new Recording();
  run.write(message('one'), { ...TIMEOUT, ...PLACE, acks: ['n1'], w: 'majority' });
  run.node('n1', 'crash');
  if (lost) run.node('n1', 'wipe');
  run.start('n1');
  run.lead('n1');
  if (lost) run.log.splice(0, 1, { ...run.log[0]!, epoch: run.epoch });
  // What the repeat has stored is seen before its client hears of it.
  const call = run.tick();
  run.read('n2');
  if (again) run.write(message('one'), { ...KEYED, call, duplicate: true });
  run.write(message('one'), { ...KEYED, call, duplicate: false });
  expect(judge(run.end()).violations.map(({ judge: judged }) => judged)).toEqual(by);
});

test.each([
  ['one that was replaced by then', 'n3', 'n1', ['n1'], []],
  ['one that was replaced, of what a majority had', 'n3', 'n1', ['n1', 'n2'], ['exactly once']],
  ['the one in office', 'n3', 'n3', ['n3'], ['exactly once']],
  ['the one in office, which names nobody', 'n3', 'n3', [], ['exactly once']],
  ['any, where there was one master only', 'n1', 'n2', [], ['exactly once']],
])('a repeat is stored where a time limit has said that it is: %s', (...known) => {
  const [, master, node, acks, by] = known;
  const run = new Recording();
  run.write(message('kept'));
  if (master !== 'n1') run.lead(master);
  run.write(message('one'), { ...TIMEOUT, first: 2, last: 2, acks, node });
  // Of two that were asked for together, the one that is called a repeat is heard first.
  const call = run.tick();
  const again = { ...KEYED, call, first: 2, last: 2, acks: [master, 'n2'], node: master };
  run.write(message('one'), { ...again, duplicate: true });
  run.write(message('one'), { ...again, duplicate: false });
  expect(judge(run.end()).violations.map(({ judge: judged }) => judged)).toEqual(by);
});

test.each([
  ['and nobody has seen it since', null, []],
  ['and stands in the present epoch', 2, []],
  ['and is still the one of before', 1, ['exactly once']],
])('what nobody had on disk is stored where it was, after a crash, %s', (_, epoch, by) => {
  const run = new Recording();
  run.write(message('one'), { ...TIMEOUT, ...PLACE, acks: [] });
  run.node('n1', 'crash');
  run.start('n1');
  run.lead('n1');
  if (epoch !== null) run.log.splice(0, 1, { ...run.log[0]!, epoch });
  const call = run.tick();
  if (epoch !== null) run.read('n1');
  run.write(message('one'), { ...KEYED, call, duplicate: false });
  expect(judge(run.records).violations.map(({ judge: judged }) => judged)).toEqual(by);
});

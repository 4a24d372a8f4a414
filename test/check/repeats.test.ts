// A repeat is called one: a request is stored by the first that arrives, and only that one is told
// so.

import { expect, test } from 'vitest';
import type { WriteRecord } from '../../src/check/history.ts';
import { judge } from '../../src/check/judge.ts';
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
  return judge(run.end()).violations.map(({ judge: by }) => by);
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
  ['another one has', { acks: ['n1'] }, 'n1', []],
  ['the one in office has', { acks: ['n3'] }, 'n3', ['exactly once']],
])('a time limit that %s told of: the repeat may be stored at that index, or not', (...known) => {
  const [, told, node, by] = known;
  const run = new Recording();
  run.write(message('kept'));
  run.lead('n3');
  const place = { first: 2, last: 2, ...told };
  const call = run.tick();
  run.write(message('one'), { ...TIMEOUT, ...place, node, call });
  // What a replaced master has put there is in nobody's log.
  if (node === 'n1') run.log.length = 1;
  const again = { ...KEYED, first: 2, last: 2, acks: ['n3', 'n2'], node: 'n3' };
  run.write(message('one'), { ...again, duplicate: false });
  if (node === 'n3') run.log.length = 2;
  expect(judge(run.records).violations.map(({ judge: judged }) => judged)).toEqual(by);
});

// A page that was asked for before an epoch began on its node, and heard afterwards.

import { expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { message, put, Recording } from './recording.ts';

test('a late page shows a log that was replaced since: nothing has changed behind it', () => {
  const run = new Recording();
  run.write(message('kept'));
  run.write(message('dropped'), { outcome: 'unknown' });
  run.write(message('dropped too'), { outcome: 'unknown' });
  const [call, old] = [run.tick(), [...run.log]];
  run.lead('n3');
  run.log.length = 1;
  for (const text of ['new', 'newer', 'newest']) {
    run.write(message(text), { acks: ['n3', 'n1'], node: 'n3' });
  }
  run.read('n2', { from: 4 });
  run.read('n2', { call, commitIndex: 1 }, old);
  run.read('n2');
  run.read('n2');
  expect(judge(run.records).violations).toEqual([]);
  // It still binds what comes after it.
  run.read('n2', {}, run.log.slice(0, 3));
  expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
});

test('nor has the log become shorter, or what was missing there come', () => {
  const run = new Recording();
  run.write(message('kept'));
  for (const operation of [put('k', '1'), put('k', '2'), message('a'), message('b')]) {
    run.write(operation, { outcome: 'unknown' });
  }
  const [call, old] = [run.tick(), run.log.filter(({ index }) => index !== 2)];
  run.lead('n3');
  run.log.length = 1;
  for (const text of ['new', 'newer']) {
    run.write(message(text), { acks: ['n3', 'n1'], node: 'n3' });
  }
  run.read('n2', { from: 3 });
  run.read('n2', { call, commitIndex: 1 }, old);
  run.read('n2');
  expect(judge(run.records).violations).toEqual([]);
});

test.each([
  ['alone, where few are left', ['n1', 'n2', 'n3'], ['n1'], []],
  ['with the one in office', ['n1', 'n2', 'n3', 'n4', 'n5'], ['n1', 'n3'], ['total order']],
])('a replaced master says of what it holds %s that time is up', (_, nodes, acks, by) => {
  const run = new Recording(nodes);
  run.write(message('kept'));
  run.lead('n3');
  if (nodes.length === 3) run.node('n3', 'leave');
  const said = { outcome: 'unknown', code: 'write-concern-timeout', node: 'n1', acks } as const;
  run.write(message('lone'), { ...said, first: 2, last: 2 });
  run.log.length = 1;
  if (nodes.length === 3) run.lead('n2');
  run.write(message('new'), { acks: [run.master, 'n1', 'n4'].slice(0, nodes.length - 1), w: 1 });
  expect(judge(run.records).violations.map(({ judge: judged }) => judged)).toEqual(by);
});

test('also where the next one has been appointed once more since it was asked', () => {
  const run = new Recording();
  run.write(message('kept'));
  run.lead('n3');
  run.node('n2', 'leave');
  const call = run.tick();
  run.start('n3');
  run.lead('n3');
  const said = { outcome: 'unknown', code: 'write-concern-timeout', node: 'n1' } as const;
  run.write(message('lone'), { ...said, acks: ['n1'], first: 2, last: 2, call });
  run.log.length = 1;
  run.write(message('new'), { acks: ['n3', 'n1'] });
  expect(judge(run.records).violations).toEqual([]);
});

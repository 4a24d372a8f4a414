// What a read may show of a key, or of the log: by what the node acknowledged, by what stands at
// the index it names, and by what is on a majority.

import { expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { message, put, Recording } from './recording.ts';

test('durable: a node restarts, and says what a key was before what it acknowledged', () => {
  const run = new Recording();
  run.write(put('k', '1'));
  run.write(put('k', '2'));
  run.node('n2', 'crash');
  run.start('n2');
  run.get('n1', 'k');
  expect(judge(run.records).violations).toEqual([]);
  run.get('n2', 'k', { value: '1', index: 1 });
  expect(judge(run.records).violations).toMatchObject([{ judge: 'durable', records: [7, 11] }]);
});

test('durable: so does one that is not named as having it: it is legal', () => {
  const run = new Recording();
  run.write(put('k', '1'));
  run.write(put('k', '2'));
  run.get('n3', 'k', { value: '1', index: 1 });
  expect(judge(run.records).violations).toEqual([]);
});

test('no silent damage: a local value is not what stands at its index', () => {
  const run = new Recording();
  run.write(put('k', '1'), { w: 1 });
  run.write(put('k', '2'), { w: 1 });
  run.get('n3', 'k', { value: '1', index: 2 });
  expect(judge(run.records).violations).toMatchObject([{ judge: 'no silent damage' }]);
});

test('no silent damage: a local value that an epoch has undone since may still be shown', () => {
  const run = new Recording();
  run.write(put('k', '1'));
  run.node('n1', 'crash');
  run.start('n1');
  run.lead('n1');
  run.write(put('k', '2'));
  run.write(put('k', 'open'), { outcome: 'unknown' });
  run.get('n3', 'k', { value: 'open', index: 2 });
  expect(judge(run.records).violations).toEqual([]);
});

test.each(['majority', 'linearizable'] as const)(
  'bounded: a %s read shows what is on the master alone',
  (read) => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('two'), { outcome: 'unknown' });
    run.read('n1', { commitIndex: 1 });
    expect(judge(run.records).violations).toEqual([]);
    run.read('n1', { read, commitIndex: 1 });
    expect(judge(run.records).violations).toMatchObject([{ judge: 'bounded' }]);
  },
);

// What a node says of its own log, in pages and in reports: where it ends, and what is on a
// majority.

import { describe, expect, test } from 'vitest';
import type { HealthRecord } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { message, Recording } from './recording.ts';

const BACK = [{ judge: 'never back' }];

/** n2 has shown three messages of epoch 1, so many of them as being on a majority, and has reported
 * on them. */
function three(commitIndex = 3): Recording {
  const run = new Recording();
  for (const text of ['one', 'two', 'three']) run.write(message(text), { w: 'all' });
  run.read('n2', { commitIndex });
  says(run);
  return run;
}

const says = (run: Recording, more: Partial<HealthRecord> = {}): void =>
  run.health({ node: 'n2', role: 'secondary', ...more });

const found = (run: Recording) => judge(run.records).violations;

describe.each<[string, (run: Recording, more: { commitIndex: number }) => void]>([
  ['a report', says],
  ['a page', (run, more) => run.read('n2', more)],
])('%s says that less is on a majority', (_what, say) => {
  test('than a page did', () => {
    const run = three();
    run.read('n2');
    says(run);
    say(run, { commitIndex: 3 });
    expect(found(run)).toEqual([]);
    say(run, { commitIndex: 2 });
    expect(found(run)).toMatchObject(BACK);
  });

  test('than a report did', () => {
    const run = three(1);
    says(run);
    run.read('n3');
    say(run, { commitIndex: 2 });
    expect(found(run)).toMatchObject(BACK);
  });

  test('in another life, or as a new epoch may have cut its log', () => {
    for (const event of ['crash', 'lead', 'leave'] as const) {
      const run = three();
      run.read('n2');
      says(run);
      if (event === 'lead') run.lead('n3');
      else run.node('n2', event);
      if (event !== 'lead') run.start('n2');
      run.read('n2', { commitIndex: 0 });
      say(run, { commitIndex: 0 });
      expect(found(run), event).toEqual([]);
    }
  });
});

test('a report says that less is on a majority than a page before the last one', () => {
  const run = three();
  for (let times = 0; times < 2; times += 1) says(run, { commitIndex: 3, lastIndex: 4 });
  run.read('n2', { commitIndex: 4, lastIndex: 4, from: 5 });
  says(run, { commitIndex: 3, lastIndex: 4 });
  expect(found(run)).toEqual([]);
  says(run, { commitIndex: 3, lastIndex: 4 });
  expect(found(run)).toMatchObject(BACK);
});

test('a report of a life that has shown nothing yet is not held against an earlier one', () => {
  const run = three();
  says(run);
  run.node('n2', 'crash');
  run.start('n2');
  says(run, { commitIndex: 0 });
  says(run, { commitIndex: 0 });
  expect(found(run)).toEqual([]);
});

test('a page that was asked for in the moment of a new epoch may tell of the log before', () => {
  const run = three();
  run.lead('n3');
  run.write(message('new'), { acks: ['n3', 'n1'] });
  run.read('n2', { commitIndex: 3 });
  run.read('n2', { call: run.now, commitIndex: 5, lastIndex: 5, from: 6, to: 5 });
  run.read('n2', { commitIndex: 4 });
  expect(found(run)).toEqual([]);
});

describe('a report says that the log ends sooner', () => {
  test('than an earlier one said', () => {
    const run = three();
    says(run, { lastIndex: 4 });
    expect(found(run)).toEqual([]);
    says(run);
    expect(found(run)).toMatchObject(BACK);
  });

  test('than a page showed, and so does a page after it', () => {
    const run = three();
    says(run, { lastIndex: 2, commitIndex: 2 });
    expect(found(run)).toMatchObject(BACK);
    run.records.pop();
    says(run, { lastIndex: 4 });
    run.read('n2');
    expect(found(run)).toMatchObject(BACK);
  });

  test('than a page that it may have been asked for before', () => {
    const run = three();
    run.write(message('four'), { w: 'all' });
    run.read('n2');
    says(run, { lastIndex: 3, commitIndex: 3 });
    expect(found(run)).toEqual([]);
  });

  test('as a new epoch may have cut the log; and then it does not', () => {
    const run = three();
    for (const text of ['four', 'five']) run.write(message(text), { outcome: 'unknown' });
    run.read('n2', { commitIndex: 3 });
    run.read('n2', { commitIndex: 5, from: 6 });
    says(run);
    says(run);
    run.lead('n3');
    run.log.length = 3;
    says(run);
    expect(found(run)).toEqual([]);
    run.write(message('new'), { acks: ['n3', 'n1'] });
    for (let times = 0; times < 3; times += 1) run.read('n2', { from: 4 });
    for (let times = 0; times < 3; times += 1) says(run);
    expect(found(run)).toEqual([]);
    says(run, { lastIndex: 1, commitIndex: 1 });
    expect(found(run)).toMatchObject(BACK);
  });

  test('as it has left, and starts over when it is back', () => {
    const run = three();
    run.node('n2', 'leave');
    run.node('n2', 'join');
    says(run, { lastIndex: 0, commitIndex: 0 });
    expect(found(run)).toEqual([]);
  });
});

test('a report of a node that has shown nothing yet is held against nothing', () => {
  const run = new Recording();
  says(run, { lastIndex: 2, commitIndex: 2 });
  says(run, { lastIndex: 1, commitIndex: 1 });
  says(run, { node: 'n9' });
  expect(found(run)).toEqual([]);
});

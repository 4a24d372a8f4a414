// What a node shows never goes back, but for what it may begin anew.

import { expect, test } from 'vitest';
import type { LogRecord } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { message, put, Recording } from './recording.ts';

test('never back: a node that had left and is back may start over, once', () => {
  const run = new Recording();
  for (const text of ['a', 'b', 'c']) run.write(message(text), { w: 1 });
  const back = (until: number): void => run.read('n3', {}, run.log.slice(0, until));
  run.node('n3', 'leave');
  run.start('n3');
  back(3);
  run.node('n3', 'join');
  back(1);
  back(2);
  expect(judge(run.records).violations).toEqual([]);
  back(1);
  expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
});

test('never back: a node that has lost entries to damage may start over, once', () => {
  for (const damaged of [true, false]) {
    const run = new Recording();
    for (const text of ['a', 'b', 'c']) run.write(message(text), { w: 1 });
    const back = (until: number): void => run.read('n3', {}, run.log.slice(0, until));
    run.node('n3', 'crash');
    run.start('n3', true, damaged);
    back(2);
    back(1);
    expect(judge(run.records).violations.length, `${damaged}`).toBe(damaged ? 0 : 1);
    back(2);
    back(1);
    expect(judge(run.records).violations.length, `${damaged}`).toBe(damaged ? 1 : 2);
  }
});

test('never back: what is said of a key may go, if a later epoch does not have it', () => {
  const back = (stays: boolean) => {
    const run = new Recording();
    const put = (value: string) => ({ op: 'put', key: 'k', value }) as const;
    run.write(put('kept'));
    run.write(put('dropped'), { outcome: 'unknown' });
    const says = (value: string, index: number) => run.get('n3', 'k', { value, index });
    run.node('n2', 'role', { role: 'secondary', epoch: 2 });
    says('dropped', 2);
    run.lead('n1');
    says('kept', 1);
    // It has not heard yet that there is another master.
    says('dropped', 2);
    says('kept', 1);
    if (!stays) run.log.pop();
    return judge(run.end()).violations;
  };
  expect(back(false)).toEqual([]);
  expect(back(true)).toMatchObject([{ judge: 'never back' }]);
});

test('never back: so may what it says of its keys, of all of them, once', () => {
  const run = new Recording();
  const values = ['a1', 'b1', 'a2', 'b2'];
  for (const value of values) run.write({ op: 'put', key: value[0]!, value }, { w: 1 });
  const says = (...indexes: readonly number[]): void => {
    for (const index of indexes) {
      const value = values[index - 1]!;
      run.get('n3', value[0]!, { value, index });
    }
  };
  run.node('n3', 'leave');
  run.start('n3');
  says(3, 4, 1, 2, 1, 2, 3);
  expect(judge(run.records).violations).toEqual([]);
  says(1);
  expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
});

test('never back: so may every node, once, when the arbiter has forgotten', () => {
  const run = new Recording();
  run.node('n3', 'resume');
  run.node('arbiter', 'start', { sized: true });
  run.node('arbiter', 'wipe');
  run.lead('n2');
  for (const value of ['1', '2']) run.write(put('k', value));
  const says = (...indexes: readonly number[]): void => {
    for (const index of indexes) run.get('n3', 'k', { value: String(index), index });
  };
  says(2, 1, 2);
  expect(judge(run.records).violations).toEqual([]);
  const kept = run.records.filter((record) => record.type !== 'node' || record.event !== 'wipe');
  expect(judge(kept).violations).toMatchObject([{ judge: 'never back' }]);
  run.node('n1', 'resume');
  says(1);
  expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
});

test('never back: what is on a majority is shown to who asks for that, and then is not', () => {
  const run = new Recording();
  run.write(message('one'));
  run.write(message('two'));
  run.read('n2', { read: 'majority' });
  run.read('n3', { read: 'majority' }, run.log.slice(0, 1));
  expect(judge(run.records).violations).toEqual([]);
  run.read('n2', { read: 'majority' }, run.log.slice(0, 1));
  expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
});

test('never back: a late answer of an earlier life takes nothing from what this one showed', () => {
  const run = new Recording();
  for (const text of ['a', 'b', 'c']) run.write(message(text));
  run.read('n2');
  const late = run.records.pop()!;
  run.node('n2', 'crash');
  run.start('n2');
  run.read('n2');
  run.records.push({ ...late, return: run.tick() } as LogRecord);
  expect(judge(run.records).violations).toEqual([]);
  run.read('n2', {}, run.log.slice(0, 1));
  expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
});

test('never back: how far a log went by a report is over with the next epoch’s first page', () => {
  const run = new Recording();
  run.write(message('kept'));
  run.read('n1');
  for (const text of ['a', 'b', 'c']) run.write(message(text), { outcome: 'unknown' });
  for (let said = 0; said < 2; said += 1) run.health({ commitIndex: 1 });
  run.lead('n3');
  run.log.length = 1;
  run.write(message('new'), { acks: ['n3', 'n1'], node: 'n3' });
  run.read('n1', { read: 'majority' });
  run.read('n1');
  expect(judge(run.records).violations).toEqual([]);
  run.read('n1', {}, run.log.slice(0, 1));
  expect(judge(run.records).violations).toMatchObject([{ judge: 'never back' }]);
});

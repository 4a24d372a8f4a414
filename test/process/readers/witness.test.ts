// What the witness lets an overruled master give up, and what not.

import { expect, test } from 'vitest';
import type { LogEntry } from '../../../src/client/answers.ts';
import { type Look, Witness } from './witness.ts';

const AT = '2030-01-01T00:00:00.000Z';
const entry = (index: number, epoch: number): LogEntry => ({
  ...{ index, epoch, at: AT, op: 'append' as const, message: `${index} of ${epoch}` },
});
const OLD = [entry(1, 1), entry(2, 1), entry(3, 1)];
const NEW = [entry(1, 1), entry(2, 2)];
const LATER: Look = { node: 'n1', life: 2, epoch: 2 };

/** A witness to which n1, overruled in epoch 1, has shown its log in the next one. */
function overruled(overrule = true): Witness {
  const witness = new Witness();
  if (overrule) witness.overrule('n1', 2, 1);
  witness.show('read', LATER, OLD, 3);
  witness.grow('lastIndex', LATER, 3);
  return witness;
}

function cutBack(witness: Witness, log = NEW): void {
  witness.show('read', LATER, log, log.length);
  witness.grow('lastIndex', LATER, log.length);
}

test('G3: an overruled master gives up its end once, if it is none of the log', () => {
  const witness = overruled();
  cutBack(witness);
  witness.judge(NEW);
  expect(witness.wrong).toEqual([]);
  cutBack(witness, [entry(1, 1)]);
  expect(witness.wrong).toEqual([expect.stringContaining('goes back from 2 to 1')]);
});

test('nobody else does, nor it in the epoch in which it was master', () => {
  const other = overruled(false);
  cutBack(other);
  expect(other.wrong).not.toEqual([]);
  const same = new Witness();
  same.overrule('n1', 2, 2);
  same.show('read', LATER, OLD, 3);
  cutBack(same);
  expect(same.wrong).not.toEqual([]);
});

test('what is in the log in the end was not to be given up, nor what is of the new epoch', () => {
  const back = overruled();
  cutBack(back, [entry(1, 1)]);
  back.judge([entry(1, 1), entry(2, 1), entry(3, 2)]);
  expect(back.wrong).toEqual([expect.stringContaining('"index":2')]);
  const late = overruled();
  cutBack(late, [...OLD, entry(4, 2)]);
  cutBack(late);
  expect(late.wrong).not.toEqual([]);
});

test('what was on a majority stays, be it shown before or after the end was given up', () => {
  const before = overruled();
  before.promise('read', [entry(2, 1)]);
  cutBack(before);
  before.judge(NEW);
  expect(before.wrong).not.toEqual([]);
  const after = overruled();
  cutBack(after);
  after.promise('read', [entry(2, 1)]);
  after.judge(NEW);
  expect(after.wrong).not.toEqual([]);
});

test('a key that goes back may have lost its value, but not one that stays', () => {
  const witness = overruled();
  const grow = (index: number, value: string): void =>
    witness.grow('index of k', LATER, index, { index, key: 'k', value });
  grow(3, 'lost');
  grow(1, 'first');
  witness.judge([{ index: 1, epoch: 1, at: AT, op: 'put', key: 'k', value: 'first' }]);
  expect(witness.wrong).toEqual([]);
  const put = { epoch: 1, at: AT, op: 'put' as const, key: 'k', value: 'lost' };
  witness.judge([entry(1, 1), entry(2, 1), { index: 3, ...put }]);
  expect(witness.wrong).toHaveLength(1);
});

// What one life of a node has shown.

import { expect, test } from 'vitest';
import type { LogRecord } from '../../../src/check/history/history.ts';
import { Shown } from '../../../src/check/log/shown.ts';

/** It has shown index 1 of epoch 1 at moment 5, and index 2 of epoch 2 at moment 10. */
function shown(): Shown {
  const life = new Shown('a');
  life.set(1, 1, 5, 1);
  life.set(2, 2, 10, 2);
  return life;
}

const page = (call: number, epoch: number): LogRecord => {
  const entries = [{ index: 1, epoch, operation: { op: 'append', message: 'm' } }];
  return { call, entries } as unknown as LogRecord;
};

test('a page of an earlier epoch is outdated if asked for before the later one was seen', () => {
  expect([9, 10, 11].map((call) => shown().isOutdated(page(call, 1)))).toEqual([true, true, false]);
  expect(shown().isOutdated(page(9, 2))).toBe(false);
});

test('what is cut off was never shown', () => {
  const life = shown();
  for (const frontier of [life.ends, life.settled]) frontier.reach(10, 2, 2);
  life.cut(1);
  expect([life.entries.at(1)?.epoch, life.entries.at(2)]).toEqual([1, undefined]);
  expect(life.lastEpoch).toBe(1);
  expect([life.ends.at(99).index, life.settled.at(99).index]).toEqual([0, 0]);
});

test('an operation on a key is known since it was first shown, and the last one counts', () => {
  const life = shown();
  const look = (index: number, moment: number): void =>
    life.look(life.keys, 'k', { index, moment, place: moment });
  look(3, 20);
  look(3, 30);
  look(2, 40);
  expect(life.keys.get('k')).toEqual({ index: 3, moment: 20, place: 20 });
  look(4, 50);
  expect(life.keys.get('k')).toMatchObject({ index: 4, moment: 50 });
  // What was shown before its latest epoch may have gone.
  life.set(3, 3, 60, 60);
  look(1, 70);
  expect(life.keys.get('k')).toMatchObject({ index: 1, moment: 70 });
});

// The simulator's own look at the segments on a disk.

import { expect, test } from 'vitest';
import { logOn } from '../../../src/sim/disk/disk-log.ts';
import { firstOf, flip, segmentsOf } from '../../persistence/flipped-segment.ts';
import { written } from '../../persistence/folded-log.ts';
import { Machine, SMALL } from '../../persistence/machine.ts';
import { plain } from '../../persistence/request-runs.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** A log of several segments; `damaged`: in which of them a bit has turned over. */
async function look(...damaged: readonly number[]) {
  const machine = new Machine(SMALL);
  const { log } = await written(machine, plain(60));
  const { lastIndex } = log;
  await log.close();
  const names = segmentsOf(machine);
  for (const place of damaged) flip(machine, names.at(place)!);
  const { entries, unreadable } = logOn(machine.disk, lastIndex);
  const firsts = [...names.map((name): number => firstOf(name)), lastIndex + 1];
  return { indexes: entries.map(({ index }): number => index), unreadable, firsts, lastIndex };
}

test('all of a whole log is there', async () => {
  const { firsts, indexes, lastIndex, unreadable } = await look();
  expect(firsts.length).toBeGreaterThan(4);
  expect(indexes).toEqual(range(1, lastIndex));
  expect(unreadable).toEqual([]);
});

test('what stands behind damage is unreadable up to the end of its segment', async () => {
  const { firsts, indexes, lastIndex, unreadable } = await look(1, -1);
  expect(unreadable).toHaveLength(2);
  const [middle, end] = unreadable;
  expect(middle!.from).toBeGreaterThanOrEqual(firsts[1]!);
  expect(middle!.to).toBe(firsts[2]! - 1);
  expect(end!.from).toBeGreaterThanOrEqual(firsts.at(-2)!);
  expect(end!.to).toBe(lastIndex);
  expect(indexes).toEqual([...range(1, middle!.from - 1), ...range(middle!.to + 1, end!.from - 1)]);
});

import { afterEach, expect, test } from 'vitest';
import { LongWork, TURN_WEIGHT } from '../../src/node/long-work.ts';
import { mostInOne, TurnCounter } from './turn-counter.ts';

let counter = new TurnCounter();
afterEach(() => counter.stop());

/** Adds work of these weights at once; resolves with the turn in which each was done. */
async function turnsOf(weights: readonly number[]): Promise<{ order: number[]; turns: number[] }> {
  counter.stop();
  counter = new TurnCounter();
  const long = new LongWork();
  const order: number[] = [];
  const turns: number[] = [];
  const all = weights.map(async (weight, n) => {
    await long.turn(weight);
    order.push(n);
    turns.push(counter.count);
  });
  expect(turns).toEqual([]);
  await Promise.all(all);
  return { order, turns };
}

test('one long piece is done in a turn, in the order of asking, and some turns rest', async () => {
  const { order, turns } = await turnsOf([TURN_WEIGHT, TURN_WEIGHT * 64, 1, TURN_WEIGHT]);
  expect(order).toEqual([0, 1, 2, 3]);
  const gaps = turns.slice(1).map((turn, n) => turn - turns[n]!);
  for (const gap of gaps) expect(gap).toBeGreaterThan(3);
});

test('small pieces are done together, up to what one turn is for', async () => {
  const { turns } = await turnsOf(Array.from({ length: 40 }, () => TURN_WEIGHT / 8));
  expect(mostInOne(turns)).toBe(8);
  expect(new Set(turns).size).toBe(5);
});

test('what comes while it rests waits, and what comes later does not', async () => {
  const { turns } = await turnsOf([]);
  const long = new LongWork();
  for (let n = 0; n < 3; n += 1) {
    await long.turn(TURN_WEIGHT);
    turns.push(counter.count);
  }
  expect(new Set(turns).size).toBe(3);
  expect(turns[2]! - turns[0]!).toBeGreaterThan(6);
});

import { expect, test } from 'vitest';
import { Frontier } from '../../../src/check/log/frontier.ts';

test('what was reached before a moment counts, what was reached in it may have come later', () => {
  const frontier = new Frontier();
  frontier.reach(10, 3, 1);
  frontier.reach(20, 3, 2);
  frontier.reach(30, 5, 3);
  expect(frontier.at(10)).toEqual({ index: 0, place: 0 });
  expect(frontier.at(30)).toEqual({ index: 3, place: 1 });
  expect(frontier.at(31)).toEqual({ index: 5, place: 3 });
});

test('what ended later by the recorder’s clock is not known before what it rests on', () => {
  const frontier = new Frontier();
  frontier.reach(10, 3, 1);
  frontier.reach(8, 4, 2);
  expect(frontier.at(9).index).toBe(0);
  expect(frontier.at(11)).toEqual({ index: 4, place: 2 });
});

test('since when an index is reached: since the first moment at which it, or more, was', () => {
  const frontier = new Frontier();
  frontier.reach(10, 3, 1);
  frontier.reach(30, 5, 3);
  expect([1, 3, 4, 5].map((index) => frontier.since(index)?.moment)).toEqual([10, 10, 30, 30]);
  expect(frontier.since(4)).toEqual({ moment: 30, place: 3 });
  expect(frontier.since(6)).toBeNull();
});

test('nothing above a cap counts any more, and what is at it does', () => {
  const frontier = new Frontier();
  for (const index of [3, 4, 5]) frontier.reach(index, index, index);
  frontier.cap(4);
  expect(frontier.at(99)).toEqual({ index: 4, place: 4 });
  frontier.reach(6, 5, 6);
  expect(frontier.at(99)).toEqual({ index: 5, place: 6 });
});

test('only the latest rises are kept, each with its record', () => {
  const frontier = new Frontier();
  for (let n = 1; n <= 20_001; n += 1) frontier.reach(n, n, 2 * n);
  expect(frontier.at(10_000)).toEqual({ index: 0, place: 0 });
  expect(frontier.at(15_000)).toEqual({ index: 14_999, place: 29_998 });
  expect(frontier.at(99_999)).toEqual({ index: 20_001, place: 40_002 });
});

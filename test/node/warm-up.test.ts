// What a node loads beside its work waits until nobody waits for the node.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Activity, warmUp } from '../../src/node/warm-up.ts';

let loaded: string[];
let activity: Activity;
let giveUp: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  loaded = [];
  activity = { lastIndex: 0, waiting: 0 };
  giveUp = warmUp(() => activity, [() => loaded.push('first'), () => loaded.push('second')]);
});

afterEach(() => {
  giveUp();
  vi.useRealTimers();
});

test('one after the other, from one second on', async () => {
  await vi.advanceTimersByTimeAsync(999);
  expect(loaded).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(loaded).toEqual(['first']);
  await vi.advanceTimersByTimeAsync(500);
  expect(loaded).toEqual(['first', 'second']);
  expect(vi.getTimerCount()).toBe(0);
});

test('not while clients wait', async () => {
  activity = { lastIndex: 0, waiting: 1 };
  await vi.advanceTimersByTimeAsync(5_000);
  expect(loaded).toEqual([]);
  activity = { lastIndex: 0, waiting: 0 };
  await vi.advanceTimersByTimeAsync(1_000);
  expect(loaded).toEqual(['first', 'second']);
});

test('not while anything is appended', async () => {
  for (let lastIndex = 1; lastIndex <= 20; lastIndex += 1) {
    activity = { lastIndex };
    await vi.advanceTimersByTimeAsync(499);
  }
  expect(loaded).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(loaded).toEqual(['first', 'second']);
});

test('not any more, when it is given up', async () => {
  giveUp();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(loaded).toEqual([]);
});

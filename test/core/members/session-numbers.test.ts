import { expect, test } from 'vitest';
import { EPOCH_MAX, epoch, session } from '../../../src/core/ids.ts';
import { SessionNumbers } from '../../../src/core/members/session-numbers.ts';

const BORN_MS = 1_700_000_000_000;

test('a later epoch, and a later life in the same epoch, number above all before', () => {
  const first = new SessionNumbers(epoch(1), BORN_MS);
  const used = Array.from({ length: 900 }, () => first.next());
  expect(new Set(used).size).toBe(900);
  const last = used.at(-1)!;
  expect(new SessionNumbers(epoch(1), BORN_MS + 1_000).next()).toBeGreaterThan(last);
  expect(new SessionNumbers(epoch(2), BORN_MS).next()).toBeGreaterThan(last);
});

test('a later epoch numbers above all before, though the clock was set back by weeks', () => {
  const last = new SessionNumbers(epoch(1), BORN_MS).next();
  for (const days of [1, 30]) {
    const earlierMs = BORN_MS - days * 86_400_000;
    expect(new SessionNumbers(epoch(2), earlierMs).next()).toBeGreaterThan(last);
  }
});

test('they grow, and are integers, in whatever epoch', () => {
  for (const each of [2 ** 20 - 1, 2 ** 20, 2 ** 32 - 1, EPOCH_MAX]) {
    const numbers = new SessionNumbers(epoch(each), BORN_MS);
    const first = numbers.next();
    expect([numbers.next(), Number.isSafeInteger(first)]).toEqual([first + 1, true]);
  }
});

test('what a secondary knows is passed, unless nothing would be left above it', () => {
  const numbers = new SessionNumbers(epoch(1), 0);
  const first = numbers.next();
  numbers.passes(session(first + 41));
  expect(numbers.next()).toBe(first + 42);
  numbers.passes(session(3));
  expect(numbers.next()).toBe(first + 43);
  numbers.passes(session(2 ** 53 - 1));
  expect(numbers.next()).toBe(first + 44);
});

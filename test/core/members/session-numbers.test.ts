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

test('they grow, and are integers, in whatever epoch', () => {
  for (const each of [2 ** 32 - 1, 2 ** 32, EPOCH_MAX]) {
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

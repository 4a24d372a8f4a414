// When a node asks its arbiter again, and what it says of its master then.

import { expect, test } from 'vitest';
import { Silence } from '../../../src/core/arbiter/silence.ts';
import { epoch } from '../../../src/core/ids.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';

const FIRST = epoch(1);
const SECOND = epoch(2);

/** One that the arbiter has answered at 100, and that has heard its master last at 1,000. */
function silence(failover: boolean): Silence {
  const answered = new Silence(DEFAULT_OPTIONS);
  answered.told(failover);
  answered.answered(undefined, 100);
  return answered;
}

test.each([
  [true, 500],
  [false, 5_000],
])('with failover %s it asks after 5 s of silence, and then every %i ms', (failover, pauseMs) => {
  const asking = silence(failover);
  expect(asking.asksAt(1_000)).toBe(6_000);
  asking.answered(failover ? true : undefined, 6_010);
  expect(asking.asksAt(1_000)).toBe(6_010 + pauseMs);
  expect(asking.asksAt(null)).toBe(Number.POSITIVE_INFINITY);
});

test('it says that the master is silent after 5 s, and until it is answered that it is not', () => {
  const telling = silence(true);
  expect(telling.reports(1_000, FIRST, 5_999)).toBeUndefined();
  expect(telling.doubts(FIRST)).toBe(false);
  expect(telling.reports(1_000, FIRST, 6_000)).toBe(true);
  telling.answered(true, 6_010);
  expect(telling.doubts(FIRST)).toBe(true);
  // It is heard again.
  expect(telling.reports(6_200, FIRST, 6_300)).toBe(false);
  expect(telling.doubts(FIRST)).toBe(true);
  telling.answered(false, 6_310);
  expect(telling.doubts(FIRST)).toBe(false);
  expect(telling.reports(6_200, FIRST, 6_400)).toBeUndefined();
});

test('of the next master nothing was said, whatever was said of the one before', () => {
  const telling = silence(true);
  expect(telling.reports(1_000, FIRST, 6_000)).toBe(true);
  expect(telling.doubts(SECOND)).toBe(false);
  expect(telling.reports(6_100, SECOND, 6_200)).toBeUndefined();
});

test('nothing is said where nobody is replaced', () => {
  expect(silence(false).reports(1_000, FIRST, 60_000)).toBeUndefined();
});

test('it doubts every master before the arbiter has answered it for the first time', () => {
  const begun = new Silence(DEFAULT_OPTIONS);
  expect(begun.doubts(FIRST)).toBe(true);
  // But it has nothing to take back.
  expect(begun.retracts(FIRST)).toBe(false);
  expect(begun.reports(1_000, FIRST, 1_100)).toBeUndefined();
  begun.answered(undefined, 1_200);
  expect(begun.doubts(FIRST)).toBe(false);
});

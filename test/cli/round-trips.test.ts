import { expect, test } from 'vitest';
import { RoundTrips } from '../../src/cli/round-trips.ts';

test('a million round trips are told of like one', () => {
  const trips = new RoundTrips();
  for (const ms of [4, 1, 7]) trips.add(ms);
  expect([trips.count, trips.spans]).toEqual([3, { minMs: 1, avgMs: 4, maxMs: 7 }]);
  for (let n = 3; n < 1_000_000; n += 1) trips.add(4);
  expect([trips.count, trips.spans]).toEqual([1_000_000, { minMs: 1, avgMs: 4, maxMs: 7 }]);
});

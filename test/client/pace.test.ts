import { expect, test } from 'vitest';
import { gapAfter, REAL_PACE } from '../../src/client/pace.ts';

test('gaps grow up to the longest one, each half of the schedule’s to all of it', () => {
  const gaps = (random: number) => [1, 2, 6, 7, 100].map((tries) => gapAfter(tries, () => random));
  expect(gaps(0)).toEqual([25, 50, 800, 800, 800]);
  expect(gaps(1)).toEqual([50, 100, 1_600, 1_600, 1_600]);
});

test('a pause ends as the signal aborts, at once if it has', async () => {
  const controller = new AbortController();
  const pause = REAL_PACE.pause(86_400_000, controller.signal);
  controller.abort();
  await pause;
  await REAL_PACE.pause(86_400_000, controller.signal);
});

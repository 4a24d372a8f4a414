import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/node/clock.ts';
import { realClock } from '../../src/node/runtime/event-queue.ts';

const pass = (ms: number): void => {
  for (const until = performance.now() + ms; performance.now() < until; );
};

test('all that is read in one turn of the event loop came when the first of it did', async () => {
  const clock = systemClock();
  const first = clock.arrivalMs();
  expect(Math.abs(first - clock.monotonicMs())).toBeLessThan(100);
  pass(5);
  await Promise.resolve();
  expect(clock.arrivalMs()).toBe(first);
  await turn();
  expect(clock.arrivalMs()).toBeGreaterThanOrEqual(first + 5);
});

test('what is read behind more than can be ready at once may have come later', () => {
  const clock = systemClock();
  const first = clock.arrivalMs();
  pass(5);
  const times = new Set(Array.from({ length: 1_000 }, () => clock.arrivalMs()));
  expect(times.size).toBe(2);
  expect(Math.max(...times)).toBeGreaterThanOrEqual(first + 5);
});

test('a moment is told as the same time of the day, however often somebody asks', () => {
  const clock = systemClock();
  const moment = clock.monotonicMs();
  const told = new Set<number>();
  for (let i = 0; i < 30; i += 1) {
    told.add(clock.wallMs(moment));
    pass(0.3);
  }
  expect(told.size).toBe(1);
  expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(50);
});

test('the time of the day follows a clock that was set', () => {
  const clock = systemClock();
  const later = Date.now() + 3_600_000;
  const set = vi.spyOn(Date, 'now').mockReturnValue(later);
  expect(Math.abs(clock.wallMs() - later)).toBeLessThan(1_000);
  set.mockRestore();
});

test('B53: only the time of the day follows a clock that leaps', async () => {
  const clock = systemClock();
  let leap = 3_600_000;
  const real = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => {
    leap = -leap;
    return real() + leap;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  for (const read of [realClock.now, clock.monotonicMs, clock.arrivalMs]) {
    const began = performance.now();
    for (let i = 0; i < 4; i += 1) {
      expect(read()).toBeGreaterThanOrEqual(began);
      expect(read()).toBeLessThanOrEqual(performance.now());
      await turn();
    }
  }
});

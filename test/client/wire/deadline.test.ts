import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deadline } from '../../../src/client/wire/deadline.ts';
import { Departures } from '../../../src/client/wire/departures.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('aborts when time is up, and says so', () => {
  const limit = deadline(100, new AbortController().signal, new Departures());
  vi.advanceTimersByTime(99);
  expect([limit.signal?.aborted, limit.expired()]).toEqual([false, false]);
  vi.advanceTimersByTime(1);
  expect([limit.signal?.aborted, limit.expired()]).toEqual([true, true]);
  expect(limit.signal?.reason).toMatchObject({ name: 'TimeoutError' });
});

test('aborts with the caller, who comes first even if time is up after that', () => {
  const caller = new AbortController();
  const limit = deadline(100, caller.signal, new Departures());
  caller.abort('enough');
  vi.advanceTimersByTime(100);
  expect([limit.signal?.reason, limit.expired()]).toEqual(['enough', false]);
});

test('is aborted from the start if the caller has gone', () => {
  const limit = deadline(100, AbortSignal.abort('enough'), new Departures());
  expect(limit.signal?.reason).toBe('enough');
});

test('without a clock any more, it is still aborted by the caller', () => {
  const caller = new AbortController();
  const limit = deadline(100, caller.signal, new Departures());
  limit.stopClock();
  vi.advanceTimersByTime(1_000);
  expect(limit.signal?.aborted).toBe(false);
  caller.abort('enough');
  expect(limit.signal?.reason).toBe('enough');
});

test.each([2 ** 31, Number.POSITIVE_INFINITY])('%d ms are no limit, and not a short one', (ms) => {
  const caller = new AbortController();
  const limit = deadline(ms, caller.signal, new Departures());
  expect([limit.signal, vi.getTimerCount()]).toEqual([caller.signal, 0]);
});

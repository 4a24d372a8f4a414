import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../../src/check/history/history.ts';
import { FinalLog } from '../../../src/check/log/final-logs.ts';

/** A page of a log of so many entries; each entry's content is its index. */
function take(log: FinalLog, from: number, to: number, lastIndex: number, epoch = 1): void {
  const indexes = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const operation = { op: 'append', message: '' } as const;
  const entries = indexes.map((index) => ({ index, epoch, operation }));
  const times = { call: 1, return: 2, commitIndex: lastIndex };
  const about = { type: 'log', client: 'c', node: 'n1', life: 'a', read: 'local' } as const;
  log.take({ ...about, ...times, from, to, lastIndex, entries } as LogRecord, indexes, 7);
}

describe('a log is whole', () => {
  /** Pages of a log of five entries. */
  const whole = (...pages: readonly (readonly [from: number, to: number])[]): boolean => {
    const log = new FinalLog('n1');
    for (const [from, to] of pages) take(log, from, to, 5);
    return log.whole;
  };

  test('if its pages leave nothing out', () => {
    expect(whole([1, 5])).toBe(true);
    expect(whole([1, 3], [4, 5])).toBe(true);
    expect(whole([1, 3], [2, 2], [4, 5])).toBe(true);
    expect(whole([1, 3])).toBe(false);
    expect(whole([1, 2], [4, 5])).toBe(false);
    expect(whole([1, 3], [1, 1], [4, 5])).toBe(false);
  });

  test('if its end stood still, since it was read from the start', () => {
    const log = new FinalLog('n1');
    take(log, 1, 2, 4);
    take(log, 3, 5, 5);
    expect([log.moved, log.whole]).toEqual([true, false]);
    take(log, 1, 5, 5);
    expect([log.moved, log.whole]).toEqual([false, true]);
  });
});

test('a log that is read anew has nothing of what it was', () => {
  const log = new FinalLog('n1');
  take(log, 1, 5, 5);
  take(log, 1, 2, 2, 2);
  expect([...log.contents.entries()].map(([index]) => index)).toEqual([1, 2]);
  expect([...log.epochs.entries()].map(([, epoch]) => epoch)).toEqual([2, 2]);
  expect(log.lastIndex).toBe(2);
});

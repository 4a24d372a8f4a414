import { describe, expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { InvariantViolated } from '../../../src/core/invariant.ts';
import { Log } from '../../../src/core/log/log.ts';

/** A log whose entries 1, 2, … have these epochs. */
function logOf(...epochs: number[]): Log {
  const log = new Log(logIndex(0), []);
  epochs.forEach((of, i) => {
    log.appended(logIndex(i + 1), epoch(of));
  });
  return log;
}

describe('Log', () => {
  test('remembers only where epochs begin', () => {
    const log = logOf(1, 1, 3, 3, 3, 4);
    expect(log.epochs).toEqual([
      { epoch: 1, first: 1 },
      { epoch: 3, first: 3 },
      { epoch: 4, first: 6 },
    ]);
    const epochs = [0, 1, 2, 3, 4, 5, 6].map((index) => log.epochAt(logIndex(index)));
    expect(epochs).toEqual([0, 1, 1, 3, 3, 3, 4]);
    expect(log.lastEpoch).toBe(4);
  });

  test('C22: where an epoch ends, also one that has no entry here', () => {
    const log = logOf(1, 1, 3, 3, 3, 4);
    const ends = [0, 1, 2, 3, 4, 5].map((of) => log.endOf(epoch(of)));
    expect(ends).toEqual([0, 2, 2, 5, 6, 6]);
    expect(logOf().endOf(epoch(1))).toBe(0);
  });

  test('C2: epochs never fall along the log', () => {
    expect(() => logOf(2, 1)).toThrow(InvariantViolated);
  });

  test('C1: an index is given once', () => {
    const log = logOf(1, 1);
    expect(() => log.appended(logIndex(2), epoch(1))).toThrow(InvariantViolated);
  });

  test('an entry may come later where all between is superseded', () => {
    const log = logOf(1);
    log.appended(logIndex(5), epoch(2));
    expect(log.lastIndex).toBe(5);
    expect(log.epochAt(logIndex(3))).toBe(1);
  });

  test('the commit index only rises, and not beyond the log', () => {
    const log = logOf(1, 1, 1);
    expect(log.commit(logIndex(2))).toBe(true);
    expect(log.commit(logIndex(1))).toBe(false);
    expect(log.commitIndex).toBe(2);
    expect(log.commit(logIndex(99))).toBe(true);
    expect(log.commitIndex).toBe(3);
    expect(log.commit(logIndex(99))).toBe(false);
  });

  test.each([
    { after: 4, last: 4, lastEpoch: 3, commit: 4 },
    { after: 3, last: 3, lastEpoch: 3, commit: 3 },
    { after: 2, last: 2, lastEpoch: 1, commit: 2 },
    { after: 0, last: 0, lastEpoch: 0, commit: 0 },
  ])('cut off after $after', ({ after, last, lastEpoch, commit }) => {
    const log = logOf(1, 1, 3, 3);
    log.commit(logIndex(4));
    log.truncated(logIndex(after));
    expect(log.lastIndex).toBe(last);
    expect(log.lastEpoch).toBe(lastEpoch);
    expect(log.commitIndex).toBe(commit);
    log.appended(logIndex(after + 1), epoch(9));
    expect(log.epochAt(logIndex(after + 1))).toBe(9);
  });

  test('what does not exist cannot be cut off', () => {
    expect(() => logOf(1).truncated(logIndex(2))).toThrow(InvariantViolated);
  });
});

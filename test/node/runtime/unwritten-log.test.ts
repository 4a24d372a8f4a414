import { expect, test } from 'vitest';
import { UnwrittenLog } from '../../../src/node/runtime/unwritten-log.ts';
import { StorageFailure } from '../../../src/persistence/persistence.ts';

test('a log that cannot be written for a second is told of, once each time', () => {
  const told: string[] = [];
  const log = new UnwrittenLog(({ message }) => told.push(message));
  const fails = (error: string, now: number): void => {
    log.failed(new StorageFailure(error, false), now);
  };
  fails('first', 100);
  fails('0.9 s later', 1_000);
  expect(told).toEqual([]);
  log.worked();
  // What failed before it worked does not count.
  fails('again', 1_100);
  expect(told).toEqual([]);
  fails('for a second', 2_100);
  fails('still', 9_000);
  expect(told).toEqual(['for a second']);
  log.worked();
  fails('another time', 10_000);
  fails('another second', 11_000);
  expect(told).toEqual(['for a second', 'another second']);
});

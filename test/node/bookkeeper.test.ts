import { expect, test } from 'vitest';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { Bookkeeper } from '../../src/node/bookkeeper.ts';
import { realClock } from '../../src/node/event-queue.ts';
import { StorageFailure } from '../../src/persistence/persistence.ts';

test('a disk that fails is named once, and again when it fails after it has worked', async () => {
  const fails = [true, true, true, false, true, false];
  const told: string[] = [];
  let done: (id: number) => void = () => {};
  const bookkeeper = new Bookkeeper({
    remember: async () => {
      if (fails.shift() === true) throw new StorageFailure('no space left on device', true);
    },
    clock: {
      ...realClock,
      after: (_ms, run) => {
        setImmediate(run);
        return () => {};
      },
    },
    remembered: (id) => done(id),
    unwritten: ({ message }) => told.push(message),
    broken: (error) => expect(error).toBeUndefined(),
  });
  const written = (id: number) =>
    new Promise<number>((resolve) => {
      done = resolve;
      bookkeeper.remember(id, BLANK_MEMORY);
    });
  expect(await written(1)).toBe(1);
  expect(told).toEqual(['no space left on device']);
  expect(await written(2)).toBe(2);
  expect(told).toHaveLength(2);
});

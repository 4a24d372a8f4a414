import { expect, test } from 'vitest';
import { BLANK_MEMORY } from '../../../src/core/effects.ts';
import { epoch } from '../../../src/core/ids.ts';
import { Bookkeeper } from '../../../src/persistence/bookkeeping/bookkeeper.ts';
import { StorageFailure } from '../../../src/persistence/persistence.ts';

test('a disk that fails is named once, and again when it fails after it has worked', async () => {
  const fails = [true, true, true, false, true, false];
  const told: string[] = [];
  let done: (id: number) => void = () => {};
  const bookkeeper = new Bookkeeper({
    remember: async () => {
      if (fails.shift() === true) throw new StorageFailure('no space left on device', true);
    },
    after: (_ms, run) => setImmediate(run),
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

test('of two that failed the newer one is written again, and stands for both', async () => {
  const written: number[] = [];
  const retries: (() => void)[] = [];
  let fails = true;
  const bookkeeper = new Bookkeeper({
    remember: async ({ epoch }) => {
      written.push(epoch);
      if (fails) throw new StorageFailure('no answer', false);
    },
    after: (_ms, run) => retries.push(run),
    remembered: (id) => written.push(-id),
    unwritten: () => {},
    broken: (error) => expect(error).toBeUndefined(),
  });
  for (const n of [1, 2]) bookkeeper.remember(n, { ...BLANK_MEMORY, epoch: epoch(n) });
  await expect.poll(() => retries.length).toBe(2);
  fails = false;
  for (const run of retries) run();
  await expect.poll(() => written).toEqual([1, 2, 2, -2]);
});

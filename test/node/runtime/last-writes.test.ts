// What is still written when a node ends, and how long it waits for that.

import { expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { lastWrites } from '../../../src/node/runtime/last-writes.ts';
import { StorageFailure } from '../../../src/persistence/persistence.ts';

/** A disk with five entries to write, and a clock that is moved by `pass`. */
function ending(persist: () => Promise<void>) {
  const asked: [id: number, upTo: number][] = [];
  const timers = new Set<() => void>();
  const log = {
    lastIndex: logIndex(5),
    persist: (id: number, upTo: number) => {
      asked.push([id, upTo]);
      return persist();
    },
  };
  const after = (_: number, run: () => void) => {
    timers.add(run);
    return () => timers.delete(run);
  };
  const pass = () => {
    for (const run of timers) run();
  };
  const failures: unknown[] = [];
  const done = lastWrites(log, { after }, (error) => failures.push(error));
  return { done, asked, timers, pass, failures };
}

test('all that was appended is written, and then no timer is left', async () => {
  const { done, asked, timers, failures } = ending(async () => undefined);
  await done;
  expect(failures).toEqual([]);
  expect(asked).toEqual([[-1, 5]]);
  expect(timers.size).toBe(0);
});

test('a disk that fails ends it, which is told', async () => {
  const failure = new StorageFailure('no room', true);
  const { done, failures, timers } = ending(() => Promise.reject(failure));
  await expect(done).resolves.toBeUndefined();
  expect(failures).toEqual([failure]);
  expect(timers.size).toBe(0);
});

test('a disk that does not answer is not waited for, which is told', async () => {
  const { done, pass, failures } = ending(() => new Promise(() => undefined));
  pass();
  await expect(done).resolves.toBeUndefined();
  expect(failures).toEqual([expect.objectContaining({ message: 'not written within 500 ms' })]);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bench } from '../../src/bench/bench.ts';
import type { ReplogClient } from '../../src/client/client.ts';
import { OutcomeUnknown } from '../../src/client/errors.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const OPTIONS = { nodes: [], w: 1, size: 1, connections: 1, batch: 1, rate: null } as const;

/** A client whose requests are answered after 10 ms; those that `isStuck` names, never. */
function clientWith(isStuck: (request: number) => boolean): ReplogClient {
  let requests = 0;
  const append = (_message: string, { signal }: { signal: AbortSignal }): Promise<void> => {
    requests += 1;
    const key = `key-${requests}`;
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const abort = () => reject(new OutcomeUnknown(key, signal.reason));
      signal.addEventListener('abort', abort);
      if (isStuck(requests)) return;
      setTimeout(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      }, 10);
    });
  };
  return { append } as unknown as ReplogClient;
}

test('what the warm-up gives up spoils no measurement', async () => {
  const client = clientWith((request) => request === 1);
  const options = { ...OPTIONS, client, seconds: 1, warmUpSeconds: 0.1 };
  const running = bench(options, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await running).toMatchObject({ messages: 100, failed: 0, errors: {} });
});

test('what fails in the same way is counted together, whatever its key', async () => {
  const client = clientWith((request) => request > 10);
  const options = { ...OPTIONS, client, connections: 3, seconds: 1, warmUpSeconds: 0.01 };
  const running = bench(options, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(10_000);
  const errors = { 'outcome unknown: unanswered at the end': 3 };
  expect(await running).toMatchObject({ failed: 3, errors });
});

import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { ReplogClient } from '../../src/client/client.ts';
import { gapAfter, REAL_PACE, sharedPace } from '../../src/client/pace.ts';
import { Departures } from '../../src/client/wire/departures.ts';
import { sendProblem, startStub } from './stub-server.ts';

test('gaps grow up to the longest one, each half of the schedule’s to all of it', () => {
  const gaps = (random: number) => [1, 2, 6, 7, 100].map((tries) => gapAfter(tries, () => random));
  expect(gaps(0)).toEqual([25, 50, 800, 800, 800]);
  expect(gaps(1)).toEqual([50, 100, 1_600, 1_600, 1_600]);
});

test.each([
  ['of its own', REAL_PACE],
  ['that is shared', sharedPace(new Departures())],
])('a pause ends as a signal %s aborts, at once if it has', async (_, pace) => {
  const controller = new AbortController();
  const pause = pace.pause(86_400_000, controller.signal);
  controller.abort();
  await pause;
  await pace.pause(86_400_000, controller.signal);
});

test('writes that pause at the same time listen once to a signal that they share', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 503, 'no-master'));
  const controller = new AbortController();
  const { signal } = controller;
  const client = new ReplogClient({ url: stub.url });
  const written = Array.from({ length: 20 }, (_, i) => client.put(`k${i}`, 'v', { signal }));
  const ended = Promise.allSettled(written);
  await stub.arrived(21);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort(new Error('enough'));
  for (const { status } of await ended) expect(status).toBe('rejected');
  await expect.poll(() => getEventListeners(signal, 'abort')).toEqual([]);
});

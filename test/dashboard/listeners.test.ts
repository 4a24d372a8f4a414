// Node warns of a signal to which more than ten listen; where that many wait on purpose it is no
// leak, and the warning would stand on the screen that the dashboard leaves behind.

import { afterEach, expect, test, vi } from 'vitest';
import { ReplogClient } from '../../src/client/client.ts';
import { Load } from '../../src/dashboard/cluster/load.ts';
import { Performer } from '../../src/dashboard/cluster/performer.ts';
import { Store } from '../../src/dashboard/store.ts';
import { STATES, stepsOf, urlOf } from './recorded.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const unanswering = (url: string): ReplogClient => {
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { signal } = input instanceof Request ? input : new Request(input, init);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  };
  return new ReplogClient({ url, fetch, retryForMs: 0 });
};

async function warningsOf(act: () => Promise<void> | void): Promise<string[]> {
  const warnings: string[] = [];
  const warned = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', warned);
  await act();
  // Warnings are told in the next turn.
  await new Promise(setImmediate);
  process.off('warning', warned);
  return warnings;
}

/** A load whose appends all wait, each sent by a client of its own, as the dashboard does it. */
function waitingLoad() {
  const append = vi.spyOn(ReplogClient.prototype, 'append');
  const load = new Load(() => unanswering(urlOf(0)));
  return { load, append };
}

test('fifty appends of the load that wait are no reason for a warning', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { load, append } = waitingLoad();
  const warnings = await warningsOf(() => {
    load.start();
    vi.advanceTimersByTime(60 * 50);
  });
  expect(append).toHaveBeenCalledTimes(50);
  expect(warnings).toEqual([]);
  load.stop();
  expect(load.on).toBe(false);
});

test('a load that is begun twice is one, and its end gives up what waits', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { load, append } = waitingLoad();
  load.start();
  load.start();
  vi.advanceTimersByTime(10 * 50);
  expect(append.mock.calls.map(([message]) => message)).toEqual(
    Array.from({ length: 10 }, (_, i) => `load ${i + 1}`),
  );
  load.stop();
  const ended = append.mock.results.map(({ value }) => value as Promise<unknown>);
  expect((await Promise.allSettled(ended)).map(({ status }) => status)).toEqual(
    Array.from({ length: 10 }, () => 'rejected'),
  );
  vi.advanceTimersByTime(60 * 50);
  expect(append).toHaveBeenCalledTimes(10);
  // Those that were given up hold no place: it goes on to fifty more.
  load.start();
  vi.advanceTimersByTime(60 * 50);
  expect(append).toHaveBeenCalledTimes(60);
  load.stop();
});

test('twenty messages that wait are none either, and of more one is told', async () => {
  const now = (): number => 60_000;
  const time = (): string => '10:42:07';
  const store = new Store({ control: null, name: 'c', owner: true, now, time });
  for (const [, observation] of stepsOf(STATES.healthy!)) store.report(observation);
  let key = 0;
  const performer = new Performer({
    ...{ client: unanswering, control: null, state: () => store.state, report: store.report },
    ...{ clean: (text: string) => text, now, newKey: () => `k${++key}` },
  });
  const waiting: Promise<void>[] = [];
  const warnings = await warningsOf(() => {
    for (let i = 0; i < 20; i += 1)
      waiting.push(performer.perform({ type: 'append', message: `m${i}`, w: 3 }));
  });
  expect(warnings).toEqual([]);
  await performer.perform({ type: 'append', message: 'one more', w: 3 });
  expect(store.state.own).toHaveLength(20);
  expect(store.state.happenings.map(({ text }) => text)).toEqual(['20 messages wait already']);
  performer.stop();
  await Promise.all(waiting);
  // Whoever leaves is told no failure of what was given up.
  expect(store.state.happenings).toHaveLength(1);
});

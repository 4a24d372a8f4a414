import { describe, expect, it } from 'vitest';
import {
  FlakyPersistence,
  type PersistFault,
  type PersistFaults,
} from '../../../src/persistence/log/flaky-persistence.ts';
import { MemoryPersistence } from '../../../src/persistence/log/memory-persistence.ts';
import { StorageFailure } from '../../../src/persistence/persistence.ts';
import { describePersistence } from '../../contracts/persistence.suite.ts';
import { at, entriesOf } from '../entries.ts';

/** A flaky log of ten entries whose timers and chances are in the test's hand. */
function flaky(faults: PersistFaults, chances: readonly number[] = []) {
  const hits: PersistFault[] = [];
  const timers: { callback: () => void; ms: number }[] = [];
  const draws = [...chances];
  const asked: number[] = [];
  const inner = new MemoryPersistence();
  const persist = inner.persist.bind(inner);
  inner.persist = (id, upTo) => {
    asked.push(id);
    return persist(id, upTo);
  };
  const log = new FlakyPersistence(inner, {
    faults,
    random: () => draws.shift() ?? 0.999,
    setTimer: (callback, ms) => timers.push({ callback, ms }),
    onHit: (fault) => hits.push(fault),
  });
  log.append(entriesOf(1, 10));
  return { log, hits, timers, asked };
}

/** What a promise has come to once everything that is due has happened. */
async function stateOf(promise: Promise<void>): Promise<'open' | 'done' | 'failed'> {
  let state: 'open' | 'done' | 'failed' = 'open';
  promise.then(
    () => {
      state = 'done';
    },
    () => {
      state = 'failed';
    },
  );
  await new Promise((resolve) => setImmediate(resolve));
  return state;
}

describePersistence('FlakyPersistence without faults', {
  open: async () =>
    new FlakyPersistence(new MemoryPersistence(), {
      faults: {},
      random: Math.random,
      setTimer: setTimeout,
    }),
});

describePersistence('FlakyPersistence with faults', {
  open: async () =>
    new FlakyPersistence(new MemoryPersistence(), {
      faults: { fail: 0.3, swallow: 1, delayMs: 1 },
      random: Math.random,
      setTimer: setTimeout,
    }),
});

describe('a fault of persistence', () => {
  it('fail: throws with its probability', async () => {
    const { log, hits } = flaky({ fail: 0.5 }, [0.49, 0.5]);
    await expect(log.persist(1, at(10))).rejects.toBeInstanceOf(StorageFailure);
    await log.persist(1, at(10));
    expect(hits).toEqual(['fail']);
  });

  it('swallow: never answers the first k of every k + 1 requests', async () => {
    const { log, hits } = flaky({ swallow: 2 });
    const states: string[] = [];
    for (let n = 0; n < 6; n += 1) states.push(await stateOf(log.persist(1, at(10))));
    expect(states).toEqual(['open', 'open', 'done', 'open', 'open', 'done']);
    expect(hits).toEqual(['swallow', 'swallow', 'swallow', 'swallow']);
  });

  it('swallow: set again, it loses the next k, whatever was lost before', async () => {
    const { log } = flaky({ swallow: 2 });
    const states = [await stateOf(log.persist(1, at(10)))];
    log.faultsChanged();
    for (let n = 0; n < 3; n += 1) states.push(await stateOf(log.persist(1, at(10))));
    expect(states).toEqual(['open', 'open', 'open', 'done']);
  });

  it('stuck: answers nothing until it is lifted, then everything, each request once', async () => {
    const faults: PersistFaults = { stuck: true };
    const { log, hits, asked } = flaky(faults);
    const copies = [log.persist(1, at(5)), log.persist(1, at(5)), log.persist(2, at(10))];
    expect(copies[0]).toBe(copies[1]);
    expect(await Promise.all(copies.map(stateOf))).toEqual(['open', 'open', 'open']);
    log.faultsChanged();
    expect(asked).toEqual([]);
    delete faults.stuck;
    log.faultsChanged();
    expect(await Promise.all(copies.map(stateOf))).toEqual(['done', 'done', 'done']);
    expect(asked).toEqual([1, 2]);
    expect(hits).toEqual(['stuck', 'stuck', 'stuck']);
  });

  it('stuck: is noticed to be lifted by the next request', async () => {
    const faults: PersistFaults = { stuck: true };
    const { log } = flaky(faults);
    const waited = log.persist(1, at(10));
    faults.stuck = false;
    await log.persist(1, at(10));
    expect(await stateOf(waited)).toBe('done');
  });

  it('delayMs: answers late, each request once', async () => {
    const { log, hits, timers, asked } = flaky({ delayMs: 40 });
    const copies = [log.persist(1, at(10)), log.persist(1, at(10))];
    expect(await stateOf(copies[0]!)).toBe('open');
    expect(timers.map(({ ms }) => ms)).toEqual([40]);
    timers[0]!.callback();
    expect(await Promise.all(copies.map(stateOf))).toEqual(['done', 'done']);
    expect(asked).toEqual([1]);
    expect(hits).toEqual(['delayMs', 'delayMs']);
  });
});

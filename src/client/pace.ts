// Time and chance for the client, given to it so that tests need not wait.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Departures } from './wire/departures.ts';

export interface Pace {
  /** Monotonic, in milliseconds. */
  now(): number;
  /** Resolves after `ms`, or as soon as the signal aborts; the caller looks at the signal. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 ≤ x < 1. */
  random(): number;
}

export const REAL_PACE: Pace = {
  now: () => performance.now(),
  pause: async (ms, signal) => {
    await sleep(ms, undefined, { signal }).catch(() => {
      // Only an abort rejects, and that is what the caller asks the signal about.
    });
  },
  random: Math.random,
};

/** The same for many who share a signal: it is listened to once, however many of them pause. */
export function sharedPace(departures: Departures): Pace {
  const pause: Pace['pause'] = async (ms, signal) => {
    if (signal === undefined) return REAL_PACE.pause(ms);
    const own = new AbortController();
    const forget = departures.on(signal, () => own.abort());
    if (signal.aborted) own.abort();
    await REAL_PACE.pause(ms, own.signal);
    forget();
  };
  return { ...REAL_PACE, pause };
}

// Quick at first (a connection that was closed while idle), then slow enough for a change of
// master.
const GAPS_MS: readonly number[] = [50, 100, 200, 400, 800, 1_600];

/** Gap before try number `tries` + 1 (`tries` ≥ 1), half to one times the schedule's. */
export function gapAfter(tries: number, random: () => number): number {
  const gap = GAPS_MS[Math.min(tries, GAPS_MS.length) - 1]!;
  return gap * (0.5 + 0.5 * random());
}

// Time that passes only while somebody sleeps.

import type { Pace } from '../../src/cluster/start/ready.ts';

export interface VirtualPace {
  readonly pace: Pace;
  /** Nobody waits any more. */
  readonly abort: AbortController;
  /** Milliseconds that have passed. */
  readonly time: () => number;
}

export function virtualPace(): VirtualPace {
  let time = 0;
  const abort = new AbortController();
  const sleep = async (ms: number): Promise<void> => {
    time += ms;
  };
  return { pace: { now: () => time, sleep, signal: abort.signal }, abort, time: () => time };
}

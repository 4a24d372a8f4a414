// A clock that only moves when someone pauses: retries take no real time.

import type { Pace } from '../../src/client/pace.ts';

export function quickPace(): Pace & { readonly pauses: number[] } {
  let nowMs = 0;
  const pauses: number[] = [];
  return {
    now: () => nowMs,
    pause: async (ms) => {
      pauses.push(ms);
      nowMs += ms;
    },
    random: () => 0.5,
    pauses,
  };
}

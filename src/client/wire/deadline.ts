// A signal that aborts when the caller's does or when time is up, and can be taken back. (Node 20
// may collect AbortSignal.timeout inside AbortSignal.any before it fires.)

import type { Departures } from './departures.ts';

export interface Deadline {
  /** undefined: nothing limits this. */
  readonly signal: AbortSignal | undefined;
  /** True once time was up before the caller aborted. */
  expired(): boolean;
  /** Time does not count any more; the caller's signal does. */
  stopClock(): void;
  /** Frees the timer and the listener. */
  dispose(): void;
}

const UNLIMITED: Deadline = {
  signal: undefined,
  expired: () => false,
  stopClock: () => {},
  dispose: () => {},
};

/** A timer for longer than this, 24 days, would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** `ms` undefined, or longer than any program runs: no time limit. */
export function deadline(
  ms: number | undefined,
  caller: AbortSignal | undefined,
  departures: Departures,
): Deadline {
  // A controller of its own costs more than the rest of a gathered append.
  if (ms === undefined || ms > TIMER_MAX_MS) {
    return caller === undefined ? UNLIMITED : { ...UNLIMITED, signal: caller };
  }
  const controller = new AbortController();
  let expired = false;
  const onAbort = () => controller.abort(caller?.reason);
  const forget = caller === undefined ? () => {} : departures.on(caller, onAbort);
  if (caller?.aborted) onAbort();
  const expire = () => {
    expired = !controller.signal.aborted;
    controller.abort(new DOMException(`no answer within ${ms} ms`, 'TimeoutError'));
  };
  const timer = setTimeout(expire, ms);
  return {
    signal: controller.signal,
    expired: () => expired,
    stopClock: () => clearTimeout(timer),
    dispose: () => {
      clearTimeout(timer);
      forget();
    },
  };
}

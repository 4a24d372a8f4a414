// Time as the routes use it: a parameter, so that tests decide what it is.

export interface Clock {
  /** Milliseconds that only ever grow; for spans. */
  monotonicMs(): number;
  /** The same, of what is being read from sockets: all of it was there by then. */
  arrivalMs(): number;
  /** Milliseconds since 1970, for people: now, or at a moment of `monotonicMs`. What it says of a
   * moment stays the same, unless somebody sets the machine's clock. */
  wallMs(at?: number): number;
  /** Wall clock, ISO 8601, UTC, milliseconds. */
  iso(): string;
  /** Calls back after that many milliseconds; returns how to stop that. The timer does not keep
   * the process alive. */
  after(ms: number, callback: () => void): () => void;
}

/** As many connections as a turn of the event loop may find ready at once, and some room: whatever
 * is read behind so many may have come later than those. */
const READY_MAX = 900;

/** When the requests at hand had come. One turn of the event loop finds many connections ready, and
 * a crowd on a cold node is read for a second: its last request came as early as its first. */
function arrivals(): () => number {
  let began: number | null = null;
  let taken = 0;
  const over = (): void => {
    began = null;
  };
  return () => {
    taken += 1;
    if (began !== null && taken <= READY_MAX) return began;
    // Runs when everything that was ready has been read.
    if (began === null) setImmediate(over);
    taken = 1;
    began = performance.now();
    return began;
  };
}

/** Further than this the machine's clock is from where it should be only if it was set. */
const DRIFT_MS = 2;

/** From the monotonic clock to the wall clock. `Date.now()` alone counts whole milliseconds: with
 * it the same moment would be told as another one each time somebody asks. */
function walls(): (at?: number) => number {
  let originMs = performance.timeOrigin;
  return (at) => {
    const now = performance.now();
    const measured = Date.now() - now;
    if (Math.abs(measured - originMs) > DRIFT_MS) originMs = measured;
    return originMs + (at ?? now);
  };
}

/** The clock of the machine. The text of a millisecond is made once, however often it is asked. */
export function systemClock(): Clock {
  let textOf = -1;
  let text = '';
  return {
    monotonicMs: () => performance.now(),
    arrivalMs: arrivals(),
    wallMs: walls(),
    iso: () => {
      const now = Date.now();
      if (now !== textOf) {
        textOf = now;
        text = new Date(now).toISOString();
      }
      return text;
    },
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms).unref();
      return () => clearTimeout(timer);
    },
  };
}

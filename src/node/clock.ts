// Time as the routes use it: a parameter, so that tests decide what it is.

export interface Clock {
  /** Milliseconds that only ever grow; for spans. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for people. */
  wallMs(): number;
  /** Wall clock, ISO 8601, UTC, milliseconds. */
  iso(): string;
  /** Calls back after that many milliseconds; returns how to stop that. The timer does not keep
   * the process alive. */
  after(ms: number, callback: () => void): () => void;
}

/** The clock of the machine. The text of a millisecond is made once, however often it is asked. */
export function systemClock(): Clock {
  let textOf = -1;
  let text = '';
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
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

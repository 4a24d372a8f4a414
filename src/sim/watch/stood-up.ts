// How long a process was up and about, by the gaps between its turns. The rule: a gap that may have
// been a standstill counts by one measure and not by the other, so that who judges by them is never
// too strict.

/** Gaps from here on may be a process that stood still: a heartbeat's gap, and a late timer. */
const MAYBE_MS = 700;

/** Gaps from here on surely are: see `pauseMs` in src/core/options.ts. */
const SURELY_MS = 1_600;

export class StoodUp {
  /** Milliseconds without any standstill, even a likely one. */
  least = 0;
  /** Milliseconds with all but sure standstills. */
  most = 0;
  private at: number;

  constructor(now: number) {
    this.at = now;
  }

  /** Time has passed. Returns whether the process may have stood still since it last did. */
  pass(now: number): boolean {
    const gap = now - this.at;
    this.at = now;
    if (gap < MAYBE_MS) this.least += gap;
    if (gap < SURELY_MS) this.most += gap;
    return gap >= MAYBE_MS;
  }
}

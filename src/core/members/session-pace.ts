// How soon a secondary is offered its next session: one that refuses each of them, or answers as
// another process each time, must not be flooded with them.

import type { Options } from '../options.ts';

export class SessionPace {
  private readonly options: Options;
  /** Sessions refused since something was acknowledged. */
  private refusals = 0;
  /** Other processes that answered, each soon after the one before it. */
  private rejoins = 0;
  private rejoinedAt = Number.NEGATIVE_INFINITY;

  constructor(options: Options) {
    this.options = options;
  }

  /** Milliseconds before the session that follows one that was refused: more each time. */
  refused(): number {
    const { resendGapsMs } = this.options;
    this.refusals += 1;
    return resendGapsMs[Math.min(this.refusals, resendGapsMs.length) - 1]!;
  }

  /** Milliseconds before the session with a process that answers instead of another: none, unless
   * that is so each time (two of them behind one address), and no session lasts. */
  rejoined(now: number): number {
    const { heartbeatIntervalMs } = this.options;
    this.rejoins = now - this.rejoinedAt < 2 * heartbeatIntervalMs ? this.rejoins + 1 : 0;
    this.rejoinedAt = now;
    return this.rejoins > 1 ? heartbeatIntervalMs : 0;
  }

  acknowledged(): void {
    this.refusals = 0;
  }
}

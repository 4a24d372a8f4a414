// Is a member alive? Judged by the age of its last answer, on the monotonic clock given to it.

import type { MemberStatus } from '../effects.ts';
import type { Options } from '../options.ts';

/**
 * Invariants:
 * 1. Suspected only after `suspectedAfterMs` without an answer (or when stalled), Unhealthy only
 *    after `unhealthyAfterMs`; both are much longer than the heartbeat's gap, so jitter is no news.
 * 2. The first answer makes a member Healthy at once, unless it is stalled.
 */
export class FailureDetector {
  private status: MemberStatus = 'Healthy';
  private changedAt: number;
  private heardAt: number;
  private everHeard = false;
  private readonly options: Options;

  /** A new member is given the benefit of the doubt: its silence counts from now. */
  constructor(options: Options, now: number) {
    this.options = options;
    this.heardAt = now;
    this.changedAt = now;
  }

  get current(): MemberStatus {
    return this.status;
  }

  /** When it took its present status. */
  get since(): number {
    return this.changedAt;
  }

  /** When it last answered; null if never. */
  get lastHeard(): number | null {
    return this.everHeard ? this.heardAt : null;
  }

  /** It has not answered for so long that this is news. */
  silent(now: number): boolean {
    return now >= this.heardAt + this.options.suspectedAfterMs;
  }

  /** Returns whether this ended an outage: a silence that was news. */
  heard(now: number): boolean {
    const outage = this.silent(now);
    this.heardAt = now;
    this.everHeard = true;
    return outage;
  }

  /** The judge itself stood still for `gapMs`: silence during that says nothing of the member. */
  excuse(gapMs: number, now: number): void {
    this.heardAt = Math.min(this.heardAt + gapMs, now);
  }

  /** Judges. Returns the status it had before if that has changed, else null. */
  judge(now: number, stalled: boolean): MemberStatus | null {
    const before = this.status;
    const verdict = this.verdict(now, stalled);
    if (verdict === before) return null;
    this.status = verdict;
    this.changedAt = now;
    return before;
  }

  /** When silence alone will change the verdict. */
  deadline(): number {
    if (this.status === 'Unhealthy') return Number.POSITIVE_INFINITY;
    const suspectedAt = this.heardAt + this.options.suspectedAfterMs;
    return this.status === 'Healthy' ? suspectedAt : this.heardAt + this.options.unhealthyAfterMs;
  }

  private verdict(now: number, stalled: boolean): MemberStatus {
    // The same sums as in `deadline`: a difference may be rounded the other way.
    if (now >= this.heardAt + this.options.unhealthyAfterMs) return 'Unhealthy';
    if (this.silent(now) || stalled) return 'Suspected';
    return 'Healthy';
  }
}

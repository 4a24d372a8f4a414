// The master as one of its members: what it says of itself, and whether its own disk still answers.
// The rule: it is judged as they are. It always answers itself, so it is never Unhealthy; but one
// whose disk has confirmed nothing for long, while there is something to confirm, is Suspected.

import type { Context } from '../context.ts';
import { FailureDetector } from '../members/failure-detector.ts';
import type { MemberReport } from '../status.ts';

/** Invariant: it is Suspected exactly if it has been behind for `stalledAfterMs` without a word of
 * its disk. It is alive all the same, and counts for the quorum. */
export class OwnDisk {
  private readonly context: Context;
  private readonly detector: FailureDetector;
  /** Since when something is in the log and not durable; null: nothing is. */
  private behindSince: number | null = null;
  /** Since when nothing was confirmed of that. */
  private silentSince: number | null = null;

  constructor(context: Context, now: number) {
    this.context = context;
    this.detector = new FailureDetector(context.options, now);
  }

  /** Its disk has confirmed something, or the whole process stood still. */
  excuse(): void {
    this.silentSince = null;
  }

  /** Keeps track of how long it has been behind, and judges it, if `judging`. */
  look(now: number, judging: boolean): void {
    if (this.behind) {
      this.behindSince ??= now;
      this.silentSince ??= now;
    } else {
      this.behindSince = null;
      this.silentSince = null;
    }
    if (!judging) return;
    this.detector.heard(now);
    const from = this.detector.judge(now, now >= this.stalledAt());
    if (from === null) return;
    const { outbox, self } = this.context;
    outbox.note({ event: 'status', node: self.node, from, to: this.detector.current });
  }

  /** When silence will change the verdict. */
  deadline(): number {
    return this.detector.current === 'Healthy' ? this.stalledAt() : Number.POSITIVE_INFINITY;
  }

  report(now: number): MemberReport {
    const { ledger, self } = this.context;
    const { log, persister } = ledger;
    const { persistedIndex, trouble } = persister;
    const status = this.detector.current;
    const silence = status === 'Healthy' ? null : 'its own disk does not answer';
    return {
      node: self.node,
      url: self.url,
      role: 'master',
      status,
      since: this.detector.since,
      lastHeartbeatMs: 0,
      ackedIndex: persistedIndex,
      lagEntries: log.lastIndex - persistedIndex,
      lagMs: this.behindSince === null ? 0 : Math.round(now - this.behindSince),
      attempts: 0,
      retryInMs: null,
      lastError: trouble?.error ?? silence,
    };
  }

  private get behind(): boolean {
    const { log, persister } = this.context.ledger;
    return persister.persistedIndex < log.lastIndex;
  }

  private stalledAt(): number {
    const { stalledAfterMs } = this.context.options;
    return (this.silentSince ?? Number.POSITIVE_INFINITY) + stalledAfterMs;
  }
}

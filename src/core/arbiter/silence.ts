// What a node that follows a master tells the arbiter of its silence, and when. The rule: what was
// said in an epoch stands until the arbiter has answered that it was taken back; and what an
// earlier life of this node may have said, until the arbiter has answered this one.

import type { Epoch } from '../ids.ts';
import type { Options } from '../options.ts';

/** Times in milliseconds. `heardAt`: when it last heard of its master; null: it follows nobody. */
export class Silence {
  private readonly options: Options;
  /** -∞: in this life it has not. */
  private answeredAt = Number.NEGATIVE_INFINITY;
  private failover = false;
  /** The epoch of whose master the arbiter was told that it is silent, and may believe it still. */
  private doubtedIn: Epoch | null = null;

  constructor(options: Options) {
    this.options = options;
  }

  /** The arbiter has answered a Join that said this of the master; see there. */
  answered(silent: boolean | undefined, now: number): void {
    this.answeredAt = now;
    if (silent === false) this.doubtedIn = null;
  }

  /** Whether it replaces a master that is silent. */
  told(failover: boolean): void {
    this.failover = failover;
  }

  /** The arbiter may believe that the master of this epoch is silent. */
  doubts(epoch: Epoch): boolean {
    return this.retracts(epoch) || this.answeredAt === Number.NEGATIVE_INFINITY;
  }

  /** It has been told so by this life of the node, and is to hear that it is not, or no more. */
  retracts(epoch: Epoch): boolean {
    return this.doubtedIn === epoch;
  }

  /** When the arbiter is asked again, who may know of another master. */
  asksAt(heardAt: number | null): number {
    const { masterSilenceMs, silenceReportMs } = this.options;
    const pauseMs = this.failover ? silenceReportMs : masterSilenceMs;
    return Math.max(this.missesAt(heardAt), this.answeredAt + pauseMs);
  }

  /** What a Join says of the master of this epoch; it is said by that. */
  reports(heardAt: number | null, epoch: Epoch, now: number): boolean | undefined {
    if (this.failover && now >= this.missesAt(heardAt)) {
      this.doubtedIn = epoch;
      return true;
    }
    return this.retracts(epoch) ? false : undefined;
  }

  private missesAt(heardAt: number | null): number {
    return heardAt === null ? Number.POSITIVE_INFINITY : heardAt + this.options.masterSilenceMs;
  }
}

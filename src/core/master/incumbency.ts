// In which epochs this node has led. The rule: it counts only where it was ready, in this life, and
// nobody else was appointed from then on; then it knows what the cluster's log holds.

import type { Epoch } from '../ids.ts';
import type { Master } from './master.ts';

export class Incumbency {
  /** The last epoch in which it was master, and ready, in this life of the node. */
  private ledIn: Epoch | null = null;

  /** This master's time may be over. */
  note(master: Master | null): void {
    if (master?.ready === true) this.ledIn = master.epoch;
  }

  /** The last epoch in which it was ready, if that was not before `since`, from which on nobody
   * else was appointed; null: it was before, or never, or the arbiter does not say. */
  after(since: Epoch | undefined): Epoch | null {
    return since === undefined || this.ledIn === null || this.ledIn < since ? null : this.ledIn;
  }
}

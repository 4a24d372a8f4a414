// When the log of a new master is the one of its epoch: it is remembered as such then, and what
// this node has persisted counts. Not before: a node that was only appointed would overrule those
// who know more. (What acceptance.ts is to a secondary.)

import type { Context } from '../context.ts';
import { type Epoch, type LogIndex, logIndex } from '../ids.ts';
import { restored } from './restoration.ts';

/**
 * Invariants:
 * 1. What this node has persisted counts when it is durable that its log is that of this epoch, or
 *    from the beginning, if no other log can come before it.
 * 2. That is remembered once, when all is durable that the epoch began with, and all that was cut
 *    off is gone from the disk.
 */
export class Accession {
  private readonly context: Context;
  private readonly epoch: Epoch;
  private readonly done: () => void;
  private complete: boolean;
  private asked = false;
  private over = false;

  /** `unrivalled`: no other log can come before this node's. `done` is called when what it has
   * persisted begins to count. */
  constructor(context: Context, epoch: Epoch, unrivalled: boolean, done: () => void) {
    this.context = context;
    this.epoch = epoch;
    this.complete = unrivalled;
    this.done = done;
  }

  /** What this node has persisted counts. */
  get counts(): boolean {
    return this.complete;
  }

  /** Up to where this node's own acknowledgement goes. */
  get position(): LogIndex {
    return this.complete ? this.context.ledger.persister.persistedIndex : logIndex(0);
  }

  /** The epoch is settled, and began with a log that ended at `opened`; more may be durable now. */
  proceed(opened: LogIndex): void {
    const { bookkeeping, ledger } = this.context;
    if (ledger.persister.persistedIndex < opened) return;
    // What was cut off would be taken for a part of this epoch's log after a crash.
    if (!ledger.persister.cutDurable) return;
    // What damage took from this node is there again.
    restored(this.context);
    if (this.asked) return;
    this.asked = true;
    bookkeeping.remember({ acceptedEpoch: this.epoch }, () => {
      if (this.complete || this.over) return;
      this.complete = true;
      this.done();
    });
  }

  /** This node is master no more. */
  end(): void {
    this.over = true;
  }
}

// Which master's epoch a secondary has accepted operations of. A new master goes by it: of two logs
// the one of the later epoch is right (departure.ts). So it is not durable before what is no part
// of that epoch's log is gone from the disk: after a crash that would be taken for a part of it.

import type { Context } from '../context.ts';
import { type Epoch, epoch as epochOf } from '../ids.ts';

/** Invariants: 1. `durable` ≤ `epoch`. 2. An epoch is durable only where no cut waits. */
export class Acceptance {
  private readonly context: Context;
  private readonly settled: () => void;
  /** As this process knows it. */
  private current: Epoch;
  /** As a crash would leave it. */
  private remembered: Epoch;

  /** `settled` is called when the epoch is durable. */
  constructor(context: Context, settled: () => void) {
    this.context = context;
    this.settled = settled;
    this.current = context.bookkeeping.current.acceptedEpoch;
    this.remembered = this.current;
  }

  get epoch(): Epoch {
    return this.current;
  }

  get durable(): Epoch {
    return this.remembered;
  }

  /** Returns whether this is a later epoch than the one before. */
  accept(epoch: Epoch): boolean {
    if (this.current >= epoch) return false;
    this.current = epoch;
    return true;
  }

  /** Remembers it as soon as that may be. */
  remember(): void {
    const { bookkeeping, ledger } = this.context;
    const accepted = this.current;
    const { acceptedEpoch, epoch: known } = bookkeeping.current;
    if (acceptedEpoch >= accepted) return;
    // While the cut was waited for, a later epoch may have been promised to its master.
    const epoch = epochOf(Math.max(accepted, known));
    if (!ledger.persister.cutDurable) {
      if (epoch > known) bookkeeping.remember({ epoch });
      return;
    }
    // Who had caught up with this node, when it was master, says nothing of what comes now.
    bookkeeping.remember({ epoch, acceptedEpoch: accepted, established: null }, () => {
      this.remembered = accepted;
      this.settled();
    });
  }
}

// What a node that has lost entries to damage must do before it counts again: until then that it
// does not have an entry is no sign that nobody was told of it.

import type { Context } from '../context.ts';
import type { Lost, Memory } from '../effects.ts';
import type { Epoch } from '../ids.ts';
import type { Log } from '../log/log.ts';

/** Whether a log holds all that a damaged node may have held, or what replaced it: a log with an
 * entry of a later epoch holds all that was acknowledged in the earlier ones. `accepted`: the
 * latest epoch that this log is known to be of. One of an earlier epoch may be as long, by entries
 * that what was lost has replaced. */
export function makesUpFor(log: Log, lost: Lost, accepted: Epoch): boolean {
  if (lost.epoch < log.lastEpoch) return true;
  return !lost.open && lost.epoch <= accepted && lost.upTo <= log.lastIndex;
}

/** Whether a node has others that it can fetch from: those of the arbiters that it joins, or,
 * where that is null and it is its own, the members that it remembers. */
export function hasPeers(
  id: string,
  arbiters: readonly string[] | null,
  memory: Memory | null,
): boolean {
  return arbiters !== null || memory?.arbiter?.members.some(({ node }) => node !== id) === true;
}

/** Notes, durably, that all is there again. */
export function restored({ bookkeeping, outbox, ledger }: Context): void {
  const { lost = null, refilling = false } = bookkeeping.current;
  if (lost === null && !refilling) return;
  bookkeeping.remember({ lost: null, refilling: false });
  if (lost !== null) outbox.note({ event: 'repaired', upTo: ledger.log.lastIndex });
}

/**
 * What a node remembers with its appointment as master of this epoch. One without a trace of an
 * earlier life, where there were masters before, may have lost what it had acknowledged. While it
 * fetches that from its members, that it does not have an entry is no sign that nobody has; and if
 * it ends before all is durable, its next life must know that.
 */
export function appointedBlank(context: Context, epoch: Epoch): Pick<Memory, 'refilling'> {
  const { blank, ledger } = context;
  return blank && epoch > 1 && ledger.log.lastIndex === 0 ? { refilling: true } : {};
}

/**
 * A damaged secondary on its way back. It has caught up when everything is durable here that the
 * master had when the session with this life of the node was under way: all that this node has ever
 * acknowledged to that master was sent by it, and what was acknowledged to earlier ones, this one
 * has found (it did not count this node when it looked).
 */
export class Restoration {
  private readonly context: Context;
  private target: { readonly epoch: Epoch; readonly index: number } | null = null;

  constructor(context: Context) {
    this.context = context;
  }

  /** A settled master of this epoch, which this node follows, says where its log ends. */
  expect(epoch: Epoch, lastIndex: number): void {
    const { lost = null, refilling = false } = this.context.bookkeeping.current;
    if ((lost === null && !refilling) || this.target?.epoch === epoch) return;
    // In the same epoch a heartbeat may be older than what this node has held.
    const held = lost !== null && lost.epoch >= epoch ? lost.upTo : 0;
    this.target = { epoch, index: Math.max(lastIndex, held) };
  }

  /** Up to `index` this log is durable and that of the master of this epoch. */
  reached(epoch: Epoch, index: number): void {
    const { target } = this;
    if (target === null || target.epoch !== epoch || index < target.index) return;
    this.target = null;
    restored(this.context);
  }
}

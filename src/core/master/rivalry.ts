// Whether a master that is refused for its epoch is one no longer. The rule: it serves until it
// sees a higher epoch, or another process that is master of its own, or what one has written there.

import type { Context } from '../context.ts';
import { type Epoch, type Incarnation, logIndex } from '../ids.ts';
import type { HeartbeatAck, Refusal } from '../messages.ts';

export type StaleEpoch = Extract<Refusal, { readonly code: 'stale-epoch' }>;

/** Whether the refusal of a master of `epoch`, the process `self`, comes from a later master, or
 * from a second one of this epoch. One that names the same epoch, and not who says so, is no master
 * of replog's; and a master that meets itself, under an address that another node claims to have,
 * is not deposed by that. */
export function deposes(refusal: StaleEpoch, epoch: Epoch, self: Incarnation): boolean {
  if (refusal.epoch !== epoch) return refusal.epoch > epoch;
  return refusal.incarnation !== undefined && refusal.incarnation !== self;
}

/** Whether a member holds what was written in this epoch, and its master has nothing there, or
 * something else: then the epoch was given before, to a life of this node that is forgotten. Only
 * an arbiter in this process can be told that: one elsewhere would give the same answer again.
 * `parted`: this life of the member has found that the logs differ where its own ends. */
export function isRepeated(
  { bookkeeping, ledger }: Pick<Context, 'bookkeeping' | 'ledger'>,
  epoch: Epoch,
  { acceptedEpoch, hash, lastEpoch, lastIndex }: HeartbeatAck,
  parted: boolean,
): boolean {
  if (bookkeeping.current.arbiter === null) return false;
  if (acceptedEpoch !== epoch || lastEpoch !== epoch) return false;
  const { log, meter } = ledger;
  if (lastIndex > log.lastIndex) return true;
  if (lastIndex === log.lastIndex) return hash !== undefined && hash !== meter.hash;
  // Where something was compacted away, no log is found to be the same.
  return parted && ledger.wholeAfter(logIndex(lastIndex - 1));
}

// What a master tells a member with each heartbeat.

import type { Context } from '../context.ts';
import type { Epoch, LogIndex } from '../ids.ts';
import type { EpochEnd, Heartbeat } from '../messages.ts';
import type { Mutable } from '../mutable.ts';

/** What it says beside this node's own log. */
export interface Tidings {
  readonly epoch: Epoch;
  readonly settled: boolean;
  /** Where the log ended when the master finished recovery; null: it has not. */
  readonly opened: LogIndex | null;
  /** Where an epoch ends of which the member may have too much; null: there is none. */
  readonly epochEnd: EpochEnd | null;
  /** How far compaction may go; 0: nowhere. */
  readonly compactTo: LogIndex;
}

export function heartbeatOf({ bookkeeping, ledger, self }: Context, tidings: Tidings): Heartbeat {
  const { epoch, settled, opened, epochEnd, compactTo } = tidings;
  const { lastIndex, commitIndex } = ledger.log;
  const beat: Mutable<Heartbeat> = {
    type: 'Heartbeat',
    epoch,
    master: self,
    lastIndex,
    commitIndex,
    settled,
  };
  if (opened !== null) beat.opened = opened;
  const { cluster } = bookkeeping.current;
  if (cluster !== null) beat.cluster = cluster;
  if (epochEnd !== null) beat.epochEnd = epochEnd;
  if (compactTo > 0) beat.compactTo = compactTo;
  return beat;
}

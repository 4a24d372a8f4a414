// Where a secondary's log stands, as it says between two sessions, and what its master makes of it.
// The rules:
// - Entries of one index and one epoch are the same. Where the master's log has those of a later
//   epoch, the secondary's are not part of it (as with the leader epochs of Kafka).
// - A session begins where the secondary says that its log ends, as far as the master's goes; that
//   both are the same there, a session asks first.
// - A log from whose end on something was compacted away is not continued, but sent anew: earlier
//   versions compacted removals away, so that it may hold a key whose removal is gone. That of a
//   member that has followed has no such key: nothing goes that it has yet to get.

import type { Epoch, LogIndex } from '../ids.ts';
import { logIndex } from '../ids.ts';
import type { HeartbeatAck } from '../messages.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';

/** What is known of a secondary's log before its session begins. */
export interface Position {
  readonly lastIndex: LogIndex;
  /** It is a replog node that understands empty Snapshots. */
  readonly own: boolean;
  /** Epoch of the last master it accepted operations from; null: it does not say. */
  readonly acceptedEpoch: Epoch | null;
  /** Epoch of its last entry; null: it does not say, or has accepted this epoch's master, so that
   * what it has is that master's. */
  readonly lastEpoch: Epoch | null;
}

/** Of one that has said nothing. */
const NOWHERE: Position = {
  lastIndex: logIndex(0),
  own: false,
  acceptedEpoch: null,
  lastEpoch: null,
};

/** What the master of this epoch takes from the answer to its heartbeat. */
export function positionIn(ack: HeartbeatAck, epoch: Epoch): Position {
  const { hash, lastIndex, acceptedEpoch = null } = ack;
  const older = acceptedEpoch !== null && acceptedEpoch < epoch;
  const lastEpoch = older ? (ack.lastEpoch ?? null) : null;
  return { lastIndex, own: hash !== undefined, acceptedEpoch, lastEpoch };
}

/** The last index at which its log can be the master's, if it goes beyond; null: it does not. */
export function surplusAfter({ lastEpoch, lastIndex, own }: Position, log: Log): LogIndex | null {
  if (!own) return null;
  const end = lastEpoch === null ? log.lastIndex : log.endOf(lastEpoch);
  return lastIndex > end ? end : null;
}

/** How a session begins; see Start. */
export interface Beginning {
  readonly base: LogIndex;
  readonly reset: boolean;
  readonly verify: boolean;
}

/** `position` is null if the secondary has said nothing; `parted`: the logs differ beyond this,
 * so that it must drop what it has after it; null: that is not known. `followed`: up to here
 * it has followed this log as a member; null: that is not known. */
export function beginningAt(
  position: Position | null,
  parted: LogIndex | null,
  ledger: Ledger,
  followed: LogIndex | null = null,
): Beginning {
  const { own, lastIndex: said } = position ?? NOWHERE;
  const { lastIndex } = ledger.log;
  // Who says more than that cannot mean this log: it is taken for one that has nothing of it.
  const held = own || said <= lastIndex ? said : 0;
  const agreed = logIndex(Math.min(parted ?? held, lastIndex));
  // It was no member for a while, or has lost what it had: from there on it cannot be continued.
  const goesOn = followed !== null && agreed >= followed;
  const overtaken = own && !goesOn && !ledger.wholeAfter(agreed);
  // Who is never asked whether it holds the same acknowledges by what it is sent: where nothing
  // is left to be sent, its last operation goes again.
  const again = !own && parted === null && agreed > 0 && agreed === lastIndex;
  const base = logIndex(overtaken ? 0 : again ? agreed - 1 : agreed);
  return { base, reset: parted !== null || (overtaken && agreed > 0), verify: own };
}

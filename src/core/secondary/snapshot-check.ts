// What of a Snapshot is new to this log, and whether it fits. Looks, and changes nothing.

import { type LogIndex, logIndex, type Seq } from '../ids.ts';
import type { Ledger } from '../log/ledger.ts';
import { rises } from '../log/log.ts';
import type { Refusal, Snapshot } from '../messages.ts';
import type { Entry } from '../operation.ts';

/** What is to be done for a Snapshot that fits. */
export interface NewPart {
  readonly type: 'NewPart';
  /** Entries to append. */
  readonly entries: readonly Entry[];
  /** Where this log leaves the master's and is cut first; null: it does not. */
  readonly truncateAfter: LogIndex | null;
}

/** `expected` ≥ the Snapshot's `seq`: the updates before it are known and are not looked at.
 * `agreed`: up to here the master of this epoch has sent what this log holds, and cannot say
 * otherwise; null: nothing was accepted of the epoch, so that what this log shows may change. */
export function newPart(
  message: Snapshot,
  expected: Seq,
  ledger: Ledger,
  agreed: LogIndex | null,
): NewPart | Refusal {
  const { log } = ledger;
  const { prev, updates } = message;
  const known = Math.min(expected - message.seq, updates.length);
  if (known === 0 && prev !== undefined && message.reset !== true) {
    const differs = prev.index === log.lastIndex && prev.hash !== ledger.meter.hash;
    if (differs || prev.index > log.lastIndex) {
      return { type: 'Refused', code: 'diverged', lastIndex: log.lastIndex };
    }
  }
  let truncateAfter: LogIndex | null = null;
  let entries = known === 0 ? updates : updates.slice(known);
  let held = 0;
  for (const entry of entries) {
    if (entry.index > log.lastIndex) break;
    if (log.epochAt(entry.index) !== entry.epoch) {
      truncateAfter = logIndex(entry.index - 1);
      break;
    }
    held += 1;
  }
  if (truncateAfter !== null && truncateAfter < Math.max(ledger.floor, agreed ?? 0)) {
    // The store cannot follow there: it keeps the newest committed values only. A master that is
    // not replog's is not asked to begin anew; where it does, its log takes the place of this one.
    if (agreed !== null || prev !== undefined || entries[0]!.index !== 1) {
      return { type: 'Refused', code: 'diverged', lastIndex: log.lastIndex };
    }
    truncateAfter = logIndex(0);
    held = 0;
  }
  if (held > 0) entries = entries.slice(held);
  const end = truncateAfter ?? log.lastIndex;
  if (!continues(entries, end, message, ledger)) {
    return { type: 'Refused', code: 'out-of-order', expected };
  }
  return { type: 'NewPart', entries, truncateAfter };
}

/** Whether the entries follow the log's end: no hole (but where a replog master says, with `prev`,
 * that the entries between are superseded), no epoch that falls or comes from the future. */
function continues(
  entries: readonly Entry[],
  end: LogIndex,
  message: Snapshot,
  ledger: Ledger,
): boolean {
  if (!rises(entries, end)) return false;
  let index = end;
  let epoch = ledger.log.epochAt(end);
  for (const entry of entries) {
    const next = entry.index === index + 1 || message.prev !== undefined;
    if (!next || entry.epoch < epoch || entry.epoch > message.epoch) return false;
    index = entry.index;
    epoch = entry.epoch;
  }
  return true;
}

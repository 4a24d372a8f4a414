// When records ended. The rule: a history stands in the order of its ends. What is known by a
// moment is taken from the records before, so a history in another order would be judged less
// sharply, or wrongly, without anybody noticing.

import type { HistoryRecord } from './history.ts';

/** A record ended before one that stands before it. The message says when, without naming it. */
export class UnsortedHistory extends Error {
  override readonly name = 'UnsortedHistory';
  /** Place of the record that ended later, and stands before it, in the history, from 1. */
  readonly before: number;

  constructor(end: number, before: number, latest: number) {
    super(`it ended at ${end}, but stands behind record ${before}, which ended at ${latest}`);
    this.before = before;
  }
}

/** Invariant: no record that was taken ended later than `latest`. */
export class Ends {
  private latest = Number.NEGATIVE_INFINITY;
  private place = 0;

  /** The record at `place`, from 1. Throws UnsortedHistory. */
  take(record: HistoryRecord, place: number): void {
    const end = endOf(record);
    if (end === null) return;
    if (end < this.latest) throw new UnsortedHistory(end, this.place, this.latest);
    this.latest = end;
    this.place = place;
  }
}

/** null: it was never answered, and ended nowhere. */
function endOf(record: HistoryRecord): number | null {
  return 'at' in record ? record.at : record.return;
}

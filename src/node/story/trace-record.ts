// What a trace's records say: numbers, and what they stand for.

import type { WriteConcern } from '../../core/effects.ts';

/** What happened. The comments name what `who`, `a`, `b` and `c` hold. */
export const KIND = {
  /** Put into the log for a client: epoch; ticket, write concern, time limit (0: none). */
  appended: 1,
  /** Put into the log from a Snapshot: epoch; ticket. */
  copied: 2,
  /** Put into the log by a new master that found it at a member: epoch. */
  fetched: 3,
  /** A known idempotency key: ticket, write concern, time limit. */
  duplicate: 4,
  /** Handed to the disk (again, if the id is known): id. */
  persisting: 5,
  persisted: 6,
  /** id, text. */
  persistFailed: 7,
  /** A Snapshot left: text of the URL; session, seq. An empty one has `from` > `to`. */
  sent: 8,
  /** … and was acknowledged: text of the URL; session, acknowledged seq. */
  acknowledged: 9,
  /** … was refused: text of the URL; session, seq, text. */
  refused: 10,
  /** … got no usable answer: text of the URL; session, seq, text. */
  unanswered: 11,
  /** A client was answered: ticket, outcome, how many had it. */
  answered: 12,
  /** A client went away: ticket. */
  abandoned: 13,
  /** A Snapshot arrived: session; ticket, seq, epoch. */
  arrived: 14,
  /** … was acknowledged: ticket, seq. */
  responded: 15,
  /** … was refused: ticket, text. */
  declined: 16,
  /** A fault that was asked for struck a Snapshot: session; text, milliseconds, seq. */
  struck: 17,
  /** A fault that was asked for struck a Persist: text. */
  persistStruck: 18,
  /** Everything from `from` on was dropped. */
  truncated: 19,
} as const;

export type Kind = (typeof KIND)[keyof typeof KIND];

/** How a client was answered, as it stands in `b` of `answered`. */
export const OUTCOMES = ['Stored', 'TimedOut', 'NoMaster', 'ShuttingDown'] as const;

/** One record. `at`: the node's monotonic clock. */
export interface TraceRecord {
  readonly at: number;
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  readonly who: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** `w` as a number. */
export const wOf = (w: WriteConcern): number => (w === 'majority' ? -1 : w === 'all' ? -2 : w);

/** The write concern that `wOf` made this of. */
export function concernOf(w: number): WriteConcern {
  if (w === -1) return 'majority';
  return w === -2 ? 'all' : w;
}

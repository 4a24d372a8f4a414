// When a Snapshot goes again. The rules (contract, section 6; key-value text: Replicator):
// - Only the oldest unacknowledged one, at the gaps of the schedule, whether or not an earlier
//   request is still pending; and those behind it that were refused as out of order, because they
//   are known to be missing there.
// - What is surely lost goes at once, and so does the rest of what was taken in part.

import type { Context } from '../context.ts';
import type { Seq } from '../ids.ts';
import { gapAfter } from './backoff.ts';
import type { Flight, Sent } from './flight.ts';

/** Invariant: a copy is planned of the oldest, and of those known to be missing; of no others. */
export class Resending {
  private readonly context: Context;
  private readonly flight: Flight;

  constructor(context: Context, flight: Flight) {
    this.context = context;
    this.flight = flight;
  }

  /** A copy goes now. */
  dispatched(sent: Sent, now: number): void {
    sent.copies += 1;
    sent.lastSentAt = now;
    sent.resendAt = Number.POSITIVE_INFINITY;
    sent.forgotten = false;
    if (this.flight.head === sent) this.schedule(sent);
    const behind = this.flight.beside(sent, 1);
    if (behind?.forgotten === true) this.schedule(behind);
  }

  /** The secondary was heard after an outage: what it waits for goes at once, and the gaps begin
   * anew. */
  wake(now: number): void {
    const head = this.flight.head;
    if (head === undefined) return;
    head.copies = Math.min(head.copies, 1);
    head.resendAt = now;
  }

  /** Something is acknowledged: the next Snapshot goes (again) at once if it was surely lost, or is
   * the rest of one that was taken in part, whichever answer said so. */
  acknowledged(acked: Sent, now: number): void {
    const head = this.flight.head;
    if (head === undefined) return;
    const lost = head.forgotten || head.lastSentAt < acked.lastSentAt;
    if (lost || head === acked || head.copies === 0) head.resendAt = now;
    else this.schedule(head);
  }

  /**
   * Something before `sent` is missing there, and `sent`, the copy of `sentAt`, was forgotten: both
   * have to go again. What is expected goes at once, but only at the word of a first copy, so that
   * a secondary that never gets it is not flooded. `sent` keeps its gap and follows the one before
   * it; it does not wait for an acknowledgement, which a slow disk may hold up.
   */
  refused(expected: Seq, sent: Sent, sentAt: number, now: number): void {
    const missing = this.flight.holding(expected);
    if (missing !== undefined && missing !== sent && sent.copies === 1) {
      if (sentAt >= missing.lastSentAt) missing.resendAt = now;
    }
    if (sentAt !== sent.lastSentAt) return;
    sent.forgotten = true;
    sent.refused = true;
    const before = this.flight.beside(sent, -1);
    if (before !== undefined && before.lastSentAt > sent.lastSentAt) this.schedule(sent);
  }

  /** Plans the next copy, unless that has been done since the latest one. */
  private schedule(sent: Sent): void {
    if (sent.resendAt < Number.POSITIVE_INFINITY) return;
    const { resendGapsMs, resendJitter } = this.context.options;
    const gapMs = gapAfter(sent.copies, resendGapsMs, resendJitter, this.context.random);
    sent.resendAt = sent.lastSentAt + gapMs;
  }
}

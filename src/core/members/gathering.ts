// When the next Snapshot of a session may leave: what operations gather for, and how many Snapshots
// may be on their way. The rule (contract, section 6): an operation is sent within 50 ms, also to a
// secondary that answers seconds late or not at all, until that one is Unhealthy.

import type { Options } from '../options.ts';
import type { Flight, Sent } from './flight.ts';

/** Fewer writers than these are not waited for: there is little to save. */
const CROWD_MIN = 4;

/** Halves of more than these are large enough: what they share is little to each, and one is made
 * while the other is under way. */
const CROWD_MAX = 40;

/** The part of a crowd that is waited for: a straggler holds nobody up. */
const CROWD_SHARE = 0.9;

/** How long, as a part of the round trip that they have just waited for. */
const LINGER_SHARE = 0.25;

/** Those who wrote a Snapshot, and are expected back when it is acknowledged. */
interface Crowd {
  /** How many: those it carried, and those that came while it was under way. */
  readonly size: number;
  readonly lingerMs: number;
  /** Who comes later than this is somebody else. */
  readonly backBy: number;
  /** They are waited for until then: since the acknowledgement, or since the first was back. */
  until: number;
}

/**
 * Clients that write one operation after another would split into two halves that take turns: one
 * is under way while the other gathers, and leaves when it is acknowledged, just before the first
 * half is back. Each half costs every node as much as both together. So a Snapshot that follows an
 * acknowledgement waits a moment for those who are about to come back.
 */
export class Gathering {
  private readonly options: Options;
  private readonly flight: Flight;
  private until = Number.POSITIVE_INFINITY;
  private crowd: Crowd | null = null;

  constructor(options: Options, flight: Flight) {
    this.options = options;
    this.flight = flight;
  }

  /** When those that wait may leave: so many operations. */
  deadline(waiting: number): number {
    const { size, full } = this.flight;
    if (size === 0) return this.crowdDeadline(waiting);
    if (full >= this.options.fullInFlightMax || this.congested()) return Number.POSITIVE_INFINITY;
    // A backlog has gathered already: its next part goes while the one before it is being stored.
    return full > 0 ? Number.NEGATIVE_INFINITY : this.until;
  }

  /** Operations wait; no later than this call they began to. */
  waiting(now: number): void {
    if (this.until < Number.POSITIVE_INFINITY) return;
    this.until = now + this.gatherMs();
    const { crowd } = this;
    if (crowd === null) return;
    if (now > crowd.backBy) this.crowd = null;
    else crowd.until = now + crowd.lingerMs;
  }

  /** A Snapshot was acknowledged, while so many operations wait. */
  acknowledged({ count, copies, full, lastSentAt }: Sent, waiting: number, now: number): void {
    const size = count + waiting;
    // A backlog goes as it can; where something was lost on its way, all goes on at once.
    const steady = copies === 1 && !full;
    this.crowd = null;
    if (!steady || size < CROWD_MIN || size > CROWD_MAX) return;
    const tookMs = now - lastSentAt;
    const lingerMs = Math.min(tookMs * LINGER_SHARE, this.options.lingerMs);
    this.crowd = { size, lingerMs, backBy: now + tookMs, until: now + lingerMs };
  }

  /** A Snapshot has left, with all that waited or as much as it had room for. */
  left(now: number, more: boolean): void {
    this.until = more ? now + this.gatherMs() : Number.POSITIVE_INFINITY;
  }

  /** When those that wait have waited for the rest of their crowd. */
  private crowdDeadline(waiting: number): number {
    const { crowd } = this;
    const complete = crowd === null || waiting >= crowd.size * CROWD_SHARE;
    return complete ? Number.NEGATIVE_INFINITY : crowd.until;
  }

  /**
   * A secondary that answers late has many under way, and none is missing. Where one was lost, all
   * behind it have to go again: no more are added to those than come back soon.
   */
  private congested(): boolean {
    const { inFlightMax, missedInFlightMax, inFlightBytesMax } = this.options;
    const { size } = this.flight;
    if (size >= inFlightMax) return true;
    if (size < missedInFlightMax) return false;
    return this.flight.missed || this.flight.bytes >= inFlightBytesMax;
  }

  private gatherMs(): number {
    const { gatherMs, gatherLongMs, gatherLongFrom } = this.options;
    return this.flight.size < gatherLongFrom ? gatherMs : gatherLongMs;
  }
}

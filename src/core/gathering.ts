// When the next Snapshot of a session may leave: what operations gather for, and how many Snapshots
// may be on their way. The rule (contract, section 6): an operation is sent within 50 ms, also to a
// secondary that answers seconds late or not at all, until that one is Unhealthy.

import type { Flight } from './flight.ts';
import type { Options } from './options.ts';

export class Gathering {
  private readonly options: Options;
  private readonly flight: Flight;
  private until = Number.POSITIVE_INFINITY;

  constructor(options: Options, flight: Flight) {
    this.options = options;
    this.flight = flight;
  }

  /** When those that wait may leave. */
  get deadline(): number {
    const { size, full } = this.flight;
    if (size === 0) return Number.NEGATIVE_INFINITY;
    if (full >= this.options.fullInFlightMax || this.crowded()) return Number.POSITIVE_INFINITY;
    // A backlog has gathered already: its next part goes while the one before it is being stored.
    return full > 0 ? Number.NEGATIVE_INFINITY : this.until;
  }

  /** Operations wait; no later than this call they began to. */
  waiting(now: number): void {
    if (this.until === Number.POSITIVE_INFINITY) this.until = now + this.gatherMs();
  }

  /** A Snapshot has left, with all that waited or as much as it had room for. */
  left(now: number, more: boolean): void {
    this.until = more ? now + this.gatherMs() : Number.POSITIVE_INFINITY;
  }

  /**
   * A secondary that answers late has many under way, and none is missing. Where one was lost, all
   * behind it have to go again: no more are added to those than come back soon.
   */
  private crowded(): boolean {
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

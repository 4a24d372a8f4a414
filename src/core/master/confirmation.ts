// Linearizable reads: the master may answer one when, after the read arrived, a majority has shown
// that it still follows this master, and all that the master shows is on a majority.

import type { LogIndex, Ticket } from '../ids.ts';

interface Reader {
  readonly ticket: Ticket;
  readonly arrivedAt: number;
  readonly readIndex: LogIndex;
  readonly deadline: number;
}

/** Where the master stands, for the readers that wait. */
export interface Standing {
  readonly commitIndex: LogIndex;
  /** Sending times of each member's latest answered heartbeat; the master's own is now. */
  readonly followedAt: readonly number[];
  readonly needed: number;
}

/** Invariant: a reader is answered once; readers stand in order of arrival. */
export class Confirmations {
  private readers: Reader[] = [];

  get size(): number {
    return this.readers.length;
  }

  add(ticket: Ticket, readIndex: LogIndex, now: number, timeoutMs: number): void {
    this.readers.push({ ticket, arrivedAt: now, readIndex, deadline: now + timeoutMs });
  }

  drop(ticket: Ticket): void {
    this.readers = this.readers.filter((reader) => reader.ticket !== ticket);
  }

  /** Takes out and returns those who may be answered. */
  confirmed({ commitIndex, followedAt, needed }: Standing): Ticket[] {
    if (this.readers.length === 0) return [];
    const descending = [...followedAt].sort((a, b) => b - a);
    const provedAt = descending[needed - 1] ?? Number.NEGATIVE_INFINITY;
    const ready = (reader: Reader): boolean =>
      reader.arrivedAt <= provedAt && reader.readIndex <= commitIndex;
    const done = this.readers.filter(ready);
    if (done.length > 0) this.readers = this.readers.filter((reader) => !ready(reader));
    return done.map((reader) => reader.ticket);
  }

  expired(now: number): Ticket[] {
    const late: Ticket[] = [];
    while (this.readers.length > 0 && this.readers[0]!.deadline <= now) {
      late.push(this.readers.shift()!.ticket);
    }
    return late;
  }

  drain(): Ticket[] {
    const all = this.readers.map((reader) => reader.ticket);
    this.readers = [];
    return all;
  }

  deadline(): number {
    return this.readers[0]?.deadline ?? Number.POSITIVE_INFINITY;
  }
}

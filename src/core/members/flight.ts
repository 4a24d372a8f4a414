// The Snapshots that a replicator has sent and that are not acknowledged yet, oldest first.

import { type LogIndex, logIndex, type Seq, seq } from '../ids.ts';

/** One Snapshot under way: a fixed run of updates with fixed sequence numbers. */
export interface Sent {
  seq: Seq;
  from: LogIndex;
  readonly to: LogIndex;
  count: number;
  /** Of its updates, about. */
  readonly bytes: number;
  copies: number;
  firstSentAt: number;
  lastSentAt: number;
  /** When its next copy is due; infinite: it waits for those before it. */
  resendAt: number;
  /** Its latest copy was refused as out of order, and so forgotten there. */
  forgotten: boolean;
  /** Some copy of it was refused so: one before it was missing there. */
  refused: boolean;
  /** More was waiting when it was sent than it had room for. */
  readonly full: boolean;
}

/** Last sequence number of a Snapshot. */
export function lastSeq(sent: Sent): Seq {
  return seq(sent.seq + sent.count - 1);
}

/**
 * Invariants:
 * 1. The sequence numbers of what is under way are contiguous, from the lowest unacknowledged on.
 * 2. An acknowledgement only removes; what was once acknowledged never comes back.
 */
export class Flight {
  private readonly sent: Sent[] = [];

  get size(): number {
    return this.sent.length;
  }

  /** How many of them are full. */
  get full(): number {
    let count = 0;
    for (const sent of this.sent) if (sent.full) count += 1;
    return count;
  }

  /** Bytes of them all, about. */
  get bytes(): number {
    let bytes = 0;
    for (const sent of this.sent) bytes += sent.bytes;
    return bytes;
  }

  /** One of them was missing there, and they have not all arrived since. */
  get missed(): boolean {
    return this.sent.some((sent) => sent.refused);
  }

  /** The oldest: the one that is sent again. */
  get head(): Sent | undefined {
    return this.sent[0];
  }

  get newest(): Sent | undefined {
    return this.sent.at(-1);
  }

  /** When the next copy of any of them is due. */
  get resendAt(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const sent of this.sent) earliest = Math.min(earliest, sent.resendAt);
    return earliest;
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<Sent> {
    return this.sent[Symbol.iterator]();
  }

  /** The one that holds this sequence number. */
  holding(wanted: Seq): Sent | undefined {
    return this.sent.find((sent) => sent.seq <= wanted && wanted <= lastSeq(sent));
  }

  /** The one right before, or right behind, this one. */
  beside(sent: Sent, step: -1 | 1): Sent | undefined {
    const place = this.sent.indexOf(sent);
    return place === -1 ? undefined : this.sent[place + step];
  }

  push(sent: Sent): void {
    this.sent.push(sent);
  }

  clear(): void {
    this.sent.length = 0;
  }

  /** Notes that everything up to `acked` has arrived; returns the index that stands for, or null
   * if that was known already. */
  acknowledge(acked: Seq): LogIndex | null {
    let reached: LogIndex | null = null;
    while (this.sent.length > 0 && lastSeq(this.sent[0]!) <= acked) reached = this.sent.shift()!.to;
    const head = this.sent[0];
    if (head === undefined || acked < head.seq) return reached;
    // Part of a Snapshot was acknowledged. Where superseded entries are missing from the run, which
    // index that is cannot be told from here, so the whole run stays.
    const done = acked - head.seq + 1;
    if (head.count !== head.to - head.from + 1) return reached;
    head.seq = seq(head.seq + done);
    head.from = logIndex(head.from + done);
    head.count -= done;
    // The rest of it is a Snapshot that was not sent yet.
    head.copies = 0;
    return logIndex(head.from - 1);
  }
}

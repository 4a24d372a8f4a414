// A segment in outline: a checksum over its bytes, and which of its records are more than a message
// appended. With it a start need not look at every record of a segment that has no summary yet, and
// a summary is made without reading every record again. The rule: it is kept while records are
// appended, and given up when any is taken back.

import { crc32 } from 'node:zlib';
import type { OpenRequest } from '../core/deduplication.ts';
import { type Epoch, epoch, logIndex } from '../core/ids.ts';
import type { EpochStart } from '../core/log.ts';
import type { Entry } from '../core/operation.ts';
import type { SegmentEnd } from './segment.ts';

/** A place between two records of a segment. */
export interface Reached {
  readonly end: SegmentEnd;
  /** Records before it. */
  readonly count: number;
  /** Where the last of them begins. */
  readonly lastOffset: number;
}

/** What an outline says of the records up to a place. */
export interface OutlineParts {
  readonly reached: Reached;
  /** Crc32 of their bytes. */
  readonly checksum: number;
  /** Epochs that begin among them, or before them. */
  readonly epochs: readonly EpochStart[];
  /** Where those of them begin that change more than the end of the log, rising. */
  readonly notable: ArrayLike<number>;
}

/** Invariant: `epochs` and `notable` tell of every record of the segment; `covered` and its
 * checksum of those that are durable. */
export class Outline {
  private readonly epochs: EpochStart[];
  private readonly notable: number[];
  private lastOffset: number;
  private reached: Reached;
  private checksum: number;
  /** Up to which byte it stands beside the segment; 0: it does not. */
  written = 0;

  /** `start`: the place before the first record. */
  constructor(start: SegmentEnd, parts: OutlineParts | null = null) {
    this.epochs = [...(parts?.epochs ?? [])];
    this.notable = Array.from(parts?.notable ?? []);
    this.reached = parts?.reached ?? { end: start, count: 0, lastOffset: start.offset };
    this.lastOffset = this.reached.lastOffset;
    this.checksum = parts?.checksum ?? 0;
    if (parts !== null) this.written = this.reached.end.offset;
  }

  /** Up to which place it covers the segment. */
  get covered(): Reached {
    return this.reached;
  }

  /** Takes note of the next record; `notable`: that it must be looked at again. */
  add(index: number, of: number, offset: number, notable: boolean): void {
    const before: Epoch | undefined = this.epochs.at(-1)?.epoch;
    if (before !== of) this.epochs.push({ epoch: epoch(of), first: logIndex(index) });
    if (notable) this.notable.push(offset);
    this.lastOffset = offset;
  }

  /** The place behind the record that was added last. */
  at(end: SegmentEnd, count: number): Reached {
    return { end, count, lastOffset: this.lastOffset };
  }

  /** What stands before this place is durable. `spans`: the bytes of it that were not yet. */
  cover(reached: Reached, spans: readonly Buffer[]): void {
    for (const span of spans) this.checksum = crc32(span, this.checksum);
    this.reached = reached;
  }

  /** What it says of what it covers. */
  parts(): OutlineParts {
    const { reached, checksum } = this;
    const { index, offset } = reached.end;
    return {
      reached,
      checksum,
      epochs: this.epochs.filter(({ first }) => first <= index),
      notable: this.notable.filter((at) => at < offset),
    };
  }
}

/** Follows the log to tell which entries change anything beside its end: a message that is part of
 * a request with an idempotency key does, though it carries none itself. */
export class Notability {
  /** Index of the last entry of the request that the log ends in the middle of; 0: it does not. */
  private openTo = 0;

  /** Takes over what the log so far ends in the middle of. */
  restore(open: OpenRequest | null): void {
    this.openTo = open === null ? 0 : open.first + open.count - 1;
  }

  /** Whether the next entry must be looked at again when the log is read. */
  of({ index, op, batch, idempotencyKey }: Entry): boolean {
    const { openTo } = this;
    if (idempotencyKey !== undefined) {
      if (batch !== undefined && batch > 1) this.openTo = index + batch - 1;
    } else if (openTo > 0 && index >= openTo) this.openTo = 0;
    return openTo > 0 || op !== 'append' || batch !== undefined || idempotencyKey !== undefined;
  }

  /** The same for a message that carries nothing else. */
  ofPlain(index: number): boolean {
    const { openTo } = this;
    if (openTo > 0 && index >= openTo) this.openTo = 0;
    return openTo > 0;
  }
}

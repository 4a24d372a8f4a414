// A segment in outline: checksums over its bytes, and which of its records are more than a message
// appended. With it a start need not look at every record of a segment that has no summary yet, and
// a summary is made without reading every record again. The rule: it is kept while records are
// appended, and given up when any is taken back.

import { crc32 } from 'node:zlib';
import { type Epoch, epoch, logIndex } from '../../core/ids.ts';
import type { OpenRequest } from '../../core/log/deduplication.ts';
import type { EpochStart } from '../../core/log/log.ts';
import type { Entry } from '../../core/operation.ts';
import type { SegmentEnd } from './segment.ts';

/** A place in a segment at which a write ends, and what is known of the bytes before it. */
export interface Reached {
  readonly end: SegmentEnd;
  /** Records before it. */
  readonly count: number;
  /** Where the last of them begins. */
  readonly lastOffset: number;
  /** From which byte on they need not be durable yet: where the last write begins. */
  readonly writeStart: number;
  /** Crc32 of all records before it. */
  readonly checksum: number;
}

/** What an outline says of the records up to a place. */
export interface OutlineParts {
  readonly reached: Reached;
  /** The epochs of these records, and which of them is the first of each. */
  readonly epochs: readonly EpochStart[];
  /** Where those of them begin that change more than the end of the log, rising. */
  readonly notable: readonly number[];
}

/** How much of an outline stands in its file. */
export interface Written {
  /** Up to which byte of the segment. */
  readonly end: number;
  readonly epochs: number;
  readonly notable: number;
  /** Bytes of the outline's file; 0: there is none. */
  readonly fileBytes: number;
}

/** Invariant: `epochs` and `notable` tell of every record of the segment, `covered` of those that
 * were written. */
export class Outline {
  private readonly epochs: EpochStart[];
  private readonly notable: number[];
  /** Of those, the ones that change more than what is known of requests; null: not known, since the
   * file of an outline does not tell. */
  private readonly more: number[] | null;
  private lastOffset: number;
  private reached: Reached;
  /** How many of `epochs` and `notable` are covered: the first ones. */
  private coveredEpochs: number;
  private coveredNotable: number;
  written: Written;

  /** `dataStart`: where the first record begins. */
  constructor(dataStart: number, parts: OutlineParts | null = null, fileBytes = 0) {
    const end = { index: 0, hash: 0, offset: dataStart };
    const reached = { end, count: 0, lastOffset: dataStart, writeStart: dataStart, checksum: 0 };
    this.epochs = [...(parts?.epochs ?? [])];
    this.notable = [...(parts?.notable ?? [])];
    this.more = parts === null ? [] : null;
    this.reached = parts?.reached ?? reached;
    this.lastOffset = this.reached.lastOffset;
    this.coveredEpochs = this.epochs.length;
    this.coveredNotable = this.notable.length;
    this.written = this.upToHere(fileBytes);
  }

  get covered(): Reached {
    return this.reached;
  }

  /** Bytes of the segment that it covers, and of which its file does not say that they need not be
   * looked at or written again. */
  get unsaid(): number {
    return this.reached.end.offset - this.written.end;
  }

  /** Where those records begin, of all that were added, that change more than what is known of
   * requests, rising; null: not known. */
  get beyondRequests(): readonly number[] | null {
    return this.more;
  }

  /** Takes note of the next record. */
  add(index: number, of: number, offset: number, change: Change): void {
    const before: Epoch | undefined = this.epochs.at(-1)?.epoch;
    if (before !== of) this.epochs.push({ epoch: epoch(of), first: logIndex(index) });
    if (change !== 'nothing') this.notable.push(offset);
    if (change === 'more') this.more?.push(offset);
    this.lastOffset = offset;
  }

  /** Covers all that was added. `spans`: the bytes of it that were not covered yet; `writeStart`:
   * from which byte on they need not be durable. */
  cover(end: SegmentEnd, count: number, spans: readonly Buffer[], writeStart: number): void {
    let { checksum } = this.reached;
    for (const span of spans) checksum = crc32(span, checksum);
    this.reached = { end, count, lastOffset: this.lastOffset, writeStart, checksum };
    this.coveredEpochs = this.epochs.length;
    this.coveredNotable = this.notable.length;
  }

  /** Takes note that it stands in its file as far as it covers the segment. */
  wrote(fileBytes: number): void {
    this.written = this.upToHere(fileBytes);
  }

  private upToHere(fileBytes: number): Written {
    const { coveredEpochs: epochs, coveredNotable: notable, reached } = this;
    return { end: reached.end.offset, epochs, notable, fileBytes };
  }

  /** All that it covers is durable. */
  settled(): void {
    const { end, count, lastOffset, checksum } = this.reached;
    this.reached = { end, count, lastOffset, writeStart: end.offset, checksum };
  }

  /** What it says of what it covers. */
  parts(): OutlineParts {
    return this.partsAfter({ end: 0, epochs: 0, notable: 0, fileBytes: 0 });
  }

  /** What it says beyond what was written. */
  partsAfter({ epochs, notable }: Written): OutlineParts {
    return {
      reached: this.reached,
      epochs: this.epochs.slice(epochs, this.coveredEpochs),
      notable: this.notable.slice(notable, this.coveredNotable),
    };
  }
}

/** What an entry changes beside the end of the log: nothing; what is known of requests with an
 * idempotency key; or more. An entry that changes anything must be looked at again when the log is
 * read. */
export type Change = 'nothing' | 'requests' | 'more';

/** Follows the log to tell what its entries change: a message that is part of a request with an
 * idempotency key does, though it carries none itself. */
export class Notability {
  /** Index of the last entry of the request that the log ends in the middle of; 0: it does not. */
  private openTo = 0;

  /** Takes over what the log so far ends in the middle of. */
  restore(open: OpenRequest | null): void {
    this.openTo = open === null ? 0 : open.first + open.count - 1;
  }

  /** What the next entry changes. */
  of({ index, op, batch, idempotencyKey }: Entry): Change {
    const { openTo } = this;
    if (idempotencyKey !== undefined) {
      if (batch !== undefined && batch > 1) this.openTo = index + batch - 1;
    } else if (openTo > 0 && index >= openTo) this.openTo = 0;
    if (op !== 'append' || batch !== undefined) return 'more';
    return openTo > 0 || idempotencyKey !== undefined ? 'requests' : 'nothing';
  }

  /** The same for a message that carries nothing else. */
  ofPlain(index: number): Change {
    const { openTo } = this;
    if (openTo > 0 && index >= openTo) this.openTo = 0;
    return openTo > 0 ? 'requests' : 'nothing';
  }
}

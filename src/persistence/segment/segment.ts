// What is known in memory of one segment: a run of the log that lies in one file (or, for a log in
// memory, in none). The rule: counts are exact, places are exact at the sparse index's points.

import { invariant } from '../../core/invariant.ts';
import { Outline } from './outline.ts';
import type { StoredOutline } from './outline-file.ts';
import type { SegmentKind } from './segment-file.ts';
import { SparseIndex } from './sparse-index.ts';

/** Where a segment begins. */
export interface SegmentStart {
  /** Where its part of the log begins: the index of its first record, unless that was compacted
   * away. */
  readonly first: number;
  /** Running hash before `first`. */
  readonly hashBefore: number;
  /** Bytes before its first record. */
  readonly dataStart: number;
  /** Position in the log that its byte 0 would have: `base` + offset is a record's position. */
  readonly base: number;
  readonly kind: SegmentKind;
}

/** The place after a record of a segment. */
export interface SegmentEnd {
  /** Index of that record. */
  readonly index: number;
  /** Running hash after it. */
  readonly hash: number;
  /** Where it ends, in bytes. */
  readonly offset: number;
}

/** How much of a segment fits into a message. */
export interface Reach {
  /** How many records, beginning with the first one asked for. */
  readonly count: number;
  readonly bytes: number;
  /** Whether that is all the segment holds. */
  readonly whole: boolean;
}

/** What a segment was, where it need not be read again. */
export interface StoredSegment {
  readonly start: SegmentStart;
  readonly end: SegmentEnd;
  readonly count: number;
  readonly points: SparseIndex;
}

/** Invariant: the records that were added, less those cut off, in the order of their indexes. */
export class Segment {
  readonly start: SegmentStart;
  private points = new SparseIndex();
  private readonly intervalBytes: number;
  /** Its end, in numbers of their own: an object for every record would be most of what appending
   * one leaves behind. */
  private endIndex: number;
  private endHash: number;
  private endOffset: number;
  private records = 0;
  /** No record is added to a segment that was cut, so that a write's length on disk, which may
   * reach beyond the cut, never covers a later write; nor to one of which a summary alone is
   * known, since that does not say so. */
  sealed = false;
  /** Its file is about to take the name of another one; resolves when that is over, and rejects
   * while it has failed and is yet to be done. null: it has its name. */
  changing: Promise<void> | null = null;
  /** Another segment has taken its place: its file is not what it was. */
  replaced = false;
  /** Its summary is there. */
  summarised = false;
  /** Damage was met in it since the reading of it began that a summary is made of. */
  condemned = false;
  /** All its records have been read, and were whole, since this process started. */
  checked = true;
  /** What makes reading it again cheap; null: it is not known, or not needed any more. */
  outline: Outline | null = null;

  constructor(start: SegmentStart, intervalBytes: number) {
    this.start = start;
    this.intervalBytes = intervalBytes;
    this.endIndex = start.first - 1;
    this.endHash = start.hashBefore;
    this.endOffset = start.dataStart;
  }

  static restored(stored: StoredSegment, intervalBytes: number): Segment {
    const segment = new Segment(stored.start, intervalBytes);
    segment.points = stored.points;
    segment.records = stored.count;
    segment.endAt(stored.end);
    segment.sealed = true;
    segment.summarised = true;
    segment.checked = false;
    return segment;
  }

  /** The part of a segment that an outline covers; more may be added. */
  static outlined(start: SegmentStart, stored: StoredOutline, intervalBytes: number): Segment {
    const segment = new Segment(start, intervalBytes);
    segment.points = stored.points;
    segment.records = stored.reached.count;
    segment.endAt(stored.reached.end);
    segment.outline = new Outline(start.dataStart, stored, stored.fileBytes);
    return segment;
  }

  get end(): SegmentEnd {
    return { index: this.endIndex, hash: this.endHash, offset: this.endOffset };
  }

  /** Index of the last record. */
  get lastIndex(): number {
    return this.endIndex;
  }

  /** Running hash after the last record. */
  get hash(): number {
    return this.endHash;
  }

  /** Where the last record ends. */
  get offset(): number {
    return this.endOffset;
  }

  get count(): number {
    return this.records;
  }

  /** Its records may stand behind holes, across which the running hash cannot be followed. */
  get holes(): boolean {
    return this.start.kind !== 'plain';
  }

  /** Its sparse index, as it is stored. */
  get index(): SparseIndex {
    return this.points;
  }

  /** Adds a record of `size` bytes at the end; `hash` is the running hash after it. */
  add(index: number, size: number, hash: number): void {
    const { endIndex: last, endHash: before, endOffset: offset } = this;
    invariant(index > last && !this.sealed, 'records are added in order, at an open end');
    const newest = this.points.length - 1;
    const hole = index !== last + 1;
    const wide = newest < 0 || offset + size - this.points.offsetAt(newest) > this.intervalBytes;
    if (hole || wide) this.points.push(index - this.start.first, this.records, offset, before);
    this.records += 1;
    this.endIndex = index;
    this.endHash = hash;
    this.endOffset = offset + size;
    // One that was closed may become the last one again.
    this.summarised = false;
  }

  /** Keeps fewer points of the index, for a segment to which nothing is added any more. */
  thin(intervalBytes: number): void {
    this.points = this.points.thinned(intervalBytes);
  }

  /** How many records have an index below this one. */
  rank(index: number): number {
    const relative = index - this.start.first;
    const number = this.points.floorIndex(relative);
    if (number < 0) return 0;
    const next = number + 1 < this.points.length ? this.points.ordinalAt(number + 1) : this.records;
    return Math.min(this.points.ordinalAt(number) + relative - this.points.indexAt(number), next);
  }

  /** Index of the record with so many before it in this segment. */
  select(ordinal: number): number {
    const { points } = this;
    const number = points.floorOrdinal(ordinal);
    return this.start.first + points.indexAt(number) + ordinal - points.ordinalAt(number);
  }

  /** The point from which to look for an index, and the record before it. */
  floor(index: number): { readonly offset: number; readonly before: SegmentEnd } {
    const { points, start } = this;
    const number = this.pointFor(index);
    const last = number === 0 ? start.first - 1 : this.select(points.ordinalAt(number) - 1);
    const offset = points.offsetAt(number);
    return { offset, before: { index: last, hash: points.hashAt(number), offset } };
  }

  /** A byte at or before which every record up to `index` has ended. */
  ceiling(index: number): number {
    const next = this.points.floorIndex(index - this.start.first) + 1;
    return next < this.points.length ? this.points.offsetAt(next) : this.endOffset;
  }

  /** How many records from `from` on are surely within both limits. */
  reach(from: number, entriesMax: number, bytesMax: number): Reach {
    const { points } = this;
    const offset = points.offsetAt(this.pointFor(from));
    const whole = this.endOffset - offset <= bytesMax;
    const last = points.floorOffset(offset + bytesMax);
    const there = (whole ? this.records : points.ordinalAt(last)) - this.rank(from);
    const count = Math.max(Math.min(there, entriesMax), 0);
    const bytes = (whole ? this.endOffset : points.offsetAt(last)) - offset;
    return { count, bytes, whole: whole && there === count };
  }

  private pointFor(index: number): number {
    return Math.max(this.points.floorIndex(index - this.start.first), 0);
  }

  private endAt({ index, hash, offset }: SegmentEnd): void {
    this.endIndex = index;
    this.endHash = hash;
    this.endOffset = offset;
  }

  /** Forgets every record after this place, and takes no more. */
  cut(end: SegmentEnd): void {
    this.records = this.rank(end.index + 1);
    this.points.cut(this.points.floorIndex(end.index - this.start.first) + 1);
    this.endAt(end);
    this.sealed = true;
    this.outline = null;
    this.summarised = false;
  }
}

// What is known in memory of one segment: a run of the log that lies in one file (or, for a log in
// memory, in none). The rule: counts are exact, places are exact at the sparse index's points.

import { invariant } from '../core/invariant.ts';
import { SparseIndex } from './sparse-index.ts';

/** Where a segment begins. */
export interface SegmentStart {
  /** Index of its first record. */
  readonly first: number;
  /** Running hash before its first record. */
  readonly hashBefore: number;
  /** Bytes before its first record. */
  readonly dataStart: number;
  /** Position in the log that its byte 0 would have: `base` + offset is a record's position. */
  readonly base: number;
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

/** Invariant: the records that were added, less those cut off, in the order of their indexes. */
export class Segment {
  readonly start: SegmentStart;
  private readonly points = new SparseIndex();
  private readonly intervalBytes: number;
  private ending: SegmentEnd;
  private records = 0;
  /** No record is added to a segment that was cut, so that a write's length on disk, which may
   * reach beyond the cut, never covers a later write. */
  sealed = false;

  constructor(start: SegmentStart, intervalBytes: number) {
    this.start = start;
    this.intervalBytes = intervalBytes;
    this.ending = { index: start.first - 1, hash: start.hashBefore, offset: start.dataStart };
  }

  get end(): SegmentEnd {
    return this.ending;
  }

  get count(): number {
    return this.records;
  }

  /** Adds a record of `size` bytes at the end; `hash` is the running hash after it. */
  add(index: number, size: number, hash: number): void {
    const { index: last, hash: before, offset } = this.ending;
    invariant(index > last && !this.sealed, 'records are added in order, at an open end');
    const newest = this.points.length - 1;
    const hole = index !== last + 1;
    const wide = newest < 0 || offset + size - this.points.offsetAt(newest) > this.intervalBytes;
    if (hole || wide) this.points.push(index, this.records, offset, before);
    this.records += 1;
    this.ending = { index, hash, offset: offset + size };
  }

  /** How many records have an index below this one. */
  rank(index: number): number {
    const number = this.points.floorIndex(index);
    if (number < 0) return 0;
    const point = this.points.at(number);
    const next =
      number + 1 < this.points.length ? this.points.at(number + 1).ordinal : this.records;
    return Math.min(point.ordinal + index - point.index, next);
  }

  /** Index of the record with so many before it in this segment. */
  select(ordinal: number): number {
    const point = this.points.at(this.points.floorOrdinal(ordinal));
    return point.index + ordinal - point.ordinal;
  }

  /** The point from which to look for an index. */
  floor(index: number): { readonly offset: number; readonly before: SegmentEnd } {
    const point = this.points.at(Math.max(this.points.floorIndex(index), 0));
    const before = { index: point.index - 1, hash: point.hash, offset: point.offset };
    return { offset: point.offset, before };
  }

  /** A byte at or before which every record up to `index` has ended. */
  ceiling(index: number): number {
    const next = this.points.floorIndex(index) + 1;
    return next < this.points.length ? this.points.offsetAt(next) : this.ending.offset;
  }

  /** How many records from `from` on are surely within both limits. */
  reach(from: number, entriesMax: number, bytesMax: number): Reach {
    const { offset } = this.floor(from);
    const whole = this.ending.offset - offset <= bytesMax;
    const point = this.points.at(this.points.floorOffset(offset + bytesMax));
    const end = whole ? this.records : point.ordinal;
    const count = Math.max(Math.min(end - this.rank(from), entriesMax), 0);
    const bytes = (whole ? this.ending.offset : point.offset) - offset;
    return { count, bytes, whole: whole && end - this.rank(from) === count };
  }

  /** Forgets every record after this place, and takes no more. */
  cut(end: SegmentEnd): void {
    this.records = this.rank(end.index + 1);
    this.points.cut(this.points.floorIndex(end.index) + 1);
    this.ending = end;
    this.sealed = true;
  }
}

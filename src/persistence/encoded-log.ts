// The log as encoded records: where each stands, and the bytes of the recent ones. Shared by the
// durable log and the one in memory; it does no I/O. The rule: an entry becomes bytes once, on
// arrival, and is never kept as an object.

import { invariant } from '../core/invariant.ts';
import type { Entry } from '../core/operation.ts';
import { Catalog } from './catalog.ts';
import { ChunkBuilder } from './chunk.ts';
import type { Chunk } from './persistence.ts';
import {
  type Before,
  encodeRecord,
  HEADER_BYTES,
  PAYLOAD_BYTES_MAX,
  recordHash,
  recordIndex,
  recordSize,
} from './record.ts';
import { Segment, type SegmentEnd } from './segment.ts';
import { Tail } from './tail.ts';

/** How a log is laid out. All in bytes. */
export interface Layout {
  /** Before the first record of a segment. */
  readonly dataStart: number;
  /** A segment that would grow beyond this is closed, and another one begun. */
  readonly segmentBytes: number;
  /** Size of the blocks of the tail. */
  readonly blockBytes: number;
  /** Distance of the points of the sparse index. */
  readonly intervalBytes: number;
}

/** A run of whole records in one segment. */
export interface Piece {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
  readonly before: Before;
  /** The records, if they are in memory; null: they are on disk. */
  readonly spans: readonly Buffer[] | null;
}

/** What cutting the log back came to. */
export interface Cut {
  /** The last segment that stays, and where it ends now; null: nothing stays. */
  readonly keep: { readonly segment: Segment; readonly end: SegmentEnd } | null;
  readonly dropped: readonly Segment[];
  /** First and last index of what was cut off. */
  readonly from: number;
  readonly to: number;
  /** The records that were cut off; the first piece may begin with some that stay. */
  readonly pieces: readonly Piece[];
}

/** Finds the records of a piece that is on disk, at once. */
export type ReadNow = (piece: Piece) => Buffer;

export class EncodedLog {
  readonly catalog = new Catalog();
  readonly tail: Tail;
  private readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
    this.tail = new Tail(layout.blockBytes);
  }

  append(entry: Entry): void {
    const text = JSON.stringify(entry);
    const length = Buffer.byteLength(text);
    invariant(length <= PAYLOAD_BYTES_MAX, 'an entry fits into a record');
    invariant(entry.index > this.catalog.lastIndex, 'entries are appended in order');
    const size = HEADER_BYTES + length;
    const segment = this.segmentFor(entry.index, size);
    const block = this.tail.room(size);
    const hash = encodeRecord(block.bytes, block.used, text, length, entry, segment.end.hash);
    this.tail.took(size);
    segment.add(entry.index, size, hash);
  }

  /** Begins a segment at the end of the log. */
  begin(first: number): Segment {
    const { dataStart, intervalBytes } = this.layout;
    const base = this.tail.end - dataStart;
    const start = { first, hashBefore: this.catalog.hash, dataStart, base };
    const segment = new Segment(start, intervalBytes);
    this.catalog.push(segment);
    return segment;
  }

  /** Takes over a record that was read from disk into the last segment. */
  adopt(segment: Segment, bytes: Buffer, at: number): void {
    const size = recordSize(bytes, at);
    this.tail.adopt(bytes, at, size);
    segment.add(recordIndex(bytes, at), size, recordHash(bytes, at));
  }

  /** Where the entries `from`…`to` lie; the first and last piece may hold neighbours too. */
  pieces(from: number, to: number): Piece[] {
    const found: Piece[] = [];
    for (const segment of this.catalog.covering(from, to)) {
      const { offset, before } = segment.floor(from);
      found.push(...this.split(segment, offset, segment.ceiling(to), before));
    }
    return found;
  }

  /** The entries `from`…`to`, whose pieces are all in memory. */
  chunk(from: number, to: number, pieces: readonly Piece[]): Chunk {
    const builder = new ChunkBuilder(from, to, pieces);
    for (const piece of pieces) for (const span of piece.spans ?? []) builder.addSpan(span);
    return builder.chunk();
  }

  /** Drops all entries after `after`; null if there are none. */
  cut(after: number, readNow: ReadNow): Cut | null {
    const { catalog, tail } = this;
    const to = catalog.lastIndex;
    if (after >= to) return null;
    const pieces = this.pieces(after + 1, to);
    const ends = this.ending(after, readNow);
    const dropped = catalog.dropAfter(after);
    const segment = catalog.last;
    if (segment !== undefined && ends !== null) segment.cut(ends);
    tail.cut(segment === undefined ? 0 : segment.start.base + segment.end.offset);
    const keep = segment === undefined ? null : { segment, end: segment.end };
    return { keep, dropped, from: after + 1, to, pieces };
  }

  /** The place after the last record up to `after`, if records behind it share its segment. */
  private ending(after: number, readNow: ReadNow): SegmentEnd | null {
    const segment = this.catalog.covering(after, after).at(-1);
    if (segment === undefined || segment.end.index <= after) return null;
    let { index, hash, offset } = segment.floor(after).before;
    for (const piece of this.split(segment, offset, segment.ceiling(after), { index, hash })) {
      for (const span of piece.spans ?? [readNow(piece)]) {
        for (let at = 0; at < span.length; at += recordSize(span, at)) {
          if (recordIndex(span, at) > after) break;
          index = recordIndex(span, at);
          hash = recordHash(span, at);
          offset += recordSize(span, at);
        }
      }
    }
    return { index, hash, offset };
  }

  /** The part of a segment between two offsets: what is on disk only, and what is in memory. */
  private split(segment: Segment, start: number, end: number, before: Before): Piece[] {
    const { base } = segment.start;
    const border = Math.min(Math.max(this.tail.start - base, start), end);
    const pieces: Piece[] = [];
    if (start < border) pieces.push({ segment, start, end: border, before, spans: null });
    if (border < end) {
      const spans = this.tail.spans(base + border, base + end);
      pieces.push({ segment, start: border, end, before, spans });
    }
    return pieces;
  }

  private segmentFor(index: number, size: number): Segment {
    const last = this.catalog.last;
    if (last === undefined || last.sealed) return this.begin(index);
    const full = last.end.offset + size > this.layout.segmentBytes;
    return full && last.count > 0 ? this.begin(index) : last;
  }
}

// The log as encoded records: where each stands, and the bytes of the recent ones. Shared by the
// durable log and the one in memory; it does no I/O. The rule: an entry becomes bytes once, on
// arrival, and is never kept as an object.

import { invariant } from '../../core/invariant.ts';
import { HOLE_MAX } from '../../core/log/log.ts';
import type { LogPoint } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import type { Chunk } from '../persistence.ts';
import { ChunkBuilder } from '../record/chunk.ts';
import {
  type Before,
  encodeRecord,
  HEADER_BYTES,
  PAYLOAD_BYTES_MAX,
  recordHash,
  recordIndex,
  recordSize,
} from '../record/record.ts';
import { StoredEntry } from '../record/stored-entry.ts';
import { type Change, Notability, Outline } from '../segment/outline.ts';
import type { StoredOutline } from '../segment/outline-file.ts';
import { Segment, type SegmentEnd } from '../segment/segment.ts';
import type { SegmentKind } from '../segment/segment-file.ts';
import { type Summary, segmentOf } from '../segment/summary.ts';
import { Catalog } from './catalog.ts';
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
  /** Whether segments are kept in outline: for logs that are read again. */
  readonly outlined: boolean;
}

/** By so much a segment may grow for the rest of a batch: more than a batch can have. */
const BATCH_ROOM_BYTES = 32 << 20;

/** A run of whole records in one segment. */
export interface Piece {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
  readonly before: Before;
  /** Records may be missing between those that are there. */
  readonly holes: boolean;
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
  /** Which entries a start must look at. */
  readonly notability = new Notability();
  private readonly layout: Layout;
  /** Last index of the batch that was begun last. */
  private batchEnd = 0;

  constructor(layout: Layout) {
    this.layout = layout;
    this.tail = new Tail(layout.blockBytes);
  }

  /** `holes`: the running hash after each of the entries before which something is missing. */
  appendAll(entries: readonly Entry[], holes: readonly LogPoint[]): void {
    let hole = 0;
    for (const entry of entries) {
      while (hole < holes.length && holes[hole]!.index < entry.index) hole += 1;
      const carried = holes[hole]?.index === entry.index ? holes[hole]!.hash : undefined;
      this.append(entry, carried);
    }
  }

  /** `carried`: the running hash after the entry, where what stood before it in another log was
   * compacted away there. */
  append(entry: Entry, carried?: number): void {
    const text = entry instanceof StoredEntry ? entry : JSON.stringify(entry);
    const length = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
    invariant(length <= PAYLOAD_BYTES_MAX, 'an entry fits into a record');
    invariant(entry.index > this.catalog.lastIndex, 'entries are appended in order');
    const size = HEADER_BYTES + length;
    const behindHole = carried !== undefined && entry.index > this.catalog.lastIndex + 1;
    const segment = this.segmentFor(entry, size, behindHole);
    const block = this.tail.room(size);
    const before = segment.hash;
    const hash = encodeRecord(
      block.bytes,
      block.used,
      text,
      length,
      entry,
      before,
      behindHole ? carried : undefined,
    );
    this.tail.took(size);
    segment.outline?.add(entry.index, entry.epoch, segment.offset, this.changeOf(entry));
    segment.add(entry.index, size, hash);
  }

  private changeOf(entry: Entry): Change {
    if (!(entry instanceof StoredEntry)) return this.notability.of(entry);
    // With a key it begins no batch: the key itself need not be looked at.
    return entry.plain ? this.notability.ofPlain(entry.index) : 'requests';
  }

  /** Begins a segment at the end of the log. */
  begin(first: number, kind: SegmentKind = 'plain'): Segment {
    const { dataStart, intervalBytes } = this.layout;
    const base = this.tail.end - dataStart;
    const start = { first, hashBefore: this.catalog.hash, dataStart, base, kind };
    const segment = new Segment(start, intervalBytes);
    if (this.layout.outlined) segment.outline = new Outline(dataStart);
    this.catalog.push(segment);
    return segment;
  }

  /** Takes over what an outline covers of a segment at the end of the log; it stays on disk. */
  adopt(first: number, kind: SegmentKind, outline: StoredOutline): Segment {
    const { dataStart, intervalBytes } = this.layout;
    const base = this.tail.end - dataStart;
    const start = { first, hashBefore: this.catalog.hash, dataStart, base, kind };
    const segment = Segment.outlined(start, outline, intervalBytes);
    this.catalog.push(segment);
    this.tail.skip(outline.reached.end.offset - dataStart);
    return segment;
  }

  /** Takes over a segment at the end of the log that stays on disk. */
  restore(summary: Summary): void {
    const { dataStart, intervalBytes } = this.layout;
    this.catalog.push(segmentOf(summary, this.tail.end - dataStart, intervalBytes));
    this.notability.restore(summary.open);
    this.tail.skip(summary.fileBytes - dataStart);
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
    this.batchEnd = 0;
    const pieces = this.pieces(after + 1, to);
    const ends = this.ending(after, readNow);
    const dropped = catalog.dropAfter(after);
    const segment = catalog.last;
    if (segment !== undefined && ends !== null) segment.cut(ends);
    if (segment !== undefined && dropped.length > 0) {
      // What was closed stays closed: in the background it is read, and replaced, as one that is.
      segment.sealed = true;
      // On disk the cut removes it, wherever it ends.
      segment.summarised = false;
    }
    tail.cut(segment === undefined ? 0 : segment.start.base + segment.end.offset);
    const keep = segment === undefined ? null : { segment, end: segment.end };
    return { keep, dropped, from: after + 1, to, pieces };
  }

  /** The place after the last record up to `after`, if records behind it share its segment. */
  private ending(after: number, readNow: ReadNow): SegmentEnd | null {
    const segment = this.catalog.covering(after, after).at(-1);
    if (segment === undefined || segment.end.index <= after) return null;
    if (segment.rank(after + 1) === 0) return null;
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
    const { holes } = segment;
    if (start < border) pieces.push({ segment, start, end: border, before, holes, spans: null });
    if (border < end) {
      const spans = this.tail.spans(base + border, base + end);
      pieces.push({ segment, start: border, end, before, holes, spans });
    }
    return pieces;
  }

  /** A batch is not divided between segments, so that what folding one comes to needs no other. */
  private segmentFor(entry: Entry, size: number, behindHole: boolean): Segment {
    const { index, batch = 1 } = entry;
    const inBatch = index <= this.batchEnd;
    if (batch > 1) this.batchEnd = index + batch - 1;
    const { last, lastIndex } = this.catalog;
    // A hole at the beginning of a segment belongs to it.
    if (behindHole && last?.start.kind !== 'holes') return this.begin(lastIndex + 1, 'holes');
    // What a segment knows of its records' places has 32 bits.
    const near = inBatch || index - (last?.start.first ?? index) <= HOLE_MAX;
    const open = near && last !== undefined && !last.sealed && last.start.kind !== 'compacted';
    const limit = this.layout.segmentBytes + (inBatch ? BATCH_ROOM_BYTES : 0);
    if (open && (last.count === 0 || last.offset + size <= limit)) return last;
    return behindHole ? this.begin(lastIndex + 1, 'holes') : this.begin(index);
  }
}

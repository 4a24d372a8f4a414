// The outline of a segment that has no summary yet, in the file in which the summary will be. It is
// continued now and then, at the time of a write of records; a power cut may take any of it. The
// rule: it counts as far as the segment's bytes have its checksums. All numbers are little-endian.
//
//   0  magic "replogou", then the parts, each:
//
//   0  checksum of all that follows, crc32
//   4  length of the head, 32 bits
//   8  length of head and numbers, 32 bits
//  12  the head: JSON (`Head`); points of the sparse index; places of notable records, 32 bits each

import { crc32 } from 'node:zlib';
import type { EpochStart } from '../../core/log/log.ts';
import { codeOf, type Disk, readAll, withFile } from '../disk/disk.ts';
import type { OutlineParts, Reached } from './outline.ts';
import type { Segment } from './segment.ts';
import { type SegmentKind, segmentName } from './segment-file.ts';
import { SparseIndex } from './sparse-index.ts';
import { summaryName } from './summary.ts';

const MAGIC = Buffer.from('replogou', 'latin1');
const PREFIX_BYTES = 12;

/** An outline takes a hundredth of its segment, or a fifth of one in which all is notable. */
const FILE_BYTES_MAX = 64 << 20;

interface Head {
  readonly first: number;
  readonly kind: SegmentKind;
  readonly hashBefore: number;
  /** Behind which byte of the segment it goes on. */
  readonly from: number;
  readonly reached: Reached;
  readonly epochs: readonly EpochStart[];
  /** How many numbers are points. */
  readonly points: number;
}

/** A part of an outline as it was found. */
export interface StoredPart extends Head {
  /** Numbers of points of the sparse index. */
  readonly index: Uint32Array;
  readonly notable: Uint32Array;
  /** Where it ends in its file. */
  readonly fileEnd: number;
}

/** An outline up to one of its parts. */
export interface StoredOutline extends OutlineParts {
  readonly points: SparseIndex;
  readonly fileBytes: number;
}

/** What a segment's outline says beyond what was written of it: for the end of its file. */
export function encodePart(segment: Segment): Buffer | null {
  const { outline } = segment;
  if (outline === null) return null;
  const { end: from, fileBytes } = outline.written;
  const { reached, epochs, notable } = outline.partsAfter(outline.written);
  const { first, kind, hashBefore } = segment.start;
  const index = segment.index.between(from, reached.end.offset);
  const head: Head = { first, kind, hashBefore, from, reached, epochs, points: index.length };
  const text = Buffer.from(JSON.stringify(head));
  const body = Buffer.concat([text, bytesOf(index), bytesOf(Uint32Array.from(notable))]);
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix.writeUInt32LE(text.length, 4);
  prefix.writeUInt32LE(body.length, 8);
  prefix.writeUInt32LE(crc32(body, crc32(prefix.subarray(4))), 0);
  return Buffer.concat(fileBytes === 0 ? [MAGIC, prefix, body] : [prefix, body]);
}

/** Reads the outline of a segment: the parts that are whole and follow one another. */
export async function readOutline(disk: Disk, segment: Expected): Promise<StoredPart[]> {
  const name = summaryName(segmentName(segment.first));
  try {
    return await withFile(disk, name, 'read', async (file) => {
      const bytes = Buffer.allocUnsafeSlow(Math.min(await file.size(), FILE_BYTES_MAX));
      return partsIn(bytes.subarray(0, await readAll(file, bytes, 0)), segment);
    });
  } catch (error) {
    // Without it every record is looked at; what is wrong with the disk shows there as well.
    if (codeOf(error) !== undefined) return [];
    throw error;
  }
}

/** What is known of a segment before its records are looked at. */
export interface Expected {
  readonly first: number;
  readonly kind: SegmentKind;
  readonly hashBefore: number;
  /** Where its records begin. */
  readonly dataStart: number;
}

function partsIn(bytes: Buffer, segment: Expected): StoredPart[] {
  const parts: StoredPart[] = [];
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return parts;
  let at = MAGIC.length;
  let from = segment.dataStart;
  while (at + PREFIX_BYTES <= bytes.length) {
    const part = partAt(bytes, at);
    if (part === null || part.from !== from) break;
    const { first, kind, hashBefore } = part;
    const same = first === segment.first && kind === segment.kind;
    if (!same || hashBefore !== segment.hashBefore) break;
    parts.push(part);
    at = part.fileEnd;
    from = part.reached.end.offset;
  }
  return parts;
}

function partAt(bytes: Buffer, at: number): StoredPart | null {
  const start = at + PREFIX_BYTES;
  const text = start + bytes.readUInt32LE(at + 4);
  const fileEnd = start + bytes.readUInt32LE(at + 8);
  if (text > fileEnd || fileEnd > bytes.length) return null;
  if (crc32(bytes.subarray(at + 4, fileEnd)) !== bytes.readUInt32LE(at)) return null;
  const head = JSON.parse(bytes.toString('utf8', start, text)) as Head;
  const numbers = new Uint32Array((fileEnd - text) / 4);
  bytes.copy(Buffer.from(numbers.buffer), 0, text, fileEnd);
  const index = numbers.subarray(0, head.points);
  return { ...head, index, notable: numbers.subarray(head.points), fileEnd };
}

/** Puts the parts of an outline together. */
export function joined(parts: readonly StoredPart[]): StoredOutline | null {
  const last = parts.at(-1);
  if (last === undefined) return null;
  const numbers = new Uint32Array(parts.reduce((sum, { index }) => sum + index.length, 0));
  let filled = 0;
  for (const { index } of parts) {
    numbers.set(index, filled);
    filled += index.length;
  }
  return {
    reached: last.reached,
    epochs: parts.flatMap(({ epochs }) => epochs),
    notable: parts.flatMap(({ notable }) => [...notable]),
    points: SparseIndex.stored(numbers),
    fileBytes: last.fileEnd,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

// A closed segment in brief, in a file beside it (`log-<first>.sum`), so that a start does not read
// the segment. The rule: it is derived; one that is missing, damaged or of another file is made
// anew, and never trusted. All numbers are little-endian.
//
//   0  magic    "replogsu"
//   8  version  32 bits, 1 or 2
//  12  length   of the head, 32 bits
//  16  checksum crc32 of the head
//  20  0
//  24  the head: JSON (`Head`), then the sections: points, keys, requests

import { crc32 } from 'node:zlib';
import type { OpenRequest } from '../../core/log/deduplication.ts';
import type { BatchRange, FoldedRun } from '../../core/log/ledger.ts';
import type { EpochStart } from '../../core/log/log.ts';
import { codeOf, type Disk, type DiskFile, readAll, withFile, writeAll } from '../disk/disk.ts';
import { writeWhole } from '../disk/unfinished.ts';
import type { Digest } from './digest.ts';
import { Segment } from './segment.ts';
import { FILE_HEADER_BYTES, type SegmentKind } from './segment-file.ts';
import { SparseIndex } from './sparse-index.ts';
import { type EncodedFolds, StoredFolds, sectionOf } from './stored-folds.ts';

const MAGIC = Buffer.from('replogsu', 'latin1');
/** Raised whenever what a summary says is reckoned in another way, fingerprints of requests too:
 * programs that do not know the version make the summary anew. */
const VERSION = 2;
/** Like the present version, but for the fingerprint of a put whose key contains U+0000. */
const EARLIER = 1;
/** How U+0000 stands in the keys of a summary. */
const NUL = '\\u0000';
const PREFIX_BYTES = 24;

/** A head is small; one that claims more is no head. */
const HEAD_BYTES_MAX = 16 << 20;

/** Points further apart than while the segment is written to: 0.05 % of the log. */
export const CLOSED_INTERVAL_BYTES: number = 32 << 10;

/** Suffix of a summary; the rest of its name is that of the segment. */
export const SUMMARY = '.sum';

export function summaryName(segmentName: string): string {
  return segmentName.replace(/\.seg$/, SUMMARY);
}

interface Section {
  readonly bytes: number;
  readonly checksum: number;
}

interface Head {
  /** Length of the segment's file. */
  readonly fileBytes: number;
  readonly kind: SegmentKind;
  readonly first: number;
  readonly hashBefore: number;
  readonly count: number;
  readonly last: number;
  readonly hash: number;
  /** Where the last record begins. */
  readonly lastOffset: number;
  readonly epochs: readonly EpochStart[];
  readonly batch: BatchRange | null;
  readonly open: OpenRequest | null;
  readonly keyCount: number;
  /** Records that write or remove a key. */
  readonly keyed: number;
  /** Those of them that carry an idempotency key. Earlier programs did not say. */
  readonly keyedRequests?: number;
  readonly requestCount: number;
  /** Points, keys, requests. */
  readonly sections: readonly Section[];
}

/** What is known of a closed segment without reading it. */
export interface Summary extends Head {
  readonly version: number;
  readonly points: SparseIndex;
  /** Where its sections begin. */
  readonly headBytes: number;
}

/** What a summary says beside what is known of the segment in memory. */
export interface Described {
  readonly digest: Digest;
  /** Where the last record begins. */
  readonly lastOffset: number;
  readonly folds: EncodedFolds;
}

/** Writes the summary of a closed segment. Its file appears under its name complete, or not. */
export async function writeSummary(
  disk: Disk,
  name: string,
  segment: Segment,
  { digest, lastOffset, folds }: Described,
): Promise<void> {
  const { first, hashBefore, kind } = segment.start;
  const { index: last, hash, offset } = segment.end;
  const sections = [sectionOf([pointsOf(segment)]), folds.keys, folds.requests];
  const head: Head = {
    fileBytes: offset,
    kind,
    first,
    hashBefore,
    count: segment.count,
    last,
    hash,
    lastOffset,
    epochs: digest.epochs,
    batch: digest.batch,
    open: digest.open,
    keyCount: folds.keys.count,
    keyed: digest.keyed,
    keyedRequests: digest.keyedRequests,
    requestCount: folds.requests.count,
    sections: sections.map(({ bytes, checksum }) => ({ bytes, checksum })),
  };
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix.writeUInt32LE(VERSION, 8);
  prefix.writeUInt32LE(text.length, 12);
  prefix.writeUInt32LE(crc32(text), 16);
  await writeWhole(disk, name, (file) =>
    writeAll(file, [prefix, text, ...sections.flatMap(({ parts }) => parts)], 0),
  );
}

/** Reads a summary but for its keys and requests; null if there is none that can be used. */
export async function readSummary(disk: Disk, name: string): Promise<Summary | null> {
  try {
    return await withFile(disk, name, 'read', async (file) => {
      const prefix = await part(file, 0, PREFIX_BYTES);
      if (prefix === null || !prefix.subarray(0, 8).equals(MAGIC)) return null;
      const length = prefix.readUInt32LE(12);
      const version = prefix.readUInt32LE(8);
      if (version !== VERSION && version !== EARLIER) return null;
      if (length > HEAD_BYTES_MAX) return null;
      const text = await part(file, PREFIX_BYTES, length);
      if (text === null || crc32(text) !== prefix.readUInt32LE(16)) return null;
      const head = JSON.parse(text.toString('utf8')) as Head;
      const points = await section(file, head, 0, length);
      if (points === null) return null;
      const numbers = new Uint32Array(points.length / 4);
      Buffer.from(numbers.buffer).set(points);
      const index = SparseIndex.stored(numbers);
      return Object.assign(head, { version, headBytes: length, points: index });
    });
  } catch (error) {
    // One that is not there, or cannot be read, is made anew; what is wrong with the disk shows in
    // the segment as well.
    if (codeOf(error) !== undefined) return null;
    throw error;
  }
}

/** What folding the segment came to, read from its summary; null if that is damaged, or reckoned in
 * another way than today. Requests only if they are asked for. */
export async function readFolds(
  disk: Disk,
  name: string,
  summary: Summary,
  withRequests: boolean,
): Promise<FoldedRun | null> {
  const { headBytes } = summary;
  let keys: Buffer | null = Buffer.alloc(0);
  let requests: Buffer | null = Buffer.alloc(0);
  const wanted = withRequests && summary.requestCount > 0;
  if (summary.keyCount > 0 || wanted) {
    await withFile(disk, name, 'read', async (file) => {
      if (summary.keyCount > 0) keys = await section(file, summary, 1, headBytes);
      if (wanted) requests = await section(file, summary, 2, headBytes);
    });
  }
  if (keys === null || requests === null) return null;
  if (wanted && summary.version === EARLIER && keys.includes(NUL)) return null;
  return new StoredFolds(summary, keys, requests);
}

/** The segment as it was when its summary was written. */
export function segmentOf(summary: Summary, base: number, intervalBytes: number): Segment {
  const { first, hashBefore, kind, last, hash, fileBytes, count, points } = summary;
  const start = { first, hashBefore, kind, base, dataStart: FILE_HEADER_BYTES };
  const end = { index: last, hash, offset: fileBytes };
  return Segment.restored({ start, end, count, points }, intervalBytes);
}

async function section(
  file: DiskFile,
  head: Head,
  number: number,
  headBytes: number,
): Promise<Buffer | null> {
  let start = PREFIX_BYTES + headBytes;
  for (const { bytes } of head.sections.slice(0, number)) start += bytes;
  const { bytes, checksum } = head.sections[number]!;
  const found = await part(file, start, bytes);
  return found !== null && crc32(found) === checksum ? found : null;
}

async function part(file: DiskFile, start: number, bytes: number): Promise<Buffer | null> {
  const found = Buffer.allocUnsafe(bytes);
  return (await readAll(file, found, start)) === bytes ? found : null;
}

function pointsOf(segment: Segment): Buffer {
  const { stored } = segment.index;
  return Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
}

// A closed segment in brief, in a file beside it (`log-<first>.sum`), so that a start does not read
// the segment. The rule: it is derived; one that is missing, damaged or of another file is made
// anew, and never trusted. Its sections: points, keys, requests.

import type { OpenRequest } from '../core/deduplication.ts';
import { type LogIndex, logIndex } from '../core/ids.ts';
import type { BatchRange, FoldedRun } from '../core/ledger.ts';
import type { EpochStart } from '../core/log.ts';
import type { Digest } from './digest.ts';
import { type Disk, withFile } from './disk.ts';
import {
  bytesOf,
  readHead,
  readNumbers,
  readSection,
  type Sectioned,
  withSections,
  writeSections,
} from './sections.ts';
import { Segment } from './segment.ts';
import { FILE_HEADER_BYTES, type SegmentKind } from './segment-file.ts';
import { SparseIndex } from './sparse-index.ts';

const MAGIC = Buffer.from('replogsu', 'latin1');

/** Points further apart than while the segment is written to: 0.05 % of the log. */
export const CLOSED_INTERVAL_BYTES: number = 32 << 10;

/** Suffix of a summary; the rest of its name is that of the segment. */
export const SUMMARY = '.sum';

export function summaryName(segmentName: string): string {
  return segmentName.replace(/\.seg$/, SUMMARY);
}

interface Head extends Sectioned {
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
  readonly requestCount: number;
}

/** What is known of a closed segment without reading it. */
export interface Summary extends Head {
  readonly points: SparseIndex;
  /** Where its sections begin. */
  readonly headBytes: number;
}

/** Writes the summary of a closed segment. Its file appears under its name complete, or not. */
export async function writeSummary(
  disk: Disk,
  name: string,
  segment: Segment,
  lastOffset: number,
  digest: Digest,
): Promise<void> {
  const { first, hashBefore, kind } = segment.start;
  const { index: last, hash, offset } = segment.end;
  const head: Omit<Head, 'sections'> = {
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
    keyCount: digest.keyCount,
    keyed: digest.keyed,
    requestCount: digest.requestCount,
  };
  const sections = [bytesOf(segment.index.stored), keysOf(digest, first), requestsOf(digest)];
  await writeSections(disk, { name, unfinished: `${name}.tmp`, magic: MAGIC }, head, sections);
}

/** Reads a summary but for its keys and requests; null if there is none that can be used. */
export function readSummary(disk: Disk, name: string): Promise<Summary | null> {
  return withSections(disk, name, async (file) => {
    const found = await readHead<Head>(file, MAGIC);
    const numbers = found && (await readNumbers(file, found, 0));
    if (found === null || numbers === null) return null;
    const points = new SparseIndex(numbers, numbers.length / 4);
    return { ...found.head, headBytes: found.headBytes, points };
  });
}

/** What folding the segment came to, read from its summary; null if that is damaged. Requests only
 * if they are asked for. */
export async function readFolds(
  disk: Disk,
  name: string,
  summary: Summary,
  withRequests: boolean,
): Promise<FoldedRun | null> {
  const found = { head: summary, headBytes: summary.headBytes };
  let keys: Buffer | null = Buffer.alloc(0);
  let requests: Buffer | null = Buffer.alloc(0);
  const wanted = withRequests && summary.requestCount > 0;
  if (summary.keyCount > 0 || wanted) {
    await withFile(disk, name, 'read', async (file) => {
      if (summary.keyCount > 0) keys = await readSection(file, found, 1);
      if (wanted) requests = await readSection(file, found, 2);
    });
  }
  if (keys === null || requests === null) return null;
  return new StoredRun(summary, keys, requests);
}

/** The segment as it was when its summary was written. */
export function segmentOf(summary: Summary, base: number, intervalBytes: number): Segment {
  const { first, hashBefore, kind, last, hash, fileBytes, count, points } = summary;
  const start = { first, hashBefore, kind, base, dataStart: FILE_HEADER_BYTES };
  const end = { index: last, hash, offset: fileBytes };
  return Segment.restored({ start, end, count, points }, intervalBytes);
}

/** For each key a number of 64 bits: its index above the segment's first, doubled, and 1 more if it
 * has a value; then the keys as a JSON array. */
function keysOf(digest: Digest, first: number): Buffer {
  if (digest.keyCount === 0) return Buffer.alloc(0);
  const numbers = Buffer.allocUnsafe(digest.keyCount * 8);
  const keys: string[] = [];
  digest.eachKey((key, index, present) => {
    numbers.writeDoubleLE((index - first) * 2 + (present ? 1 : 0), keys.length * 8);
    keys.push(key);
  });
  return Buffer.concat([numbers, Buffer.from(JSON.stringify(keys))]);
}

/** For each request three numbers of 64 bits: first index, count, fingerprint; then the keys. */
function requestsOf(digest: Digest): Buffer {
  if (digest.requestCount === 0) return Buffer.alloc(0);
  const numbers = Buffer.allocUnsafe(digest.requestCount * 24);
  const keys: string[] = [];
  digest.eachRequest((key, first, count, fingerprint) => {
    const at = keys.length * 24;
    numbers.writeDoubleLE(first, at);
    numbers.writeDoubleLE(count, at + 8);
    numbers.writeDoubleLE(fingerprint, at + 16);
    keys.push(key);
  });
  return Buffer.concat([numbers, Buffer.from(JSON.stringify(keys))]);
}

class StoredRun implements FoldedRun {
  readonly last: LogIndex;
  readonly batch: BatchRange | null;
  readonly open: OpenRequest | null;
  private readonly summary: Summary;
  private readonly keys: Buffer;
  private readonly requests: Buffer;

  constructor(summary: Summary, keys: Buffer, requests: Buffer) {
    this.last = logIndex(summary.last);
    this.batch = summary.batch;
    this.open = summary.open;
    this.summary = summary;
    this.keys = keys;
    this.requests = requests;
  }

  eachKey(visit: (key: string, index: LogIndex, present: boolean) => void): void {
    const { keyCount, first } = this.summary;
    for (const [i, key] of texts(this.keys, keyCount * 8).entries()) {
      const number = this.keys.readDoubleLE(i * 8);
      visit(key, logIndex(first + Math.floor(number / 2)), number % 2 === 1);
    }
  }

  eachRequest(
    visit: (key: string, first: LogIndex, count: number, fingerprint: number) => void,
  ): void {
    const { requests } = this;
    for (const [i, key] of texts(requests, this.summary.requestCount * 24).entries()) {
      const first = logIndex(requests.readDoubleLE(i * 24));
      const count = requests.readDoubleLE(i * 24 + 8);
      visit(key, first, count, requests.readDoubleLE(i * 24 + 16));
    }
  }
}

function texts(section: Buffer, start: number): string[] {
  if (section.length === 0) return [];
  return JSON.parse(section.subarray(start).toString('utf8')) as string[];
}

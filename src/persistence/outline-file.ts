// The outline of a segment that has no summary yet, in the file in which the summary will be. The
// rule: it counts only if all the bytes that it covers have its checksum; else every record of the
// segment is looked at. Its sections: points of the sparse index, places of notable records.

import { crc32 } from 'node:zlib';
import type { EpochStart } from '../core/log.ts';
import { type Disk, type DiskFile, readAll } from './disk.ts';
import type { OutlineParts } from './outline.ts';
import { HEADER_BYTES, recordSize } from './record.ts';
import {
  bytesOf,
  readHead,
  readNumbers,
  type Sectioned,
  withSections,
  writeSections,
} from './sections.ts';
import type { Segment } from './segment.ts';
import { FILE_HEADER_BYTES, type SegmentKind, segmentName } from './segment-file.ts';
import { SparseIndex } from './sparse-index.ts';
import { summaryName } from './summary.ts';
import { WINDOW_BYTES } from './walk.ts';

const MAGIC = Buffer.from('replogou', 'latin1');

/** Records no further apart are read together: more calls would cost more than the bytes. */
const NEAR_BYTES = 16 << 10;

interface Head extends Sectioned {
  readonly first: number;
  readonly kind: SegmentKind;
  readonly hashBefore: number;
  readonly count: number;
  readonly last: number;
  readonly hash: number;
  /** Up to which byte of the file it goes. */
  readonly end: number;
  readonly lastOffset: number;
  readonly checksum: number;
  readonly epochs: readonly EpochStart[];
}

/** An outline as it was found. */
export interface StoredOutline extends OutlineParts {
  readonly first: number;
  readonly kind: SegmentKind;
  readonly hashBefore: number;
  readonly points: SparseIndex;
}

/** Writes the outline of a segment as far as it covers it, if it has one. */
export async function writeOutline(disk: Disk, segment: Segment): Promise<void> {
  const parts = segment.outline?.parts();
  if (parts === undefined) return;
  const { first, kind, hashBefore } = segment.start;
  const { reached, checksum, epochs, notable } = parts;
  const { index: last, hash, offset: end } = reached.end;
  const { count, lastOffset } = reached;
  const head: Omit<Head, 'sections'> = {
    ...{ first, kind, hashBefore, count, last, hash, end, lastOffset, checksum, epochs },
  };
  const sections = [bytesOf(segment.index.before(end)), bytesOf(Uint32Array.from(notable))];
  const name = summaryName(segmentName(first));
  const unfinished = `${name}.outline.tmp`;
  await writeSections(disk, { name, unfinished, magic: MAGIC }, head, sections);
}

/** Reads the outline of a segment; null if there is none that can be used. */
export function readOutline(disk: Disk, first: number): Promise<StoredOutline | null> {
  return withSections(disk, summaryName(segmentName(first)), async (file) => {
    const found = await readHead<Head>(file, MAGIC);
    if (found === null) return null;
    const points = await readNumbers(file, found, 0);
    const notable = await readNumbers(file, found, 1);
    if (points === null || notable === null) return null;
    const { last: index, hash, end: offset, count, lastOffset, ...head } = found.head;
    const reached = { end: { index, hash, offset }, count, lastOffset };
    return { ...head, reached, notable, points: new SparseIndex(points, points.length / 4) };
  });
}

/** Called between two windows of a file that is read. */
type Pause = () => Promise<void> | void;

/** Crc32 of the records of a segment up to byte `end`; of fewer bytes, if it ends before. */
export async function checksumOf(
  file: DiskFile,
  end: number,
  windowBytes: number = WINDOW_BYTES,
  pause: Pause = () => undefined,
): Promise<number> {
  const window = Buffer.allocUnsafeSlow(Math.min(windowBytes, end - FILE_HEADER_BYTES));
  let checksum = 0;
  for (let at = FILE_HEADER_BYTES; at < end; at += window.length) {
    const wanted = window.subarray(0, Math.min(window.length, end - at));
    checksum = crc32(wanted.subarray(0, await readAll(file, wanted, at)), checksum);
    await pause();
  }
  return checksum;
}

/** Shows the records that begin at these places, and end before `end`. Their bytes, known to be
 * what was written, are only lent. */
export async function visitAt(
  file: DiskFile,
  places: ArrayLike<number>,
  end: number,
  visit: (bytes: Buffer, at: number, offset: number) => void,
  windowBytes: number = WINDOW_BYTES,
  pause: Pause = () => undefined,
): Promise<void> {
  if (places.length === 0) return;
  const window = Buffer.allocUnsafeSlow(Math.min(windowBytes, end - places[0]!));
  for (let i = 0; i < places.length; ) {
    const start = places[i]!;
    const wanted = Math.min(runOf(places, i), window.length, end - start);
    const bytes = window.subarray(0, wanted);
    await readAll(file, bytes, start);
    const before = i;
    for (; i < places.length; i += 1) {
      const at = places[i]! - start;
      if (at + HEADER_BYTES > bytes.length || at + recordSize(bytes, at) > bytes.length) break;
      visit(bytes, at, places[i]!);
    }
    if (i === before) {
      const large = Buffer.allocUnsafeSlow(recordSize(bytes, 0));
      await readAll(file, large, start);
      visit(large, 0, start);
      i += 1;
    }
    await pause();
  }
}

/** How many bytes to read at the place `i`: as long as the next one is near, it comes along. */
function runOf(places: ArrayLike<number>, i: number): number {
  let last = i;
  while (last + 1 < places.length && places[last + 1]! - places[last]! <= NEAR_BYTES) last += 1;
  return places[last]! - places[i]! + NEAR_BYTES;
}

// Reads a segment with the help of its outline: all of its bytes for their checksum, in large
// pieces, and after that only the records that are notable. The rule: nothing is told of a record
// before all bytes that the outline covers were found to be what was written; and since it is read
// once more then, by its own checksums again.

import { crc32 } from 'node:zlib';
import { type DiskFile, readAll } from '../disk/disk.ts';
import { DamagedLog } from '../persistence.ts';
import { HEADER_BYTES, isHeader, isWhole, recordSize } from '../record/record.ts';
import { type Visit, WINDOW_BYTES } from '../record/walk.ts';

/** Records no further apart are read together: more calls would cost more than the bytes. */
const NEAR_BYTES = 16 << 10;

/** Read at once, and what is done between two reads. */
export interface ReadingPace {
  readonly windowBytes: number;
  /** Records shown at once. */
  readonly visitsMax: number;
  readonly pause: () => Promise<void> | void;
}

/** Which records of a file. */
export interface Places {
  readonly file: DiskFile;
  readonly name: string;
  /** Where they begin, rising. */
  readonly places: readonly number[];
  /** Where the last of them ends, or behind it. */
  readonly end: number;
}

const AT_ONCE: ReadingPace = {
  windowBytes: WINDOW_BYTES,
  visitsMax: Number.POSITIVE_INFINITY,
  pause: () => undefined,
};

/** The crc32 of the bytes from `start` up to each of the `ends`, which rise. Of fewer bytes where
 * the file ends before. */
export async function checksumsOf(
  file: DiskFile,
  start: number,
  ends: readonly number[],
  { windowBytes, pause }: ReadingPace = AT_ONCE,
): Promise<number[]> {
  const window = Buffer.allocUnsafeSlow(Math.min(windowBytes, (ends.at(-1) ?? start) - start));
  const found: number[] = [];
  let checksum = 0;
  let at = start;
  for (const end of ends) {
    for (let wanted = 0; at < end; at += wanted) {
      wanted = Math.min(window.length, end - at);
      const got = await readAll(file, window.subarray(0, wanted), at);
      checksum = crc32(window.subarray(0, got), checksum);
      await pause();
    }
    found.push(checksum);
  }
  return found;
}

/** Shows the records that begin at these places of a file, and end at `end` or before; their bytes
 * are only lent. Rejects with DamagedLog where one is not read as it was written. */
export async function visitAt(
  { file, name, places, end }: Places,
  visit: Visit,
  { windowBytes, visitsMax, pause }: ReadingPace = AT_ONCE,
): Promise<void> {
  if (places.length === 0) return;
  const window = Buffer.allocUnsafeSlow(Math.min(windowBytes, end - places[0]!));
  const show: Visit = (bytes, at, offset) => {
    if (!isWhole(bytes, at)) throw new DamagedLog(name, offset, 'a record read wrongly');
    visit(bytes, at, offset);
  };
  for (let i = 0; i < places.length; ) {
    const start = places[i]!;
    const until = Math.min(places.length, i + visitsMax);
    const run = runOf(places, i, until, window.length);
    const bytes = window.subarray(0, Math.min(run, window.length, end - start));
    await readAll(file, bytes, start);
    const before = i;
    for (; i < until; i += 1) {
      const at = places[i]! - start;
      if (goesOn(bytes, at)) break;
      show(bytes, at, places[i]!);
    }
    if (i === before) {
      const large = Buffer.allocUnsafeSlow(recordSize(bytes, 0));
      await readAll(file, large, start);
      show(large, 0, start);
      i += 1;
    }
    await pause();
  }
}

/** Whether the record at `at` goes on beyond the bytes at hand. A length is believed only where its
 * header is whole. */
function goesOn(bytes: Buffer, at: number): boolean {
  if (at + HEADER_BYTES > bytes.length) return true;
  return isHeader(bytes, at) && at + recordSize(bytes, at) > bytes.length;
}

/** How many bytes to read at the place `i`: as long as the next one before `until` is near, it
 * comes along. */
function runOf(places: readonly number[], i: number, until: number, bytesMax: number): number {
  const start = places[i]!;
  let last = start;
  for (let next = i + 1; next < until && last - start < bytesMax; next += 1) {
    if (places[next]! - last > NEAR_BYTES) break;
    last = places[next]!;
  }
  return last - start + NEAR_BYTES;
}

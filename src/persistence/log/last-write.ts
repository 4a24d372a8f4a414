// The last write of a segment that was found when nobody knows how it ended. The rule: before it
// counts, it is written once more.

import { type DiskFile, readAll, writeAll } from '../disk/disk.ts';
import { isFull } from '../disk/storage-failure.ts';
import { recordSize, writeLength } from '../record/record.ts';
import { FILE_HEADER_BYTES } from '../segment/segment-file.ts';

/** Bytes of the last write that are written again together. */
const WRITE_WINDOW_BYTES = 1 << 20;

/** Where the last write begins in a segment's bytes, all of whose records are whole; the first one
 * has the file header. */
export function lastWriteIn(segment: Buffer): number {
  let start = 0;
  for (let at = FILE_HEADER_BYTES; at < segment.length; at += recordSize(segment, at)) {
    if (at > FILE_HEADER_BYTES && writeLength(segment, at) > 0) start = at;
  }
  return start;
}

/**
 * Writes once more what stands behind `start`: the last write. If it failed in an earlier life, the
 * system's cache may still show it, and a sync succeed, though the disk does not have it. Of the
 * writes before it this is known: each was durable when the next began.
 */
export async function writeAgain(file: DiskFile, start: number): Promise<void> {
  const end = await file.size();
  const window = Buffer.allocUnsafe(Math.min(Math.max(end - start, 0), WRITE_WINDOW_BYTES));
  for (let at = start; at < end; at += window.length) {
    const got = await readAll(file, window.subarray(0, Math.min(window.length, end - at)), at);
    try {
      await writeAll(file, [window.subarray(0, got)], at);
    } catch (error) {
      // There need not be room for what is written in its own place. Then it stays as it was.
      if (!isFull(error)) throw error;
      return;
    }
  }
}

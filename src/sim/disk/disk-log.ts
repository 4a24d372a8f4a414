// What a disk holds of a log, read past the program that wrote it: the simulator's own look, which
// no summary and no cache stands between.

import type { Entry } from '../../core/operation.ts';
import {
  examine,
  parseRecord,
  recordHash,
  recordIndex,
  recordSize,
} from '../../persistence/record/record.ts';
import {
  FILE_HEADER_BYTES,
  segmentName,
  segmentsAmong,
} from '../../persistence/segment/segment-file.ts';
import type { FakeDisk } from './disk.ts';

/** Indexes from the first one to the last. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface DiskLog {
  /** By rising index. */
  readonly entries: Entry[];
  /** What stands behind damage in the same segment: nobody can say what is there. */
  readonly unreadable: Range[];
}

/** What the segments of a log that was recovered, and ends at `lastIndex`, hold. */
export function logOn(disk: FakeDisk, lastIndex: number): DiskLog {
  const entries: Entry[] = [];
  const unreadable: Range[] = [];
  const segments = segmentsAmong(disk.names());
  let reached = 0;
  for (const [i, first] of segments.entries()) {
    const bytes = disk.content(segmentName(first));
    // As behind a hole: the running hash of the segment before it may not be known.
    let before = { index: first - 2, hash: 0 };
    for (let at = FILE_HEADER_BYTES; at < bytes.length; at += recordSize(bytes, at)) {
      if (examine(bytes, at, before, true) !== 'whole') {
        const next = segments[i + 1];
        unreadable.push({ from: reached + 1, to: next === undefined ? lastIndex : next - 1 });
        break;
      }
      entries.push(parseRecord(bytes, at)!);
      reached = recordIndex(bytes, at);
      before = { index: reached, hash: recordHash(bytes, at) };
    }
  }
  return { entries, unreadable };
}

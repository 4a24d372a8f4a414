// Reading a short piece of the log while everything else waits: a cut may have to find its place at
// once. The rule: what is read is checked as in any other reading.

import { asMissing } from '../damage/missing.ts';
import { codeOf, type Disk } from '../disk/disk.ts';
import { unfinishedName } from '../disk/unfinished.ts';
import { DamagedLog } from '../persistence.ts';
import { examine, recordHash, recordIndex, recordSize } from '../record/record.ts';
import { damage } from '../record/walk.ts';
import type { Segment } from '../segment/segment.ts';
import { segmentName } from '../segment/segment-file.ts';
import type { Piece } from './encoded-log.ts';

/** The records of a piece that is on disk. Throws DamagedLog, or the disk's error. */
export function readNow(disk: Disk, { segment, start, end, before, holes }: Piece): Buffer {
  const name = segmentName(segment.start.first);
  const bytes = Buffer.allocUnsafe(end - start);
  let got: number;
  try {
    got = readFile(disk, segment, bytes, start);
  } catch (error) {
    throw asMissing(error, segment);
  }
  const last = { index: before.index, hash: before.hash };
  let at = 0;
  while (at < got) {
    const verdict = examine(bytes.subarray(0, got), at, last, holes);
    if (verdict !== 'whole') throw damage(name, { verdict, offset: start + at, ...last });
    last.index = recordIndex(bytes, at);
    last.hash = recordHash(bytes, at);
    at += recordSize(bytes, at);
  }
  if (got < bytes.length) throw new DamagedLog(name, start + got, 'an early end');
  return bytes;
}

/** While a compacted file is on its way to its name, the one that has that name is another. */
function readFile(disk: Disk, segment: Segment, bytes: Buffer, start: number): number {
  const name = segmentName(segment.start.first);
  if (segment.changing !== null) {
    try {
      return disk.readNow(unfinishedName(name), bytes, start);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return disk.readNow(name, bytes, start);
}

// How far a log is durable, and whether that is still so.

import { withClosed } from '../damage/missing.ts';
import type { Disk, DiskFile } from '../disk/disk.ts';
import { DamagedLog } from '../persistence.ts';
import { walkWhole } from '../record/walk.ts';
import type { Segment, SegmentEnd } from '../segment/segment.ts';
import { FILE_HEADER_BYTES, segmentName } from '../segment/segment-file.ts';

/** How far the log is durable. */
export interface Durable {
  readonly segment: Segment;
  readonly end: SegmentEnd;
}

/** What the log is to end with is there, as far as it is durable. Rejects with DamagedLog: what
 * comes behind it may be all that tells of it, and a file that is made as long as it was is zeros,
 * which nobody takes for damage. */
export async function checkLength(
  disk: Disk,
  { segment, end }: Durable,
  durable: Durable | null,
): Promise<void> {
  const { first } = segment.start;
  if (durable === null || durable.segment.start.first < first) return;
  const known = durable.segment === segment ? durable.end.offset : end.offset;
  const bytes = await withClosed(disk, segment, (file) => file.size());
  if (bytes < Math.min(known, end.offset))
    throw new DamagedLog(segmentName(first), bytes, 'an early end');
}

/** Re-reads a segment: every byte that was acknowledged must still be there. */
export async function verify(file: DiskFile, name: string, durable: Durable): Promise<void> {
  const { segment, end } = durable;
  const before = { index: segment.start.first - 1, hash: segment.start.hashBefore };
  const stretch = { start: FILE_HEADER_BYTES, end: end.offset, before, holes: segment.holes };
  const { index, hash } = await walkWhole(file, name, stretch, () => undefined);
  if (index !== end.index || hash !== end.hash) {
    throw new DamagedLog(name, end.offset, 'another log than was written');
  }
}

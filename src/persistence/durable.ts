// How far a log is durable, and whether that is still so.

import type { DiskFile } from './disk.ts';
import { DamagedLog } from './persistence.ts';
import type { Segment, SegmentEnd } from './segment.ts';
import { FILE_HEADER_BYTES } from './segment-file.ts';
import { walkWhole } from './walk.ts';

/** How far the log is durable. */
export interface Durable {
  readonly segment: Segment;
  readonly end: SegmentEnd;
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

// Whether a compacted segment has got its name, where the call that was to give it has failed. The
// rule: the answer of such a call is no answer; it is the files that are asked.

import { withClosed } from '../damage/missing.ts';
import type { Disk } from '../disk/disk.ts';
import { DamagedLog } from '../persistence.ts';
import { walkWhole } from '../record/walk.ts';
import type { Segment, SegmentEnd } from '../segment/segment.ts';
import { FILE_HEADER_BYTES, segmentName } from '../segment/segment-file.ts';

/** `unknown`: the disk does not let anybody look. */
export type Naming = 'named' | 'unnamed' | 'unknown';

/** A segment as it was written. A cut may wait that has taken some off it in memory. */
export interface Written {
  readonly segment: Segment;
  readonly end: SegmentEnd;
  /** What its file was called. */
  readonly unfinished: string;
}

/** Looks whether the segment's file has the segment's name. */
export async function lookAtName(disk: Disk, written: Written): Promise<Naming> {
  try {
    if ((await disk.list()).includes(written.unfinished)) return 'unnamed';
    return (await isThere(disk, written)) ? 'named' : 'unnamed';
  } catch {
    return 'unknown';
  }
}

/** Whether the file of that name is all of this segment, and no other that had the name before. */
async function isThere(disk: Disk, { segment, end }: Written): Promise<boolean> {
  const { first, hashBefore } = segment.start;
  const { offset, index, hash } = end;
  const before = { index: first - 1, hash: hashBefore };
  const stretch = { start: FILE_HEADER_BYTES, end: offset, before, holes: segment.holes };
  try {
    const last = await withClosed(disk, segment, async (file) => {
      const whole = (await file.size()) === offset;
      return whole ? walkWhole(file, segmentName(first), stretch, () => undefined) : null;
    });
    return last?.index === index && last.hash === hash;
  } catch (error) {
    if (error instanceof DamagedLog) return false;
    throw error;
  }
}

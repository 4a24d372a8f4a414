// Segments that are gone, or their end. The rule: a summary, or an outline that goes beyond the
// first write, was made of a segment that was durable by then; where the log does not reach as far,
// entries are lost that may have been acknowledged.

import { codeOf, type Disk, type DiskFile, withFile } from '../disk/disk.ts';
import type { Catalog } from '../log/catalog.ts';
import { DamagedLog } from '../persistence.ts';
import { readOutline } from '../segment/outline-file.ts';
import type { Segment } from '../segment/segment.ts';
import { FILE_HEADER_BYTES, KINDS, segmentName, segmentsAmong } from '../segment/segment-file.ts';
import { readSummary, SUMMARY, summaryName } from '../segment/summary.ts';

/** The file of a segment is not there any more, or nothing is left in it, or its end is gone. */
export class MissingSegment extends DamagedLog {
  /** The highest index in it that is known of. */
  readonly last: number;

  /** `known`: by what; `left`: what there is still, or the byte at which that ends. */
  constructor(file: string, last: number, known: string, left: 'nothing' | 'a file' | number) {
    super(file, typeof left === 'number' ? left : 0, 'a missing file');
    this.last = last;
    const whole = left === 'a file' ? 'holds no entry any more' : 'is gone';
    const what = typeof left === 'number' ? `ends too early, at byte ${left}` : whole;
    this.message = `${file} ${what}: ${known} tells of entries in it, up to ${last}`;
  }
}

/** What ended the reading of a segment: where its file is not there, that is damage to a log that
 * holds the segment still. */
export function asMissing(error: unknown, { start, end }: Segment): unknown {
  if (codeOf(error) !== 'ENOENT') return error;
  return new MissingSegment(segmentName(start.first), end.index, 'the log', 'nothing');
}

/** Reads a closed segment's file. Rejects with MissingSegment if it is not there. */
export async function withClosed<Result>(
  disk: Disk,
  segment: Segment,
  use: (file: DiskFile) => Promise<Result>,
): Promise<Result> {
  try {
    return await withFile(disk, segmentName(segment.start.first), 'read', use);
  } catch (error) {
    throw asMissing(error, segment);
  }
}

/** The first index of each segment of which only the summary is among the names, rising. */
export function summariesAlone(names: readonly string[]): number[] {
  const there = new Set(names);
  const told = names
    .filter((name) => name.endsWith(SUMMARY))
    .map((name) => `${name.slice(0, -SUMMARY.length)}.seg`);
  return segmentsAmong(told.filter((name) => !there.has(name)));
}

/** Throws DamagedLog if a segment stood here, at the end of what is read so far; otherwise the
 * summary tells of nothing that is missing, and is of no use. `isThere`: its file is. */
export async function refuseMissing(
  disk: Disk,
  first: number,
  { lastIndex, hash }: Catalog,
  isThere = false,
): Promise<void> {
  // What it tells of is in a compacted segment.
  const last = first <= lastIndex ? null : await lastToldOf(disk, first, hash);
  const name = segmentName(first);
  const left = isThere ? 'a file' : 'nothing';
  if (last !== null) throw new MissingSegment(name, last, summaryName(name), left);
}

/** Throws DamagedLog if more of the log's last segment was durable than is left: what an
 * interrupted write leaves is never shorter than what was durable before it. */
export async function refuseEarlyEnd(disk: Disk, { start, end }: Segment): Promise<void> {
  const name = segmentName(start.first);
  const reached = (await readOutline(disk, start)).at(-1)?.reached;
  if (reached === undefined || reached.writeStart <= end.offset) return;
  throw new MissingSegment(name, reached.end.index, summaryName(name), end.offset);
}

/** The highest index that was durable in a segment, as the file beside it has it; null: none. */
async function lastToldOf(disk: Disk, first: number, hashBefore: number): Promise<number | null> {
  const summary = await readSummary(disk, summaryName(segmentName(first)));
  if (summary !== null) return summary.first === first ? summary.last : null;
  for (const kind of KINDS) {
    const segment = { first, kind, hashBefore, dataStart: FILE_HEADER_BYTES };
    const reached = (await readOutline(disk, segment)).at(-1)?.reached;
    // Of a first write the outline may be there before anything else is.
    if (reached !== undefined && reached.writeStart > FILE_HEADER_BYTES) return reached.end.index;
  }
  return null;
}

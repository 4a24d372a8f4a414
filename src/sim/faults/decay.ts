// What damage leaves of a node's files. The rule: only what a reader can tell from what is whole:
// the end of the log may be gone without a trace, so damage stands before something that is there.

import { BOOKKEEPING } from '../../persistence/bookkeeping/bookkeeping.ts';
import { HEADER_BYTES, isHeader, recordSize } from '../../persistence/record/record.ts';
import {
  FILE_HEADER_BYTES,
  segmentName,
  segmentsAmong,
} from '../../persistence/segment/segment-file.ts';
import { SUMMARY } from '../../persistence/segment/summary.ts';
import type { Chance } from '../chance.ts';
import type { FakeDisk } from '../disk/disk.ts';
import { SECTOR_BYTES } from '../disk/leftover.ts';

/** How often, where there are summaries, it is in one of those. */
const SUMMARY_SHARE = 0.25;

/** How often it is in a file's header. */
const HEADER_SHARE = 0.05;

/** In some record of some segment, or in what stands beside one; now and then in its header. */
export function turnBit(disk: FakeDisk, chance: Chance): boolean {
  const room = (name: string): number => disk.content(name).length - FILE_HEADER_BYTES;
  const name = someFile(disk, chance, segmentsAmong(disk.names()).map(segmentName), room);
  if (name === null) return false;
  const at = FILE_HEADER_BYTES + Math.floor(chance.next() * room(name));
  const bit = chance.whole(0, 7);
  const inHeader = chance.happens(HEADER_SHARE);
  disk.flip(name, (inHeader ? at % FILE_HEADER_BYTES : at) * 8 + bit);
  return true;
}

/** In some segment, or in what stands beside one, its header included; the last record of the log
 * stays. */
export function loseSector(disk: FakeDisk, chance: Chance): boolean {
  const segments = stayingSegments(disk);
  const room = (name: string): number =>
    name === segments.at(-1) ? lastRecordAt(disk.durableContent(name)) : disk.content(name).length;
  const name = someFile(disk, chance, segments, room);
  if (name === null) return false;
  const start = SECTOR_BYTES * Math.floor((chance.next() * room(name)) / SECTOR_BYTES);
  disk.overwrite(name, Buffer.alloc(Math.min(SECTOR_BYTES, room(name) - start)), start);
  return true;
}

export function cutShort(disk: FakeDisk, chance: Chance): boolean {
  const name = someFollowed(disk, chance);
  if (name === null) return false;
  disk.shorten(name, Math.floor(chance.next() * disk.content(name).length));
  return true;
}

export function removeFile(disk: FakeDisk, chance: Chance): boolean {
  const name = someFollowed(disk, chance);
  if (name === null) return false;
  disk.lose(name);
  return true;
}

export function turnBookkeepingBit(disk: FakeDisk, chance: Chance): boolean {
  if (!disk.names().includes(BOOKKEEPING)) return false;
  disk.flip(BOOKKEEPING, Math.floor(chance.next() * disk.content(BOOKKEEPING).length * 8));
  return true;
}

/** One of these segments, or of the summaries, in which so many bytes may be damaged. */
function someFile(
  disk: FakeDisk,
  chance: Chance,
  segments: readonly string[],
  room: (name: string) => number,
): string | null {
  const briefs = disk.names().filter((name) => name.endsWith(SUMMARY));
  const brief = briefs.length > 0 && chance.happens(SUMMARY_SHARE);
  const filled = (brief ? briefs : segments).filter((name) => room(name) > 0);
  return filled.length === 0 ? null : chance.pick(filled);
}

/** A segment that another one follows. */
function someFollowed(disk: FakeDisk, chance: Chance): string | null {
  const followed = stayingSegments(disk).slice(0, -1);
  return followed.length === 0 ? null : chance.pick(followed);
}

/** All that hold a record which has come to stay: what has not may be gone before it is read. */
function stayingSegments(disk: FakeDisk): string[] {
  const segments = segmentsAmong(disk.names()).map(segmentName);
  return segments.filter((name) => lastRecordAt(disk.durableContent(name)) > 0);
}

/** Where the last record of a segment begins; 0: there is none. Zeros, as an interrupted write
 * leaves them, are none: they go at the next start. */
function lastRecordAt(content: Buffer): number {
  let last = 0;
  for (let at = FILE_HEADER_BYTES; at + HEADER_BYTES <= content.length; ) {
    const end = at + recordSize(content, at);
    if (!isHeader(content, at) || end > content.length) break;
    last = at;
    at = end;
  }
  return last;
}

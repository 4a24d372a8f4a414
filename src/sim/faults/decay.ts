// What damage leaves of a node's files. The rule: only what a reader can tell from what is whole:
// the end of the log may be gone without a trace, so damage stands before something that is there.

import { recordSize } from '../../persistence/record.ts';
import { FILE_HEADER_BYTES, segmentName, segmentsAmong } from '../../persistence/segment-file.ts';
import { SUMMARY } from '../../persistence/summary.ts';
import type { Chance } from '../chance.ts';
import type { FakeDisk } from '../disk.ts';

/** How often, where there are summaries, it is in one of those. */
const SUMMARY_SHARE = 0.25;

const SECTOR_BYTES = 512;

/** How often it is in a file's header. */
const HEADER_SHARE = 0.05;

/** In some record of some segment, or in what stands beside one; now and then in its header. */
export function turnBit(disk: FakeDisk, chance: Chance): boolean {
  const names = disk.names();
  const briefs = names.filter((name) => name.endsWith(SUMMARY));
  const segments = segmentsAmong(names).map(segmentName);
  const brief = briefs.length > 0 && chance.happens(SUMMARY_SHARE);
  const filled = (brief ? briefs : segments).filter(
    (name) => disk.content(name).length > FILE_HEADER_BYTES,
  );
  if (filled.length === 0) return false;
  const name = chance.pick(filled);
  const bytes = disk.content(name).length - FILE_HEADER_BYTES;
  const at = FILE_HEADER_BYTES + Math.floor(chance.next() * bytes);
  const bit = chance.whole(0, 7);
  const inHeader = chance.happens(HEADER_SHARE);
  disk.flip(name, (inHeader ? at % FILE_HEADER_BYTES : at) * 8 + bit);
  return true;
}

/** In some segment, or in what stands beside one, its header included; the last record of the log
 * stays. */
export function loseSector(disk: FakeDisk, chance: Chance): boolean {
  const names = disk.names();
  const segments = stayingSegments(disk);
  const briefs = names.filter((name) => name.endsWith(SUMMARY));
  const room = (name: string): number =>
    name === segments.at(-1) ? lastRecordAt(disk.durableContent(name)) : disk.content(name).length;
  const brief = briefs.length > 0 && chance.happens(SUMMARY_SHARE);
  const filled = (brief ? briefs : segments).filter((name) => room(name) > 0);
  if (filled.length === 0) return false;
  const name = chance.pick(filled);
  const start = SECTOR_BYTES * Math.floor((chance.next() * room(name)) / SECTOR_BYTES);
  const bytes = Buffer.alloc(Math.min(SECTOR_BYTES, room(name) - start));
  disk.overwrite(name, bytes, start);
  return true;
}

export function cutShort(disk: FakeDisk, chance: Chance): boolean {
  const followed = stayingSegments(disk).slice(0, -1);
  if (followed.length === 0) return false;
  const name = chance.pick(followed);
  disk.shorten(name, Math.floor(chance.next() * disk.content(name).length));
  return true;
}

export function removeFile(disk: FakeDisk, chance: Chance): boolean {
  const followed = stayingSegments(disk).slice(0, -1);
  if (followed.length === 0) return false;
  disk.lose(chance.pick(followed));
  return true;
}

export function turnBookkeepingBit(disk: FakeDisk, chance: Chance): boolean {
  const name = 'memory.json';
  if (!disk.names().includes(name)) return false;
  disk.flip(name, Math.floor(chance.next() * disk.content(name).length * 8));
  return true;
}

/** All that hold something which has come to stay: what has not may be gone before it is read. */
function stayingSegments(disk: FakeDisk): string[] {
  const segments = segmentsAmong(disk.names()).map(segmentName);
  return segments.filter((name) => disk.durableContent(name).length > FILE_HEADER_BYTES);
}

/** Where the last record of a segment begins; 0: there is none. */
function lastRecordAt(content: Buffer): number {
  let last = 0;
  for (let at = FILE_HEADER_BYTES; at + 8 <= content.length; ) {
    const size = recordSize(content, at);
    if (size <= 0 || at + size > content.length) break;
    last = at;
    at += size;
  }
  return last;
}

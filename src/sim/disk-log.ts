// What a disk holds of a log, read past the program that wrote it: the simulator's own look, which
// no summary and no cache stands between.

import type { Entry } from '../core/operation.ts';
import { parseRecord, recordSize } from '../persistence/record.ts';
import { FILE_HEADER_BYTES, segmentName, segmentsAmong } from '../persistence/segment-file.ts';
import type { FakeDisk } from './disk.ts';

/** Every entry in the segments of a log that was recovered, by rising index. The disk must not have
 * turned over any bit. */
export function entriesOn(disk: FakeDisk): Entry[] {
  const found: Entry[] = [];
  for (const first of segmentsAmong(disk.names())) {
    const bytes = disk.content(segmentName(first));
    for (let at = FILE_HEADER_BYTES; at < bytes.length; at += recordSize(bytes, at)) {
      const entry = parseRecord(bytes, at);
      if (entry === null) throw new Error(`${segmentName(first)} holds no entry at ${at}`);
      found.push(entry);
    }
  }
  return found;
}

// Keeps a copy of what is cut off the log, because someone may once have been told that it was
// stored: `aside-<first>-<last>.jsonl`, one entry per line. The rule: the copy is durable before
// the original goes. A segment in which damage is met by that is kept as it is, too: that it cannot
// be read is no reason to keep it in the log.

import { type Disk, type DiskFile, writeAll } from '../disk/disk.ts';
import { freeName, writeWhole } from '../disk/unfinished.ts';
import type { Cut, Piece } from '../log/encoded-log.ts';
import { DamagedLog } from '../persistence.ts';
import { payloadOf, recordIndex, recordSize } from '../record/record.ts';
import { walkWhole } from '../record/walk.ts';
import { segmentName } from '../segment/segment-file.ts';
import { copyAside } from './damaged-files.ts';
import { MissingSegment, withClosed } from './missing.ts';

const NEWLINE = 0x0a;

/** Bytes gathered before they are written. */
const GATHER_BYTES = 1 << 20;

/** Writes what `cut` took out, from memory and from the segment files that still hold it.
 * `copied`: damaged segments that an earlier attempt has kept; those of this one are added. */
export async function saveAside(disk: Disk, cut: Cut, copied: Set<string>): Promise<string> {
  // The same entries may be cut off more than once, each time after having been appended anew.
  const name = await freeName(disk, `aside-${cut.from}-${cut.to}`, '.jsonl');
  await writeWhole(disk, name, async (file) => {
    const lines = new Lines(file, cut.from);
    for (const piece of cut.pieces) await copyPiece(disk, piece, lines, copied);
    await lines.flush();
  });
  await disk.syncFolder();
  return name;
}

async function copyPiece(
  disk: Disk,
  piece: Piece,
  lines: Lines,
  copied: Set<string>,
): Promise<void> {
  if (piece.spans !== null) {
    for (const span of piece.spans) {
      for (let at = 0; at < span.length; at += recordSize(span, at)) lines.add(span, at);
      await lines.flushIfLarge();
    }
    return;
  }
  const name = segmentName(piece.segment.start.first);
  try {
    await withClosed(disk, piece.segment, async (file) => {
      await walkWhole(file, name, piece, (bytes, at) => lines.add(bytes, at));
    });
  } catch (error) {
    // Of one that is gone there is nothing to keep.
    if (error instanceof MissingSegment) return;
    if (!(error instanceof DamagedLog)) throw error;
    if (!copied.has(name)) await copyAside(disk, name);
    copied.add(name);
  }
  await lines.flushIfLarge();
}

/** Collects lines and writes them in large portions. */
class Lines {
  private readonly file: DiskFile;
  private readonly from: number;
  private gathered: Buffer[] = [];
  private bytes = 0;
  private position = 0;

  constructor(file: DiskFile, from: number) {
    this.file = file;
    this.from = from;
  }

  /** Takes the record unless it stays in the log. */
  add(bytes: Buffer, at: number): void {
    if (recordIndex(bytes, at) < this.from) return;
    const payload = payloadOf(bytes, at);
    const line = Buffer.allocUnsafe(payload.length + 1);
    payload.copy(line);
    line[payload.length] = NEWLINE;
    this.gathered.push(line);
    this.bytes += line.length;
  }

  async flushIfLarge(): Promise<void> {
    if (this.bytes >= GATHER_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.bytes === 0) return;
    await writeAll(this.file, [Buffer.concat(this.gathered)], this.position);
    this.position += this.bytes;
    this.gathered = [];
    this.bytes = 0;
  }
}

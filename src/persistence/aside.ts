// Keeps a copy of what is cut off the log, because someone may once have been told that it was
// stored: `aside-<first>-<last>.jsonl`, one entry per line. The rule: the copy is durable before
// the original goes.

import { type Disk, type DiskFile, withFile, writeAll } from './disk.ts';
import type { Cut, Piece } from './encoded-log.ts';
import { payloadOf, recordIndex, recordSize } from './record.ts';
import { segmentName } from './segment-file.ts';
import { walkWhole } from './walk.ts';

const NEWLINE = 0x0a;

/** Bytes gathered before they are written. */
const GATHER_BYTES = 1 << 20;

/** Suffix of a file that is not finished; recovery removes what a crash leaves of it. */
export const UNFINISHED = '.tmp';

/** Writes what `cut` took out, from memory and from the segment files that still hold it. */
export async function saveAside(disk: Disk, cut: Cut): Promise<string> {
  const name = await freeName(disk, cut);
  const unfinished = `${name}${UNFINISHED}`;
  await disk.remove(unfinished);
  await withFile(disk, unfinished, 'create', async (file) => {
    const lines = new Lines(file, cut.from);
    for (const piece of cut.pieces) await copyPiece(disk, piece, lines);
    await lines.flush();
  });
  await disk.rename(unfinished, name);
  await disk.syncFolder();
  return name;
}

async function copyPiece(disk: Disk, piece: Piece, lines: Lines): Promise<void> {
  if (piece.spans !== null) {
    for (const span of piece.spans) {
      for (let at = 0; at < span.length; at += recordSize(span, at)) lines.add(span, at);
      await lines.flushIfLarge();
    }
    return;
  }
  const name = segmentName(piece.segment.start.first);
  await withFile(disk, name, 'read', async (file) => {
    await walkWhole(file, name, piece, (bytes, at) => lines.add(bytes, at));
  });
  await lines.flushIfLarge();
}

/** The same entries may be cut off more than once, each time after having been appended anew. */
async function freeName(disk: Disk, cut: Cut): Promise<string> {
  const taken = new Set(await disk.list());
  const stem = `aside-${cut.from}-${cut.to}`;
  let name = `${stem}.jsonl`;
  for (let n = 2; taken.has(name); n += 1) name = `${stem}-${n}.jsonl`;
  return name;
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

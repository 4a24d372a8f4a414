// The file that a backup goes to. The rule: it appears under its name when it is whole and on disk;
// until then it is a `.part` of its own beside it, which an interruption removes.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { BackupReader, type BackupSummary } from '../../persistence/backup/backup.ts';
import { isFull } from '../../persistence/disk/storage-failure.ts';
import { type BackupPlace, refuseToReplace } from '../arguments/backup-place.ts';
import { Refused } from '../exit.ts';
import { formatBytes } from '../printing/bytes.ts';

/** Written at once. */
const GATHER_BYTES = 1 << 20;

/** What a backup came to. */
export interface Written {
  readonly summary: BackupSummary;
  readonly bytes: number;
}

/** Everything that is written goes through the same check that a restore makes. */
export class BackupFile {
  private readonly place: BackupPlace;
  private readonly part: string;
  private readonly fd: number;
  private readonly reader = new BackupReader();
  private gathered: Buffer[] = [];
  private gatheredBytes = 0;
  private written = 0;
  private open = true;

  constructor(place: BackupPlace) {
    this.place = place;
    // Two backups to one file at once must not write into each other.
    this.part = `${place.file}.${randomBytes(4).toString('hex')}.part`;
    try {
      this.fd = openSync(this.part, 'wx');
    } catch (error) {
      // Who named the file knows nothing of its part.
      throw Object.assign(error as Error, { path: place.file });
    }
  }

  get bytes(): number {
    return this.written + this.gatheredBytes;
  }

  /** Throws InvalidBackup, or the disk's error. It blocks: nothing else happens meanwhile. */
  write(bytes: Buffer): void {
    this.reader.write(bytes);
    this.gathered.push(bytes);
    this.gatheredBytes += bytes.length;
    if (this.gatheredBytes >= GATHER_BYTES) this.flush();
  }

  /** The file is whole. Throws InvalidBackup if it is not, UsageError if another took its name. */
  finish(): Written {
    const summary = this.reader.end();
    this.flush();
    fsyncSync(this.fd);
    this.close();
    refuseToReplace(this.place);
    renameSync(this.part, this.place.file);
    return { summary, bytes: this.written };
  }

  /** Nothing remains of it. */
  discard(): void {
    this.close();
    rmSync(this.part, { force: true });
  }

  private close(): void {
    if (this.open) closeSync(this.fd);
    this.open = false;
  }

  private flush(): void {
    const bytes = Buffer.concat(this.gathered);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    this.written += bytes.length;
    this.gathered = [];
    this.gatheredBytes = 0;
  }
}

/** Makes the file; what `fill` throws leaves nothing of it. */
export async function writeBackup(
  place: BackupPlace,
  fill: (file: BackupFile) => Promise<void>,
): Promise<Written> {
  const file = new BackupFile(place);
  try {
    await fill(file);
    return file.finish();
  } catch (error) {
    file.discard();
    if (!isFull(error)) throw error;
    throw new Refused(
      `there is no room for ${place.file}: the disk was full after ${formatBytes(file.bytes)}`,
      'make room, or name a file on another disk; nothing was left of this one',
    );
  }
}

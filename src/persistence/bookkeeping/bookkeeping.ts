// The node's bookkeeping in one small file, `memory.json`, replaced as a whole. The rule: at every
// moment the name leads to a complete old or a complete new file.

import { crc32 } from 'node:zlib';
import type { Memory } from '../../core/effects.ts';
import { codeOf, type Disk, readAll, withFile, writeAll } from '../disk/disk.ts';
import { writeWhole } from '../disk/unfinished.ts';
import { Deferred } from '../log/deferred.ts';
import { DamagedLog, UnknownFormat } from '../persistence.ts';

/** Its file. */
export const BOOKKEEPING = 'memory.json';
const FORMAT = 1;

interface Waiting {
  readonly memory: Memory;
  readonly done: Deferred<void>;
}

/** Invariant: one file is written at a time; what waits meanwhile is the latest, once. */
export class Bookkeeping {
  private readonly disk: Disk;
  private waiting: Waiting | null = null;
  private writing: Promise<void> | null = null;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Resolves when this or something newer is durable; rejects with the disk's error. */
  save(memory: Memory): Promise<void> {
    const done = this.waiting?.done ?? new Deferred<void>();
    this.waiting = { memory, done };
    this.writing ??= this.run();
    return done.promise;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.writing;
  }

  private async run(): Promise<void> {
    while (this.waiting !== null) {
      const { memory, done } = this.waiting;
      this.waiting = null;
      await replace(this.disk, memory).then(done.resolve, done.reject);
    }
    this.writing = null;
  }
}

async function replace(disk: Disk, memory: Memory): Promise<void> {
  await writeWhole(disk, BOOKKEEPING, (file) => writeAll(file, [encode(memory)], 0));
  await disk.syncFolder();
}

function encode(memory: Memory, format = FORMAT): Buffer {
  const checksum = crc32(JSON.stringify(memory));
  return Buffer.from(`${JSON.stringify({ format, checksum, memory })}\n`);
}

/** What was saved last; null if nothing ever was. Rejects with DamagedLog or UnknownFormat. */
export async function loadMemory(disk: Disk): Promise<Memory | null> {
  let bytes: Buffer;
  try {
    bytes = await withFile(disk, BOOKKEEPING, 'read', async (file) => {
      const whole = Buffer.alloc(await file.size());
      await readAll(file, whole, 0);
      return whole;
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const { format, memory } = parse(bytes);
  // In a later format the checksum covers the number, too: where it does not, the file is of this
  // one, and nobody has the version that would know it.
  const flipped = memory !== undefined && encode(memory, Number(format)).equals(bytes);
  if (typeof format === 'number' && format > FORMAT && !flipped) {
    throw new UnknownFormat(`${BOOKKEEPING} has format ${format}; this program knows ${FORMAT}`);
  }
  // Written again it must be the same bytes: no flipped bit can hide in what JSON does not keep.
  if (memory === undefined || !encode(memory).equals(bytes)) throw notValid();
  return memory;
}

function parse(bytes: Buffer): { format?: unknown; memory?: Memory } {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // Reported below like any other damage.
  }
  throw notValid();
}

function notValid(): DamagedLog {
  return new DamagedLog(BOOKKEEPING, 0, 'bookkeeping that is not valid');
}

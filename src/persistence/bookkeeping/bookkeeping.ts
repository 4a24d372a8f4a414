// The node's bookkeeping in one small file, `memory.json`, replaced as a whole. The rule: at every
// moment the name leads to a complete old or a complete new file.

import { crc32 } from 'node:zlib';
import type { Memory } from '../../core/effects.ts';
import { codeOf, type Disk, readAll, withFile, writeAll } from '../disk/disk.ts';
import { writeWhole } from '../disk/unfinished.ts';
import { DamagedLog, UnknownFormat } from '../persistence.ts';
import { LatestWrite } from './latest-write.ts';

/** Its file. */
export const BOOKKEEPING = 'memory.json';
const FORMAT = 1;

/** Invariant: one file is written at a time; what waits meanwhile is the latest, once. */
export class Bookkeeping {
  private readonly writes: LatestWrite<Memory>;

  constructor(disk: Disk) {
    this.writes = new LatestWrite((memory) => replace(disk, memory));
  }

  /** Resolves when this or something newer is durable; rejects with the disk's error. */
  save(memory: Memory): Promise<void> {
    return this.writes.save(memory);
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.writes.idle();
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

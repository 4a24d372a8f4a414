// The file beside a segment: a head in JSON and sections of bytes, each with its checksum. It is
// derived from the segment, and takes no syncs: it appears under its name complete, or not, and a
// power cut may take it or leave an older one. All numbers are little-endian.
//
//   0  magic    8 bytes: what kind of file it is
//   8  version  32 bits
//  12  length   of the head, 32 bits
//  16  checksum crc32 of the head
//  20  0
//  24  the head: JSON, in which `sections` tells length and checksum of each; then the sections

import { crc32 } from 'node:zlib';
import { codeOf, type Disk, type DiskFile, readAll, withFile, writeAll } from './disk.ts';

const VERSION = 1;
const PREFIX_BYTES = 24;

/** A head is small; one that claims more is no head. */
const HEAD_BYTES_MAX = 16 << 20;

export interface Section {
  readonly bytes: number;
  readonly checksum: number;
}

/** What every head has. */
export interface Sectioned {
  readonly sections: readonly Section[];
}

/** A head that was read, and how to find its sections. */
export interface Found<Head extends Sectioned> {
  readonly head: Head;
  /** Length of its text. */
  readonly headBytes: number;
}

/** Writes a head and its sections as the file `name`, first under the name `unfinished`. */
export async function writeSections(
  disk: Disk,
  { name, unfinished, magic }: { name: string; unfinished: string; magic: Buffer },
  head: object,
  sections: readonly Buffer[],
): Promise<void> {
  const lengths = sections.map((bytes) => ({ bytes: bytes.length, checksum: crc32(bytes) }));
  const text = Buffer.from(JSON.stringify({ ...head, sections: lengths }));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  magic.copy(prefix);
  prefix.writeUInt32LE(VERSION, 8);
  prefix.writeUInt32LE(text.length, 12);
  prefix.writeUInt32LE(crc32(text), 16);
  await disk.remove(unfinished);
  await withFile(disk, unfinished, 'create', (file) =>
    writeAll(file, [prefix, text, ...sections.filter(({ length }) => length > 0)], 0),
  );
  await disk.rename(unfinished, name);
}

/** Reads the head of a file with this magic; null if there is none that can be used. */
export async function readHead<Head extends Sectioned>(
  file: DiskFile,
  magic: Buffer,
): Promise<Found<Head> | null> {
  const prefix = await part(file, 0, PREFIX_BYTES);
  if (prefix === null || !prefix.subarray(0, 8).equals(magic)) return null;
  const headBytes = prefix.readUInt32LE(12);
  if (prefix.readUInt32LE(8) !== VERSION || headBytes > HEAD_BYTES_MAX) return null;
  const text = await part(file, PREFIX_BYTES, headBytes);
  if (text === null || crc32(text) !== prefix.readUInt32LE(16)) return null;
  return { head: JSON.parse(text.toString('utf8')) as Head, headBytes };
}

/** A section; null if it is damaged. */
export async function readSection(
  file: DiskFile,
  { head, headBytes }: Found<Sectioned>,
  number: number,
): Promise<Buffer | null> {
  let start = PREFIX_BYTES + headBytes;
  for (const { bytes } of head.sections.slice(0, number)) start += bytes;
  const { bytes, checksum } = head.sections[number]!;
  const found = await part(file, start, bytes);
  return found !== null && crc32(found) === checksum ? found : null;
}

/** A section of numbers of 32 bits; null if it is damaged. */
export async function readNumbers(
  file: DiskFile,
  found: Found<Sectioned>,
  number: number,
): Promise<Uint32Array | null> {
  const bytes = await readSection(file, found, number);
  if (bytes === null) return null;
  const numbers = new Uint32Array(bytes.length / 4);
  Buffer.from(numbers.buffer).set(bytes);
  return numbers;
}

/** The bytes of numbers, as they lie in memory: a view. */
export function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Does something with the file, if it is there and can be read; else null: it is made anew, and
 * what is wrong with the disk shows in the segment as well. */
export async function withSections<Result>(
  disk: Disk,
  name: string,
  use: (file: DiskFile) => Promise<Result | null>,
): Promise<Result | null> {
  try {
    return await withFile(disk, name, 'read', use);
  } catch (error) {
    if (codeOf(error) !== undefined) return null;
    throw error;
  }
}

async function part(file: DiskFile, start: number, bytes: number): Promise<Buffer | null> {
  const found = Buffer.allocUnsafeSlow(bytes);
  return (await readAll(file, found, start)) === bytes ? found : null;
}

// A segment's file: its name, and the 32 bytes at its beginning. The rule: the name and the header
// must both say where in the log the file belongs.
//
//   0  magic            "replog" and two zero bytes
//   8  format version   32 bits: 1; 2 where records stand behind holes
//  12  first index      48 bits: where its part of the log begins, also in the file's name
//  18  mark             16 bits: 1 in a segment that compaction wrote; else 0
//  20  running hash     before the first record
//  24  reserved         0
//  28  header checksum  crc32 of bytes 0…27
//
// Magic, version and checksum stay where they are in every later format.

import { crc32 } from 'node:zlib';
import { DamagedLog, UnknownFormat } from '../persistence.ts';

/** Raised whenever a program that knows only the older format would misread the files. */
const FORMAT_VERSION = 2;

/**
 * What may be expected of a segment's records.
 *
 * - `plain`: the running hash goes through all of them.
 * - `holes`: superseded records are missing between some; the record behind a hole carries on with
 *   the hash that it had where nothing was missing.
 * - `compacted`: the same, and it may stand in the place of several segments, of which some may
 *   still be there: those that begin before it ends.
 */
export type SegmentKind = 'plain' | 'holes' | 'compacted';

export const KINDS: readonly SegmentKind[] = ['plain', 'holes', 'compacted'];

/** Bytes before the first record. */
export const FILE_HEADER_BYTES = 32;

const MAGIC = Buffer.from('replog\0\0', 'latin1');
const NAME_PATTERN = /^log-(\d{16})\.seg$/;

/** Padded so that names sort like indexes; 16 digits hold every safe integer. */
export function segmentName(first: number): string {
  return `log-${String(first).padStart(16, '0')}.seg`;
}

/** The first index of each segment among the names of a folder, rising. */
export function segmentsAmong(names: readonly string[]): number[] {
  const found: number[] = [];
  for (const name of names) {
    const digits = NAME_PATTERN.exec(name)?.[1];
    if (digits !== undefined) found.push(Number(digits));
  }
  return found.sort((a, b) => a - b);
}

export function encodeFileHeader(
  first: number,
  hashBefore: number,
  kind: SegmentKind = 'plain',
): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(kind === 'plain' ? 1 : 2, 8);
  header.writeUIntLE(first, 12, 6);
  header.writeUInt16LE(kind === 'compacted' ? 1 : 0, 18);
  header.writeUInt32LE(hashBefore, 20);
  header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
  return header;
}

/**
 * Judges the beginning of a segment that must have this first index and hash; returns what kind of
 * segment it is. `head` is at most FILE_HEADER_BYTES long, shorter only at the end of the file.
 * `torn`: it is what an interrupted first write leaves, if nothing but zeros follow. Throws
 * UnknownFormat or DamagedLog.
 */
export function checkFileHeader(
  head: Buffer,
  first: number,
  hashBefore: number,
): SegmentKind | 'torn' {
  const name = segmentName(first);
  let longest = 0;
  for (const kind of KINDS) {
    const expected = encodeFileHeader(first, hashBefore, kind);
    if (head.equals(expected)) return kind;
    let same = 0;
    while (same < head.length && head[same] === expected[same]) same += 1;
    longest = Math.max(longest, same);
  }
  knownVersion(head, name);
  if (isZero(head.subarray(longest))) return 'torn';
  throw new DamagedLog(name, longest, 'a file header that does not belong here');
}

/** The first index that the header of the segment called by `first` names; null: the header is not
 * whole. Throws UnknownFormat. */
export function firstIndexIn(head: Buffer, first: number): number | null {
  return knownVersion(head, segmentName(first)) === 0 ? null : head.readUIntLE(12, 6);
}

function knownVersion(head: Buffer, name: string): number {
  const version = versionIn(head);
  if (version <= FORMAT_VERSION) return version;
  throw new UnknownFormat(`${name} has format ${version}; this program knows ${FORMAT_VERSION}`);
}

/** The format that a whole header names; 0: it is not whole. Magic, version and checksum stand at
 * these places in every format: so a bit that turned over is not taken for a later one, which
 * nobody here could mend or cut off. */
function versionIn(head: Buffer): number {
  if (head.length < FILE_HEADER_BYTES || !head.subarray(0, 8).equals(MAGIC)) return 0;
  return crc32(head.subarray(0, 28)) === head.readUInt32LE(28) ? head.readUInt32LE(8) : 0;
}

export function isZero(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

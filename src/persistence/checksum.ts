// CRC-32 as zlib computes it (polynomial 0xedb88320), over a part of a buffer. The rule: the result
// is zlib's, to the bit; only the way there differs. A call into zlib, with the view it needs,
// costs as much as several hundred bytes of this loop, and most records are shorter.

import { crc32 } from 'node:zlib';

/** From here on zlib is faster, measured with Node 20. */
const NATIVE_BYTES = 512;

/** Eight bytes at a time: entry 256 × k + b is the checksum of byte b with k zeros behind it. */
const TABLE: Int32Array = table();

/** Checksum of the bytes from `start` up to `end`, continued from `before`; unsigned. */
export function checksum(bytes: Buffer, start: number, end: number, before = 0): number {
  if (end - start >= NATIVE_BYTES) return crc32(bytes.subarray(start, end), before);
  let crc = ~before;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc =
      ofWord(crc ^ wordAt(bytes, at)) ^
      TABLE[768 + bytes[at + 4]!]! ^
      TABLE[512 + bytes[at + 5]!]! ^
      TABLE[256 + bytes[at + 6]!]! ^
      TABLE[bytes[at + 7]!]!;
  }
  for (; at < end; at += 1) crc = TABLE[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The same, and the checksum of these bytes alone, written at `ownAt`: both in one pass, which
 * takes little longer than one of them. */
export function chainedChecksum(
  bytes: Buffer,
  start: number,
  end: number,
  before: number,
  ownAt: number,
): number {
  if (end - start >= NATIVE_BYTES) {
    const view = bytes.subarray(start, end);
    bytes.writeUInt32LE(crc32(view), ownAt);
    return crc32(view, before);
  }
  let crc = ~before;
  let own = ~0;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const first = wordAt(bytes, at);
    const rest =
      TABLE[768 + bytes[at + 4]!]! ^
      TABLE[512 + bytes[at + 5]!]! ^
      TABLE[256 + bytes[at + 6]!]! ^
      TABLE[bytes[at + 7]!]!;
    crc = ofWord(crc ^ first) ^ rest;
    own = ofWord(own ^ first) ^ rest;
  }
  for (; at < end; at += 1) {
    const byte = bytes[at]!;
    crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
    own = TABLE[(own ^ byte) & 255]! ^ (own >>> 8);
  }
  bytes.writeInt32LE(~own, ownAt);
  return ~crc >>> 0;
}

/** Of four bytes with four more behind them. */
const ofWord = (word: number): number =>
  TABLE[1792 + (word & 255)]! ^
  TABLE[1536 + ((word >>> 8) & 255)]! ^
  TABLE[1280 + ((word >>> 16) & 255)]! ^
  TABLE[1024 + (word >>> 24)]!;

const wordAt = (bytes: Buffer, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

function table(): Int32Array {
  const entries = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    entries[byte] = crc;
  }
  for (let place = 256; place < entries.length; place += 1) {
    const shorter = entries[place - 256]!;
    entries[place] = entries[shorter & 255]! ^ (shorter >>> 8);
  }
  return entries;
}

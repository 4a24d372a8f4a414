// CRC-32 as zlib computes it (polynomial 0xedb88320), over a part of a buffer. The rule: the result
// is zlib's, to the bit; only the way there differs. A call into zlib, with the view it needs,
// costs as much as several hundred bytes of this loop, and most records are shorter.

import { crc32 } from 'node:zlib';
import { setUint32 } from './integers.ts';

/** From here on zlib is faster, measured with Node 20. */
const NATIVE_BYTES = 512;

/** Bytes at a time: more tables would not stay in the processor's nearest memory. */
const STRIDE = 16;

/** Entry 256 × k + b is the checksum of byte b with k zeros behind it. */
const TABLE: Int32Array = table();

/** Checksum of the bytes from `start` up to `end`, continued from `before`; unsigned. */
export function checksum(bytes: Buffer, start: number, end: number, before = 0): number {
  if (end - start >= NATIVE_BYTES) return crc32(bytes.subarray(start, end), before);
  const words = wordsOf(bytes);
  let crc = ~before;
  let at = start;
  for (; at + STRIDE <= end; at += STRIDE) {
    crc = followed(crc ^ words.getInt32(at, true), 3072) ^ threeWords(words, at + 4);
  }
  if (at + 8 <= end) {
    const second = followed(words.getInt32(at + 4, true), 0);
    crc = followed(crc ^ words.getInt32(at, true), 1024) ^ second;
    at += 8;
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
    setUint32(bytes, ownAt, crc32(view));
    return crc32(view, before);
  }
  const words = wordsOf(bytes);
  let crc = ~before;
  let own = ~0;
  let at = start;
  for (; at + STRIDE <= end; at += STRIDE) {
    const first = words.getInt32(at, true);
    const rest = threeWords(words, at + 4);
    crc = followed(crc ^ first, 3072) ^ rest;
    own = followed(own ^ first, 3072) ^ rest;
  }
  if (at + 8 <= end) {
    const first = words.getInt32(at, true);
    const second = followed(words.getInt32(at + 4, true), 0);
    crc = followed(crc ^ first, 1024) ^ second;
    own = followed(own ^ first, 1024) ^ second;
    at += 8;
  }
  for (; at < end; at += 1) {
    const byte = bytes[at]!;
    crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
    own = TABLE[(own ^ byte) & 255]! ^ (own >>> 8);
  }
  setUint32(bytes, ownAt, ~own);
  return ~crc >>> 0;
}

/** Of four bytes with `zeros` / 256 more behind them. */
const followed = (word: number, zeros: number): number =>
  TABLE[zeros + 768 + (word & 255)]! ^
  TABLE[zeros + 512 + ((word >>> 8) & 255)]! ^
  TABLE[zeros + 256 + ((word >>> 16) & 255)]! ^
  TABLE[zeros + (word >>> 24)]!;

/** Of twelve bytes with none behind them. */
const threeWords = (words: DataView, place: number): number =>
  followed(words.getInt32(place, true), 2048) ^
  followed(words.getInt32(place + 4, true), 1024) ^
  followed(words.getInt32(place + 8, true), 0);

/** The buffer that was looked at last, four bytes at a time. Records that are checked one after the
 * other lie in the same one; a view for each would cost as much as its checksum, and so does asking
 * a buffer where its memory is (see integers.ts). */
let latest: Buffer = Buffer.alloc(0);
let words: DataView = viewOf(latest);

function wordsOf(bytes: Buffer): DataView {
  if (latest !== bytes) {
    latest = bytes;
    words = viewOf(bytes);
  }
  return words;
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

function table(): Int32Array {
  const entries = new Int32Array(STRIDE * 256);
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

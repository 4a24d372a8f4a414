// One entry as bytes: a header of 32 bytes, then its JSON text. The rule: these bytes are made
// once, and go unchanged to the disk and, without the header, to readers and secondaries.
//
//   0  header checksum   crc32 of bytes 4…31: a damaged length is damage, never a torn tail
//   4  payload length    bytes of JSON that follow the header
//   8  payload checksum  crc32 of the payload alone
//  12  running hash      crc32 of the payload, continued from the running hash before it
//  16  index             48 bits
//  22  epoch             48 bits
//  28  write length      on the first record of a write: bytes of the whole write; else 0
//
// All numbers are little-endian and unsigned.

import { invariant } from '../../core/invariant.ts';
import type { Entry } from '../../core/operation.ts';
import { chainedChecksum, checksum } from './checksum.ts';
import { setUint32, setUint48, uint32, uint48 } from './integers.ts';

/** Bytes before the payload of a record. */
export const HEADER_BYTES = 32;

/**
 * The largest payload. A batch is a body of up to 16 MiB and may be one message; the rest is room
 * for what surrounds the message. A greater length in a header is damage, and is never allocated.
 */
export const PAYLOAD_BYTES_MAX: number = (16 << 20) + (64 << 10);

/** What stands in the log right before a record. */
export interface Before {
  readonly index: number;
  /** Running hash at `index`; 0 before the first entry. */
  readonly hash: number;
}

/**
 * What examining a record came to.
 *
 * - `whole`: it is valid, and follows what stands before it.
 * - `incomplete`: it goes on beyond the bytes at hand.
 * - `bad-header`, `bad-payload`: a checksum is wrong (or the length is out of range).
 * - `out-of-order`: valid in itself, but it does not follow what stands before it.
 */
export type Verdict = 'whole' | 'incomplete' | 'bad-header' | 'bad-payload' | 'out-of-order';

export const payloadLength = (bytes: Buffer, at: number): number => uint32(bytes, at + 4);
export const recordHash = (bytes: Buffer, at: number): number => uint32(bytes, at + 12);
export const recordIndex = (bytes: Buffer, at: number): number => uint48(bytes, at + 16);
export const recordEpoch = (bytes: Buffer, at: number): number => uint48(bytes, at + 22);
export const writeLength = (bytes: Buffer, at: number): number => uint32(bytes, at + 28);

/** Bytes from the beginning of this record to that of the next. */
export const recordSize = (bytes: Buffer, at: number): number =>
  HEADER_BYTES + payloadLength(bytes, at);

/** The JSON text of the record at `at`, as a view. */
export function payloadOf(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + payloadLength(bytes, at));
}

/** The entry in the record at `at`; null if it is not JSON. Whether it is what the header says is
 * not looked at. */
export function parseRecord(bytes: Buffer, at: number): Entry | null {
  try {
    const start = at + HEADER_BYTES;
    return JSON.parse(bytes.toString('utf8', start, start + payloadLength(bytes, at))) as Entry;
  } catch {
    return null;
  }
}

/** A text that is stored already, between other bytes. */
export interface StoredText {
  readonly bytes: Buffer;
  /** Where it begins. */
  readonly from: number;
}

/**
 * Writes a record at `at`, where `HEADER_BYTES + length` bytes are free; `length` is the UTF-8
 * length of `text`. Returns the running hash after it: `carried` if that is
 * given, because what stood before it was compacted away.
 */
export function encodeRecord(
  bytes: Buffer,
  at: number,
  text: string | StoredText,
  length: number,
  place: { readonly index: number; readonly epoch: number },
  hashBefore: number,
  carried?: number,
): number {
  const start = at + HEADER_BYTES;
  const written =
    typeof text === 'string'
      ? bytes.write(text, start, length, 'utf8')
      : text.bytes.copy(bytes, start, text.from, text.from + length);
  invariant(written === length, 'the whole text fits where it was given room');
  const end = start + length;
  const chained = chainedChecksum(bytes, start, end, hashBefore, at + 8);
  const hash = carried ?? chained;
  setUint32(bytes, at + 4, length);
  setUint32(bytes, at + 12, hash);
  setUint48(bytes, at + 16, place.index);
  setUint48(bytes, at + 22, place.epoch);
  markWrite(bytes, at, 0);
  return hash;
}

/** Notes on the record at `at` that a write of so many bytes begins with it; 0: none does. */
export function markWrite(bytes: Buffer, at: number, length: number): void {
  setUint32(bytes, at + 28, length);
  setUint32(bytes, at, headerChecksum(bytes, at));
}

/** Judges the record at `at`. `holes`: records may be missing before it, and then the running hash
 * that it carries cannot be checked. */
export function examine(bytes: Buffer, at: number, before: Before, holes = false): Verdict {
  if (at + HEADER_BYTES > bytes.length) return 'incomplete';
  if (!isHeader(bytes, at)) return 'bad-header';
  const length = payloadLength(bytes, at);
  if (at + HEADER_BYTES + length > bytes.length) return 'incomplete';
  const start = at + HEADER_BYTES;
  const end = start + length;
  const index = recordIndex(bytes, at);
  const open = holes && index > before.index + 1;
  // A payload that continues the running hash is whole: its own checksum would say the same.
  const follows = !open && checksum(bytes, start, end, before.hash) === recordHash(bytes, at);
  if (!follows && checksum(bytes, start, end) !== uint32(bytes, at + 8)) return 'bad-payload';
  if (index <= before.index) return 'out-of-order';
  return follows || open ? 'whole' : 'out-of-order';
}

/** Whether all of the record at `at` is what was written, wherever it stands. */
export function isWhole(bytes: Buffer, at: number): boolean {
  if (at + HEADER_BYTES > bytes.length || !isHeader(bytes, at)) return false;
  const start = at + HEADER_BYTES;
  const end = start + payloadLength(bytes, at);
  return end <= bytes.length && checksum(bytes, start, end) === uint32(bytes, at + 8);
}

/** Whether the header at `at` is one that was written, with a length that can be. */
export function isHeader(bytes: Buffer, at: number): boolean {
  if (headerChecksum(bytes, at) !== uint32(bytes, at)) return false;
  const length = payloadLength(bytes, at);
  return length > 0 && length <= PAYLOAD_BYTES_MAX;
}

function headerChecksum(bytes: Buffer, at: number): number {
  return checksum(bytes, at + 4, at + HEADER_BYTES);
}

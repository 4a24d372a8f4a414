import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  encodeRecord,
  examine,
  HEADER_BYTES,
  markWrite,
  PAYLOAD_BYTES_MAX,
  payloadOf,
  recordEpoch,
  recordHash,
  recordIndex,
  recordSize,
  writeLength,
} from '../../../src/persistence/record/record.ts';

const TEXT = '{"index":8,"message":"ü🎉"}';
const LENGTH = Buffer.byteLength(TEXT);
const BEFORE = { index: 7, hash: 0x12345678 };

function record(index = 8, epoch = 3): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + LENGTH);
  encodeRecord(bytes, 0, TEXT, LENGTH, { index, epoch }, BEFORE.hash);
  return bytes;
}

describe('a record', () => {
  it('holds its text, its place and the running hash', () => {
    const bytes = record(2 ** 40, 2 ** 41);
    expect(payloadOf(bytes, 0).toString('utf8')).toBe(TEXT);
    expect(recordIndex(bytes, 0)).toBe(2 ** 40);
    expect(recordEpoch(bytes, 0)).toBe(2 ** 41);
    expect(recordHash(bytes, 0)).toBe(crc32(TEXT, BEFORE.hash));
    expect(recordSize(bytes, 0)).toBe(bytes.length);
    expect(examine(bytes, 0, BEFORE)).toBe('whole');
  });

  it('notes the write that begins with it without losing its validity', () => {
    const bytes = record();
    expect(writeLength(bytes, 0)).toBe(0);
    markWrite(bytes, 0, 4_000_000_000);
    expect(writeLength(bytes, 0)).toBe(4_000_000_000);
    expect(examine(bytes, 0, BEFORE)).toBe('whole');
  });

  it('is incomplete at every length below its own', () => {
    const bytes = record();
    for (let length = 0; length < bytes.length; length += 1) {
      expect(examine(bytes.subarray(0, length), 0, BEFORE)).toBe('incomplete');
    }
  });

  it('is not whole with any bit flipped', () => {
    const bytes = record();
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const expected = bit < HEADER_BYTES * 8 ? 'bad-header' : 'bad-payload';
      expect(examine(flipped, 0, BEFORE)).toBe(expected);
    }
  });

  it('is out of order behind another log', () => {
    expect(examine(record(), 0, { index: 7, hash: 1 })).toBe('out-of-order');
    expect(examine(record(), 0, { index: 8, hash: BEFORE.hash })).toBe('out-of-order');
  });

  it('B26: with a length out of range is damage, not something to make room for', () => {
    for (const length of [0, PAYLOAD_BYTES_MAX + 1, 2 ** 31, 2 ** 32 - 1]) {
      const bytes = record();
      bytes.writeUInt32LE(length, 4);
      markWrite(bytes, 0, 0);
      expect(examine(bytes, 0, BEFORE)).toBe('bad-header');
    }
  });
});

import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainedChecksum, checksum } from '../../../src/persistence/record/checksum.ts';

test('is that of zlib, for every length, place and beginning', () => {
  const bytes = Buffer.from(Array.from({ length: 1_200 }, (_, i) => (i * 7_919 + (i >>> 3)) & 255));
  for (let length = 0; length <= 600; length += 1) {
    const start = length % 13;
    const part = bytes.subarray(start, start + length);
    expect(checksum(bytes, start, start + length)).toBe(crc32(part));
    expect(checksum(bytes, start, start + length, 0xdeadbeef)).toBe(crc32(part, 0xdeadbeef));
  }
});

test('of a record: the chained one, and beside it that of the bytes alone', () => {
  const bytes = Buffer.from(Array.from({ length: 1_200 }, (_, i) => (i * 7_919 + (i >>> 3)) & 255));
  for (let length = 0; length <= 600; length += 1) {
    const start = 4 + (length % 13);
    const part = Buffer.from(bytes.subarray(start, start + length));
    const chained = chainedChecksum(bytes, start, start + length, 0xdeadbeef, 0);
    expect(chained).toBe(crc32(part, 0xdeadbeef));
    expect(bytes.readUInt32LE(0)).toBe(crc32(part));
  }
});

test('can be continued at any place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(700), (array, place) => {
      const bytes = Buffer.from(array);
      const middle = Math.min(place, bytes.length);
      const first = checksum(bytes, 0, middle);
      expect(checksum(bytes, middle, bytes.length, first)).toBe(crc32(bytes));
    }),
  );
});

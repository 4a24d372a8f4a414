import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksum } from '../../src/persistence/checksum.ts';

test('is that of zlib, for every length, place and beginning', () => {
  const bytes = Buffer.from(Array.from({ length: 1_200 }, (_, i) => (i * 7_919 + (i >>> 3)) & 255));
  for (let length = 0; length <= 600; length += 1) {
    const start = length % 13;
    const part = bytes.subarray(start, start + length);
    expect(checksum(bytes, start, start + length)).toBe(crc32(part));
    expect(checksum(bytes, start, start + length, 0xdeadbeef)).toBe(crc32(part, 0xdeadbeef));
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

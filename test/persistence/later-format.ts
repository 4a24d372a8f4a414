// A segment as a later version of replog would have written it.

import { crc32 } from 'node:zlib';

const VERSION = 99;

/** The segment's bytes with a header that is whole and names a later format. */
export function laterFormat(bytes: Buffer): Buffer {
  const later = Buffer.from(bytes);
  later.writeUInt32LE(VERSION, 8);
  later.writeUInt32LE(crc32(later.subarray(0, 28)), 28);
  return later;
}

// Unsigned little-endian integers in a buffer, byte by byte. The rule: no method and no property of
// a buffer but its length and its bytes. Code that V8 of Node 20 optimizes on another thread looks
// up every other name of a typed array anew each time, which takes ten times as long as these
// functions (its AccessInfoFactory cannot tell there that a name is no number).
//
// Who calls has made sure that the bytes are there: what lies beyond the end reads as 0.

/** 32 bits. */
export function uint32(bytes: Buffer, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

/** 48 bits. */
export function uint48(bytes: Buffer, at: number): number {
  return uint32(bytes, at) + (bytes[at + 4]! | (bytes[at + 5]! << 8)) * 2 ** 32;
}

/** Writes the lowest 32 bits. */
export function setUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Writes the lowest 48 bits. */
export function setUint48(bytes: Buffer, at: number, value: number): void {
  setUint32(bytes, at, value);
  const high = Math.floor(value / 2 ** 32);
  bytes[at + 4] = high;
  bytes[at + 5] = high >>> 8;
}

// What an interrupted or failed write leaves on the disk.

import type { Content } from './content.ts';

/**
 * - `nothing`, `all`: none or all of it.
 * - `half`: the first half of its bytes; `prefix`: the first so many, by chance.
 * - `zeros`: the first half, and the file is as long as if all had been written: zeros where it was
 *   not so long before.
 * - `sectors`: each sector of 512 bytes or not, by chance, in any order.
 */
export type Leftover = 'nothing' | 'half' | 'zeros' | 'all' | 'prefix' | 'sectors';

/** A disk writes a sector or does not. */
export const SECTOR_BYTES = 512;

/** Puts what is left of a write into the file; `random` is uniform in [0, 1). */
export function leave(
  content: Content,
  bytes: Buffer,
  position: number,
  leftover: Leftover,
  random: () => number,
): void {
  const { length } = bytes;
  if (leftover === 'nothing' || length === 0) return;
  if (leftover === 'sectors') {
    leaveSectors(content, bytes, position, random);
    return;
  }
  let kept = length;
  if (leftover === 'half' || leftover === 'zeros') kept = Math.floor(length / 2);
  if (leftover === 'prefix') kept = Math.floor(random() * (length + 1));
  if (kept > 0) content.put(bytes.subarray(0, kept), position);
  if (leftover === 'zeros' && content.length < position + length) content.cut(position + length);
}

/** What is lost keeps what was there before, or is zeros where the file was not so long. */
function leaveSectors(
  content: Content,
  bytes: Buffer,
  position: number,
  random: () => number,
): void {
  const end = position + bytes.length;
  for (let at = position; at < end; ) {
    const next = Math.min((Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES, end);
    if (random() < 0.5) content.put(bytes.subarray(at - position, next - position), at);
    at = next;
  }
  // The length is kept with the file's name, and may be written before the bytes are.
  if (content.length < end && random() < 0.5) content.cut(end);
}

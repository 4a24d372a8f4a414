// The end of the log as encoded records, in large blocks outside the JavaScript heap. The rule: a
// byte that was handed out for writing never changes until it is durable, so a record lies in one
// block, and after a cut new records go to a new block.

import { recordSize } from '../record/record.ts';

/** A piece of memory that holds whole records. */
interface Block {
  readonly bytes: Buffer;
  /** Position in the log of its first byte. */
  readonly start: number;
  /** Bytes taken. */
  used: number;
}

/** Blocks kept for reuse: enough for a steady stream, in which one is trimmed as one is begun. */
const SPARE_BLOCKS_MAX = 2;

/**
 * Positions are counted in bytes of records along the whole log.
 *
 * Invariants:
 * 1. The blocks hold every byte from `start` to `end`, without a gap.
 * 2. A record never crosses from one block into the next.
 */
export class Tail {
  private readonly blockBytes: number;
  private blocks: Block[] = [];
  private readonly spare: Buffer[] = [];
  private sealed = false;
  private size = 0;

  constructor(blockBytes: number) {
    this.blockBytes = blockBytes;
  }

  /** Position of the first byte still held. */
  get start(): number {
    return this.blocks[0]?.start ?? this.size;
  }

  /** Position after the last byte. */
  get end(): number {
    return this.size;
  }

  /** A block with room for `size` more bytes at `used`; `took` says when they are filled. */
  room(size: number): { readonly bytes: Buffer; readonly used: number } {
    const last = this.blocks.at(-1);
    if (last !== undefined && !this.sealed && last.used + size <= last.bytes.length) return last;
    const fits = size <= this.blockBytes;
    const bytes = (fits ? this.spare.pop() : undefined) ?? allocate(fits ? this.blockBytes : size);
    const block = { bytes, start: this.size, used: 0 };
    this.blocks.push(block);
    this.sealed = false;
    return block;
  }

  took(size: number): void {
    this.blocks.at(-1)!.used += size;
    this.size += size;
  }

  /** Goes on so many bytes further, which stay on disk alone. Nothing is held yet. */
  skip(bytes: number): void {
    this.blocks = [];
    this.size += bytes;
  }

  /** Takes over whole records that were read from disk, as many at once as a block has room for:
   * copying them one by one would be most of a start. */
  adopt(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const block = this.room(recordSize(bytes, at));
      const free = block.bytes.length - block.used;
      let next = at;
      while (next < end && next + recordSize(bytes, next) - at <= free) {
        next += recordSize(bytes, next);
      }
      bytes.copy(block.bytes, block.used, at, next);
      this.took(next - at);
      at = next;
    }
  }

  /** Views of the bytes between two positions, each of whole records if both are boundaries. */
  spans(from: number, to: number): Buffer[] {
    const found: Buffer[] = [];
    for (let i = this.floor(from); i < this.blocks.length; i += 1) {
      const block = this.blocks[i]!;
      if (block.start >= to) break;
      const first = Math.max(from - block.start, 0);
      const last = Math.min(to - block.start, block.used);
      if (first < last) found.push(block.bytes.subarray(first, last));
    }
    return found;
  }

  /** Forgets everything from `position` on. Views given out before stay valid. */
  cut(position: number): void {
    while (this.blocks.length > 0 && this.blocks.at(-1)!.start >= position) this.blocks.pop();
    const last = this.blocks.at(-1);
    if (last !== undefined) last.used = Math.min(last.used, position - last.start);
    this.sealed = true;
    this.size = position;
  }

  /** Lets go of the oldest blocks beyond `keepBytes`, but of nothing after `durable`. Their memory
   * is used again: nobody may hold a view of them any more. */
  trim(keepBytes: number, durable: number): void {
    let held = 0;
    for (const block of this.blocks) held += block.bytes.length;
    let gone = 0;
    while (gone < this.blocks.length - 1 && held > keepBytes) {
      const block = this.blocks[gone]!;
      if (block.start + block.used > durable) break;
      held -= block.bytes.length;
      const reusable = block.bytes.length === this.blockBytes;
      if (reusable && this.spare.length < SPARE_BLOCKS_MAX) this.spare.push(block.bytes);
      gone += 1;
    }
    if (gone > 0) this.blocks.splice(0, gone);
  }

  /** The last block that begins at or before the position; 0 if none does. */
  private floor(position: number): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.blocks[middle]!.start <= position) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }
}

function allocate(size: number): Buffer {
  return Buffer.allocUnsafeSlow(size);
}

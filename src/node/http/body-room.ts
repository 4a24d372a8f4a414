// What the bodies that clients have not sent to the end may take in memory, all together. The rule:
// whoever sends slowly, or never ends, is refused before the process has no memory left for others.
// And long bodies that are whole are handed over one at a time: what is made of each takes long,
// and they may all come at once.

import { LongWork } from '../long-work.ts';

/** Sixteen of the largest batches. With 16,384 connections there would be room for 256 GiB. */
const BODIES_MAX: number = 256 << 20;

/** So much of each is always read: an ordinary write goes on, whatever others send. All connections
 * together come to BODIES_MAX once more with that. */
const ALWAYS: number = 16 << 10;

/** A body of so many bytes or less is handed over at once: it takes no longer than its request. */
const SHORT: number = 16 << 10;

/** Invariant: `taken` is what has been taken and not given back. */
export class BodyRoom {
  private readonly max: number;
  private readonly now: () => number;
  private readonly long = new LongWork();
  private taken = 0;

  /** `now`: monotonic, in milliseconds. */
  constructor(max: number = BODIES_MAX, now: () => number = () => performance.now()) {
    this.max = max;
    this.now = now;
  }

  /** Takes room for `bytes` more of a body that comes to `size` with them; false: there is none. */
  take(bytes: number, size: number): boolean {
    if (this.taken + bytes > this.max && size > ALWAYS) return false;
    this.taken += bytes;
    return true;
  }

  /** Hands over a body that is whole, and gives back what was taken for it. A long one waits for
   * its turn: `handOver` is told since when, in milliseconds. */
  whole(size: number, handOver: (since?: number) => void): void {
    if (size <= SHORT) {
      this.giveBack(size);
      handOver();
      return;
    }
    const since = this.now();
    this.long.add(size, () => {
      this.giveBack(size);
      handOver(since);
    });
  }

  /** All that was taken for one body. */
  giveBack(size: number): void {
    this.taken -= size;
  }
}

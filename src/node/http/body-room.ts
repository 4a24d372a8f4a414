// What the bodies that clients have not sent to the end may take in memory, all together. The rule:
// whoever sends slowly, or never ends, is refused before the process has no memory left for others.

/** Sixteen of the largest batches. With 16,384 connections there would be room for 256 GiB. */
const BODIES_MAX: number = 256 << 20;

/** So much of each is always read: an ordinary write goes on, whatever others send. All connections
 * together come to BODIES_MAX once more with that. */
const ALWAYS: number = 16 << 10;

/** Invariant: `taken` is what has been taken and not given back. */
export class BodyRoom {
  private readonly max: number;
  private taken = 0;

  constructor(max: number = BODIES_MAX) {
    this.max = max;
  }

  /** Takes room for `bytes` more of a body that comes to `size` with them; false: there is none. */
  take(bytes: number, size: number): boolean {
    if (this.taken + bytes > this.max && size > ALWAYS) return false;
    this.taken += bytes;
    return true;
  }

  /** All that was taken for one body. */
  giveBack(size: number): void {
    this.taken -= size;
  }
}

// The bytes of one file of the fake disk. The rule: what was never written reads as zeros.

/** What a file has room for at first, in bytes. */
const ROOM = 2_000;

const NOTHING = Buffer.alloc(0);

/** A buffer that grows. */
export class Content {
  private bytes: Buffer;
  private used: number;

  /** Takes over the buffer. */
  constructor(bytes: Buffer = NOTHING) {
    this.bytes = bytes;
    this.used = bytes.length;
  }

  get length(): number {
    return this.used;
  }

  put(bytes: Buffer, position: number): void {
    this.reach(position);
    this.make(position + bytes.length);
    bytes.copy(this.bytes, position);
    this.used = Math.max(this.used, position + bytes.length);
  }

  /** Makes it exactly so long; what is added is zeros. */
  cut(length: number): void {
    this.reach(length);
    this.used = length;
  }

  /** It is at least so long; what is added is zeros. */
  private reach(length: number): void {
    if (length <= this.used) return;
    this.make(length);
    this.bytes.fill(0, this.used, length);
    this.used = length;
  }

  /** There is room for so many bytes. What is behind those that are used may be anything. */
  private make(room: number): void {
    if (room <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(room, 2 * this.bytes.length, ROOM));
    this.bytes.copy(grown, 0, 0, this.used);
    this.bytes = grown;
  }

  /** Copies as much as there is from `position` on; returns how much that was. */
  read(into: Buffer, position: number): number {
    if (position >= this.used) return 0;
    return this.bytes.copy(into, 0, position, this.used);
  }

  flip(bit: number): void {
    this.bytes[bit >> 3]! ^= 1 << (bit & 7);
  }

  toBuffer(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.used));
  }

  copy(): Content {
    return new Content(this.toBuffer());
  }
}

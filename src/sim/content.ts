// The bytes of one file of the fake disk. The rule: what was never written reads as zeros.

/** A buffer that grows. */
export class Content {
  private bytes: Buffer;
  private used: number;

  /** Takes over the buffer. */
  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.bytes = bytes;
    this.used = bytes.length;
  }

  get length(): number {
    return this.used;
  }

  put(bytes: Buffer, position: number): void {
    const end = position + bytes.length;
    if (end > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(end, 2 * this.bytes.length));
      this.bytes.copy(grown, 0, 0, this.used);
      this.bytes = grown;
    }
    bytes.copy(this.bytes, position);
    this.used = Math.max(this.used, end);
  }

  /** Makes it exactly so long; what is added is zeros. */
  cut(length: number): void {
    if (length > this.used) this.put(Buffer.alloc(length - this.used), this.used);
    this.bytes.fill(0, length, this.used);
    this.used = length;
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

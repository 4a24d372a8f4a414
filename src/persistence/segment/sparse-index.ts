// Where in a segment to begin looking for an entry: a point every few KiB instead of one per
// record, so that memory grows with the log's bytes divided by thousands. The rule: between one
// point and the next there is no hole in the indexes, which makes every count exact.

const WIDTH = 4;
const INDEX = 0;
const ORDINAL = 1;
const OFFSET = 2;
const HASH = 3;

/** A record's place in its segment. */
export interface Point {
  /** How much its index is above that of the segment's beginning. */
  readonly index: number;
  /** How many records of the segment stand before it. */
  readonly ordinal: number;
  /** Where it begins, in bytes. */
  readonly offset: number;
  /** Running hash after the record before it. */
  readonly hash: number;
}

/** Invariant: from point to point index, ordinal and offset rise. All numbers fit into 32 bits. */
export class SparseIndex {
  private numbers: Uint32Array;
  private size: number;

  /** Takes over the points of an index that was stored. */
  constructor(numbers: Uint32Array = new Uint32Array(8 * WIDTH), size = 0) {
    this.numbers = numbers;
    this.size = size;
  }

  /** An index as it was stored. */
  static stored(numbers: Uint32Array): SparseIndex {
    return new SparseIndex(numbers, numbers.length / WIDTH);
  }

  get length(): number {
    return this.size;
  }

  /** All points, as they are stored; a view. */
  get stored(): Uint32Array {
    return this.numbers.subarray(0, this.size * WIDTH);
  }

  push(index: number, ordinal: number, offset: number, hash: number): void {
    const at = this.size * WIDTH;
    if (at === this.numbers.length) {
      const grown = new Uint32Array(Math.max(at * 2, 8 * WIDTH));
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[at + INDEX] = index;
    this.numbers[at + ORDINAL] = ordinal;
    this.numbers[at + OFFSET] = offset;
    this.numbers[at + HASH] = hash;
    this.size += 1;
  }

  at(point: number): Point {
    const at = point * WIDTH;
    return {
      index: this.numbers[at + INDEX]!,
      ordinal: this.numbers[at + ORDINAL]!,
      offset: this.numbers[at + OFFSET]!,
      hash: this.numbers[at + HASH]!,
    };
  }

  /** The part of `at` that is asked for, without an object for it. */
  indexAt(point: number): number {
    return this.numbers[point * WIDTH + INDEX]!;
  }

  ordinalAt(point: number): number {
    return this.numbers[point * WIDTH + ORDINAL]!;
  }

  offsetAt(point: number): number {
    return this.numbers[point * WIDTH + OFFSET]!;
  }

  hashAt(point: number): number {
    return this.numbers[point * WIDTH + HASH]!;
  }

  /** The last point at or before this index; -1 if all are after it. */
  floorIndex(index: number): number {
    return this.floor(INDEX, index);
  }

  /** The last point with at most so many records before it. */
  floorOrdinal(ordinal: number): number {
    return this.floor(ORDINAL, ordinal);
  }

  /** The last point that begins at or before this byte. */
  floorOffset(offset: number): number {
    return this.floor(OFFSET, offset);
  }

  /** The points that begin at `from` or behind, and before `to`, as they are stored; a view. */
  between(from: number, to: number): Uint32Array {
    const [first, end] = [this.floorOffset(from - 1) + 1, this.floorOffset(to - 1) + 1];
    return this.numbers.subarray(first * WIDTH, end * WIDTH);
  }

  /** Forgets all points but the first `length`. */
  cut(length: number): void {
    this.size = length;
  }

  /** The same index with points at least `intervalBytes` apart, but for those behind holes. */
  thinned(intervalBytes: number): SparseIndex {
    const kept = new SparseIndex();
    let last = -1;
    for (let i = 0; i < this.size; i += 1) {
      const hole = last < 0 || this.skippedAt(i) !== this.skippedAt(last);
      const end = i + 1 < this.size ? this.offsetAt(i + 1) : Number.POSITIVE_INFINITY;
      if (!hole && end - this.offsetAt(last) <= intervalBytes) continue;
      const { index, ordinal, offset, hash } = this.at(i);
      kept.push(index, ordinal, offset, hash);
      last = i;
    }
    return new SparseIndex(kept.stored.slice(), kept.length);
  }

  /** How many indexes before a point have no record. */
  private skippedAt(point: number): number {
    return this.indexAt(point) - this.ordinalAt(point);
  }

  private floor(column: number, wanted: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.numbers[middle * WIDTH + column]! <= wanted) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

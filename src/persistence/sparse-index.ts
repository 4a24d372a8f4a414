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
  readonly index: number;
  /** How many records of the segment stand before it. */
  readonly ordinal: number;
  /** Where it begins, in bytes. */
  readonly offset: number;
  /** Running hash before it. */
  readonly hash: number;
}

/** Invariant: from point to point index, ordinal and offset rise. */
export class SparseIndex {
  private numbers = new Float64Array(8 * WIDTH);
  private size = 0;

  get length(): number {
    return this.size;
  }

  push(index: number, ordinal: number, offset: number, hash: number): void {
    const at = this.size * WIDTH;
    if (at === this.numbers.length) {
      const grown = new Float64Array(at * 2);
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

  offsetAt(point: number): number {
    return this.numbers[point * WIDTH + OFFSET]!;
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

  /** Forgets all points but the first `length`. */
  cut(length: number): void {
    this.size = length;
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

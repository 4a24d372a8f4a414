// Where the latest removals of keys without a value stand, for one pass of compaction: earlier ones
// of the same keys say nothing any more. The rule: so many keys at a time and no more, since memory
// must not grow with the keys that ever were. Where there are more, each pass looks at the segments
// before those of the pass before.

import type { LogIndex } from '../../core/ids.ts';
import type { FoldedRun } from '../../core/log/ledger.ts';

/** As many bytes of keys, as summaries hold them: some 150,000 short ones. */
const BYTES_MAX = 4 << 20;

/** A closed segment whose keys can be had. */
export interface KeysOfSegment {
  readonly first: number;
  /** What they take, with their places. */
  readonly bytes: number;
  /** null: they cannot be read. */
  folds(): Promise<FoldedRun | null>;
}

/** Invariant: each place is that of a removal which is settled, and on every member. */
export class LastRemovals {
  private readonly places = new Map<string, LogIndex>();
  /** Segments that begin here or later had their turn. */
  private before = Number.POSITIVE_INFINITY;
  private readonly bytesMax: number;

  constructor(bytesMax: number = BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /** Takes note of the removals in the next of these segments, the latest first. `gone`: whether
   * this removal is settled, and its key has no value. */
  async gather(
    segments: readonly KeysOfSegment[],
    gone: (key: string, index: LogIndex) => boolean,
  ): Promise<void> {
    this.clear();
    let next = segments.findLastIndex(({ first }) => first < this.before);
    if (next < 0) next = segments.length - 1;
    let bytes = 0;
    for (; next >= 0; next -= 1) {
      const segment = segments[next]!;
      bytes += segment.bytes;
      if (bytes > this.bytesMax && bytes > segment.bytes) break;
      const folds = await segment.folds();
      if (folds === null) break;
      folds.eachKey((key, index, present) => {
        if (!present && !this.places.has(key) && gone(key, index)) this.places.set(key, index);
      });
    }
    this.before = next < 0 ? Number.POSITIVE_INFINITY : segments[next]!.first + 1;
  }

  /** Whether a removal of this key is known that stands behind this index. */
  comeAfter(key: string, index: LogIndex): boolean {
    const place = this.places.get(key);
    return place !== undefined && place > index;
  }

  /** Gives the memory back. */
  clear(): void {
    this.places.clear();
  }
}

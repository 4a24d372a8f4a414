// The segments of a log in order, and what can be said of it without looking at a record.

import type { LogIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import type { LogMeter, Measured } from '../../core/log/log.ts';
import type { Segment } from '../segment/segment.ts';

/** Invariant: each segment begins after the end of the one before it, in index and running hash. */
export class Catalog implements LogMeter {
  private readonly segments: Segment[] = [];

  get last(): Segment | undefined {
    return this.segments.at(-1);
  }

  get lastIndex(): number {
    return this.last?.lastIndex ?? 0;
  }

  get hash(): number {
    return this.last?.hash ?? 0;
  }

  push(segment: Segment): void {
    const { first, hashBefore } = segment.start;
    invariant(first > this.lastIndex && hashBefore === this.hash, 'segments follow one another');
    this.segments.push(segment);
  }

  /** The segment that holds records behind this one. */
  after(segment: Segment | undefined): Segment | undefined {
    return this.segments[segment === undefined ? 0 : this.segments.indexOf(segment) + 1];
  }

  /** Segments that hold any of the indexes `from`…`to`. */
  covering(from: number, to: number): Segment[] {
    const found: Segment[] = [];
    for (let i = Math.max(this.floor(from), 0); i < this.segments.length; i += 1) {
      const segment = this.segments[i]!;
      if (segment.start.first > to) break;
      if (segment.end.index >= from) found.push(segment);
    }
    return found;
  }

  /** Bytes counted are those stored, headers included: a little more than the message will have. */
  measure(from: LogIndex, entriesMax: number, bytesMax: number): Measured {
    invariant(from >= 1 && from <= this.lastIndex, 'only entries that exist are measured');
    let count = 0;
    let bytes = 0;
    let to = 0;
    for (let i = Math.max(this.floor(from), 0); i < this.segments.length; i += 1) {
      const segment = this.segments[i]!;
      const rank = segment.rank(from);
      // `from` lies in a hole at the end of this segment: the next one has the first entry.
      if (rank === segment.count) continue;
      const reach = segment.reach(from, entriesMax - count, bytesMax - bytes);
      // One entry is always sent, however large, or the log could never be read past it.
      const taken = count === 0 ? Math.max(reach.count, 1) : reach.count;
      if (taken === 0) break;
      count += taken;
      bytes += reach.count === 0 ? bytesMax : reach.bytes;
      to = segment.select(rank + taken - 1);
      if (!reach.whole || count >= entriesMax) break;
    }
    return { to: to as LogIndex, count, bytes };
  }

  /** All segments but the last, in log order. */
  get closed(): readonly Segment[] {
    return this.segments.slice(0, -1);
  }

  /** Whether these segments follow one another here. */
  holds(group: readonly Segment[]): boolean {
    const place = this.segments.indexOf(group[0]!);
    if (place < 0) return false;
    return group.every((segment, i) => this.segments[place + i] === segment);
  }

  /** Puts other segments in the place of these, which follow one another. Does nothing where a cut
   * has taken them away. */
  replace(group: readonly Segment[], ...others: Segment[]): void {
    const place = this.segments.indexOf(group[0]!);
    if (place < 0) return;
    this.segments.splice(place, group.length, ...others);
    for (const segment of group) segment.replaced = true;
    for (const segment of others) segment.replaced = false;
  }

  /** Takes out the segments whose records come after `index`; returns them in log order. */
  dropAfter(index: number): Segment[] {
    let keep = this.segments.length;
    // One may begin with a hole, and so have no record up to there.
    while (keep > 0 && this.segments[keep - 1]!.rank(index + 1) === 0) keep -= 1;
    return this.segments.splice(keep);
  }

  /** The last segment that begins at or before this index. */
  private floor(index: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.segments[middle]!.start.first <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

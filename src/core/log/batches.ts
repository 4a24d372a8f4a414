// Where the batches of the log begin and end, as far as it matters: those that are not yet on a
// majority as a whole, and the last one, which a log may end in the middle of.

import { type LogIndex, logIndex } from '../ids.ts';
import type { Entry } from '../operation.ts';

interface Batch {
  readonly first: number;
  readonly end: number;
}

/** Batches remembered. A log that is read at the start of a process may hold any number of them;
 * what is further back than this was on a majority long ago. */
const BATCHES_MAX = 10_000;

/** Invariant: the batches rise; they never overlap. */
export class Batches {
  private open: Batch[] = [];

  /** Takes note of the next entry of the log. */
  observe(entry: Entry): void {
    if (entry.batch === undefined || entry.batch < 2) return;
    this.open.push({ first: entry.index, end: entry.index + entry.batch - 1 });
    if (this.open.length >= 2 * BATCHES_MAX) this.open.splice(0, BATCHES_MAX);
  }

  /** Takes over the last batch of a run whose entries are not read. Of the earlier ones nothing is
   * known: they are closed, and were on a majority long ago. */
  restore(batch: Batch): void {
    this.open.push(batch);
  }

  /** First index of a batch that a log with this end holds only in part; null if there is none. */
  torn(lastIndex: LogIndex): LogIndex | null {
    const last = this.open.at(-1);
    if (last === undefined || last.end <= lastIndex) return null;
    return last.first <= lastIndex ? logIndex(last.first) : null;
  }

  /** The highest index up to `index` that is not in the middle of a batch. */
  wholeUpTo(index: LogIndex): LogIndex {
    for (let i = this.open.length - 1; i >= 0; i -= 1) {
      const { first, end } = this.open[i]!;
      if (end <= index) break;
      if (first <= index) return logIndex(first - 1);
    }
    return index;
  }

  /** Everything up to here is on a majority, and stays. */
  committed(index: LogIndex): void {
    let done = 0;
    while (done < this.open.length && this.open[done]!.end <= index) done += 1;
    if (done > 0) this.open.splice(0, done);
  }

  /** Forgets what began after `after`. */
  truncated(after: LogIndex): void {
    while (this.open.length > 0 && this.open.at(-1)!.first > after) this.open.pop();
  }
}

// Where the log stands: positions and epochs, never the entries themselves. Those are with the host
// (`Append`, `Persist`), which also tells how much a Snapshot may hold without reading anything.

import { type Epoch, epoch, type LogIndex, logIndex } from '../ids.ts';
import { invariant } from '../invariant.ts';

/** So many indexes may be missing in a row, superseded: places within a file have 32 bits, and some
 * are left to what a batch has behind them. No cluster comes so far in days of writing one key. */
export const HOLE_MAX = 2 ** 32 - 2 ** 16;

/** A run of the log that one master wrote: from `first` on, until the next run. */
export interface EpochStart {
  readonly epoch: Epoch;
  readonly first: LogIndex;
}

/** What of the log one message can hold. */
export interface Measured {
  readonly to: LogIndex;
  /** Entries that the log still holds: superseded ones may have been compacted away. */
  readonly count: number;
  /** Bytes that they take, about, and not above what was asked for. */
  readonly bytes: number;
}

/** What the core asks of the stored log, answered from memory at once. */
export interface LogMeter {
  /** Running hash of the whole log; 0 while it is empty. Unsigned 32-bit. */
  readonly hash: number;

  /**
   * How far one message can reach: the largest `to` such that the entries `from`…`to` are at most
   * `entriesMax` and `bytesMax`, but at least one entry. `from` ≤ last index.
   */
  measure(from: LogIndex, entriesMax: number, bytesMax: number): Measured;
}

/**
 * Invariants:
 * 1. commitIndex ≤ lastIndex, and persistedIndex ≤ lastIndex.
 * 2. Indexes are handed out one after the other: an entry is appended at lastIndex + 1, or later
 *    where everything between is known to be superseded.
 * 3. Epochs never fall along the log.
 * 4. commitIndex never falls, except when a log that differs from the master's is cut back.
 */
export class Log {
  private last: LogIndex;
  private committed: LogIndex = logIndex(0);
  private readonly runs: EpochStart[];

  constructor(lastIndex: LogIndex, runs: readonly EpochStart[]) {
    this.last = lastIndex;
    this.runs = [...runs];
  }

  get lastIndex(): LogIndex {
    return this.last;
  }

  get commitIndex(): LogIndex {
    return this.committed;
  }

  get lastEpoch(): Epoch {
    return this.runs.at(-1)?.epoch ?? epoch(0);
  }

  get epochs(): readonly EpochStart[] {
    return this.runs;
  }

  /** Notes that an entry now stands at the end of the log. */
  appended(index: LogIndex, entryEpoch: Epoch): void {
    if (index <= this.last) {
      // Only then is the sentence made: this runs for every entry.
      invariant(false, `entry ${index} comes after the last one, ${this.last}`);
    }
    invariant(entryEpoch >= this.lastEpoch, 'epochs never fall along the log');
    if (entryEpoch > this.lastEpoch) this.runs.push({ epoch: entryEpoch, first: index });
    this.last = index;
  }

  /** The epoch of the entry at an index that the log has reached. */
  epochAt(index: LogIndex): Epoch {
    for (let i = this.runs.length - 1; i >= 0; i -= 1) {
      if (this.runs[i]!.first <= index) return this.runs[i]!.epoch;
    }
    return epoch(0);
  }

  /** Where what is of this epoch, or of an earlier one, ends: what stands beyond is of later ones.
   * (After compaction it may have ended before.) */
  endOf(epoch: Epoch): LogIndex {
    const next = this.runs.find((run) => run.epoch > epoch);
    return next === undefined ? this.last : logIndex(next.first - 1);
  }

  /** Notes that everything up to `index` is on a majority; more than the log has counts as all. */
  commit(index: LogIndex): boolean {
    const reached = Math.min(index, this.last) as LogIndex;
    if (reached <= this.committed) return false;
    this.committed = reached;
    return true;
  }

  /** Forgets everything after `after`. */
  truncated(after: LogIndex): void {
    invariant(after <= this.last, 'only what exists can be cut off');
    this.last = after;
    if (this.committed > after) this.committed = after;
    while (this.runs.length > 0 && this.runs.at(-1)!.first > after) this.runs.pop();
  }
}

/** Whether entries that come behind `after` rise, and nowhere more than HOLE_MAX are missing. */
export function rises(entries: readonly { readonly index: LogIndex }[], after: LogIndex): boolean {
  let before = after;
  for (const { index } of entries) {
    if (index <= before || index - before - 1 > HOLE_MAX) return false;
    before = index;
  }
  return true;
}

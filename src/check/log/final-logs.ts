// The logs that nodes showed after everything was healed and quiet, put together from their pages.

import type { LogRecord } from '../history/history.ts';
import type { Content, Operations } from '../operations.ts';
import { ByIndex } from './by-index.ts';

export class FinalLog {
  readonly node: string;
  /** Undefined: not shown. */
  readonly contents = new ByIndex<Content>();
  readonly epochs = new ByIndex<number>();
  lastIndex = 0;
  /** Pages were seen up to here without a gap between them. */
  covered = 0;
  /** The record that showed the end of it. */
  place = 0;
  /** Another page told another end: the cluster was not quiet. */
  moved = false;

  constructor(node: string) {
    this.node = node;
  }

  get whole(): boolean {
    return this.covered >= this.lastIndex && !this.moved;
  }

  take(record: LogRecord, contents: readonly Content[], place: number): void {
    if (record.from <= 1) {
      this.contents.cut(-1);
      this.epochs.cut(-1);
      this.covered = 0;
      this.moved = false;
      this.lastIndex = record.lastIndex;
    } else if (record.lastIndex !== this.lastIndex) {
      this.moved = true;
    }
    if (record.from <= this.covered + 1) this.covered = Math.max(this.covered, record.to);
    this.place = place;
    for (const [i, { index, epoch }] of record.entries.entries()) {
      this.contents.set(index, contents[i]!);
      this.epochs.set(index, epoch);
    }
  }

  /** For each key, the index of the last operation on it. */
  latest(operations: Operations): Map<string, number> {
    const latest = new Map<string, number>();
    for (const [index, content] of this.contents.entries()) {
      const key = operations.key(content);
      if (key !== null) latest.set(key, index);
    }
    return latest;
  }
}

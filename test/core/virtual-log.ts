// A log in an array, for machines that are tested without any host.

import { epoch, type LogIndex, logIndex } from '../../src/core/ids.ts';
import type { EpochStart, LogMeter } from '../../src/core/log.ts';
import type { Entry } from '../../src/core/operation.ts';

export class VirtualLog implements LogMeter {
  entries: Entry[] = [];
  persisted = 0;

  get lastIndex(): LogIndex {
    return this.entries.at(-1)?.index ?? logIndex(0);
  }

  get hash(): number {
    return this.hashAt(this.lastIndex);
  }

  hashAt(index: number): number {
    let hash = 0;
    for (const entry of this.entries) {
      if (entry.index > index) break;
      for (const unit of JSON.stringify(entry)) hash = (hash * 31 + unit.charCodeAt(0)) >>> 0;
    }
    return hash;
  }

  measure(from: LogIndex, entriesMax: number): { to: LogIndex; count: number } {
    const to = logIndex(Math.min(this.lastIndex, from + entriesMax - 1));
    return { to, count: this.read(from, to).length };
  }

  append(entries: readonly Entry[]): void {
    this.entries.push(...entries);
  }

  truncate(after: LogIndex): void {
    this.entries = this.entries.filter((entry) => entry.index <= after);
    this.persisted = Math.min(this.persisted, after);
  }

  persist(upTo: LogIndex): void {
    this.persisted = Math.max(this.persisted, Math.min(upTo, this.lastIndex));
  }

  /** The process ended: what was not persisted is gone. */
  crash(): void {
    this.entries = this.entries.filter((entry) => entry.index <= this.persisted);
  }

  read(from: LogIndex, to: LogIndex): Entry[] {
    return this.entries.filter((entry) => entry.index >= from && entry.index <= to);
  }

  epochs(): EpochStart[] {
    const runs: EpochStart[] = [];
    for (const entry of this.entries) {
      if (entry.epoch !== (runs.at(-1)?.epoch ?? epoch(0))) {
        runs.push({ epoch: entry.epoch, first: entry.index });
      }
    }
    return runs;
  }
}

// A log in an array, for machines that are tested without any host. It knows what a crash leaves:
// what a Persist has made durable, and no cut that no Persist has followed.

import { epoch, type LogIndex, logIndex } from '../../src/core/ids.ts';
import type { EpochStart, LogMeter, Measured } from '../../src/core/log/log.ts';
import { type LogPoint, type Snapshot, UNKNOWN_HASH } from '../../src/core/messages.ts';
import type { Entry } from '../../src/core/operation.ts';

/** What each entry is said to take. */
const ENTRY_BYTES = 100;

export class VirtualLog implements LogMeter {
  entries: Entry[] = [];
  persisted = 0;
  private readonly hashes = new Map<number, number>();
  private onDisk: { readonly entry: Entry; readonly hash: number }[] = [];
  /** What stands beyond this on disk is to be cut off. */
  private cutTo = Number.POSITIVE_INFINITY;

  get lastIndex(): LogIndex {
    return this.entries.at(-1)?.index ?? logIndex(0);
  }

  get hash(): number {
    return this.hashAt(this.lastIndex);
  }

  hashAt(index: number): number {
    return this.hashes.get(index) ?? 0;
  }

  measure(from: LogIndex, entriesMax: number): Measured {
    const measured = this.read(from, this.lastIndex).slice(0, entriesMax);
    const count = measured.length;
    return { to: measured.at(-1)?.index ?? this.lastIndex, count, bytes: count * ENTRY_BYTES };
  }

  append(entries: readonly Entry[], holes: readonly LogPoint[] = []): void {
    for (const entry of entries) {
      let hash = this.hash;
      const text = JSON.stringify(entry);
      for (let i = 0; i < text.length; i += 1) hash = (hash * 31 + text.charCodeAt(i)) >>> 0;
      this.entries.push(entry);
      const carried = holes.find(({ index }) => index === entry.index);
      this.hashes.set(entry.index, carried?.hash ?? hash);
    }
  }

  truncate(after: LogIndex): void {
    for (const entry of this.entries) if (entry.index > after) this.hashes.delete(entry.index);
    this.entries = this.entries.filter((entry) => entry.index <= after);
    this.persisted = Math.min(this.persisted, after);
    this.cutTo = Math.min(this.cutTo, after);
  }

  persist(upTo: LogIndex): void {
    this.persisted = Math.max(this.persisted, Math.min(upTo, this.lastIndex));
    if (this.cutTo < Number.POSITIVE_INFINITY) {
      this.onDisk = this.onDisk.filter(({ entry }) => entry.index <= this.cutTo);
      this.cutTo = Number.POSITIVE_INFINITY;
    }
    const reached = this.onDisk.at(-1)?.entry.index ?? 0;
    for (const entry of this.entries) {
      if (entry.index <= reached || entry.index > this.persisted) continue;
      this.onDisk.push({ entry, hash: this.hashAt(entry.index) });
    }
  }

  /** The process ended: what was not persisted is gone. */
  crash(): void {
    this.cutTo = Number.POSITIVE_INFINITY;
    this.entries = this.onDisk.map(({ entry }) => entry);
    this.hashes.clear();
    for (const { entry, hash } of this.onDisk) this.hashes.set(entry.index, hash);
    this.persisted = this.lastIndex;
  }

  /** A log that has only what stands up to `after`, all of it persisted. */
  prefix(after: number): VirtualLog {
    const log = new VirtualLog();
    log.append(this.entries.filter((entry) => entry.index <= after));
    log.persist(log.lastIndex);
    return log;
  }

  /** Superseded entries are compacted away; the running hash stays what it was. */
  compact(...indexes: readonly number[]): void {
    this.entries = this.entries.filter((entry) => !indexes.includes(entry.index));
    for (const index of indexes) this.hashes.delete(index);
    this.onDisk = this.onDisk.filter(({ entry }) => !indexes.includes(entry.index));
  }

  /** What a message with the entries `from`…`to` says of the log. */
  chunk(from: number, to: number): Pick<Snapshot, 'updates' | 'holes'> & { prev: LogPoint } {
    const updates = from <= to ? this.read(logIndex(from), logIndex(to)) : [];
    const index = logIndex(from - 1);
    const prev = { index, hash: index === 0 ? 0 : (this.hashes.get(index) ?? UNKNOWN_HASH) };
    const holes = updates
      .filter((entry, i) => entry.index !== (updates[i - 1]?.index ?? index) + 1)
      .map((entry) => ({ index: entry.index, hash: this.hashAt(entry.index) }));
    return { updates, prev, ...(holes.length > 0 ? { holes } : {}) };
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

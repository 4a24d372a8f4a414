// One node's copy of the replicated state: the log and what is folded from it, kept in step.

import { Deduplication } from './deduplication.ts';
import type { Effect } from './effects.ts';
import type { LogIndex } from './ids.ts';
import { type EpochStart, Log, type LogMeter } from './log.ts';
import type { Entry } from './operation.ts';
import type { Options } from './options.ts';
import type { Outbox } from './outbox.ts';
import { Persister } from './persister.ts';
import { Store } from './store.ts';

/** Rough size of an entry, in characters. */
function weightOf(entry: Entry): number {
  switch (entry.op) {
    case 'append':
      return 64 + entry.message.length;
    case 'put':
      return 64 + entry.key.length + entry.value.length;
    case 'remove':
      return 64 + entry.key.length;
  }
}

/** What a node found of itself at its start. */
export interface Recovered {
  readonly lastIndex: LogIndex;
  readonly epochs: readonly EpochStart[];
}

/** The folds, filled by the host while it reads the log at the start of the process. */
export class Folds {
  readonly store = new Store();
  readonly deduplication: Deduplication;
  /** Where the last batch of the log begins and ends, to notice one that was cut short. */
  private batch: { first: number; end: number } | null = null;

  constructor(options: Options) {
    this.deduplication = new Deduplication(options.deduplicationWindow);
  }

  observe(entry: Entry): void {
    this.store.observe(entry);
    this.deduplication.observe(entry);
    if (entry.batch !== undefined && entry.batch > 1) {
      this.batch = { first: entry.index, end: entry.index + entry.batch - 1 };
    }
  }

  /** First index of a batch that the log ends in the middle of; null if there is none. */
  tornBatch(lastIndex: LogIndex): LogIndex | null {
    if (this.batch === null || this.batch.end <= lastIndex) return null;
    return this.batch.first <= lastIndex ? (this.batch.first as LogIndex) : null;
  }

  truncated(after: LogIndex): void {
    this.store.truncated(after);
    this.deduplication.truncated(after);
    if (this.batch !== null && this.batch.first > after) this.batch = null;
  }
}

/**
 * Invariants:
 * 1. Log, store and deduplication have seen the same entries.
 * 2. Every change reaches the host as an effect of the same step.
 */
export class Ledger {
  readonly log: Log;
  readonly meter: LogMeter;
  readonly persister: Persister;
  private readonly folds: Folds;
  private readonly outbox: Outbox;

  constructor(
    recovered: Recovered,
    folds: Folds,
    meter: LogMeter,
    options: Options,
    outbox: Outbox,
  ) {
    this.log = new Log(recovered.lastIndex, recovered.epochs);
    this.persister = new Persister(recovered.lastIndex, options.persistRetryMs);
    this.folds = folds;
    this.meter = meter;
    this.outbox = outbox;
  }

  get store(): Store {
    return this.folds.store;
  }

  get deduplication(): Deduplication {
    return this.folds.deduplication;
  }

  /** First index of a batch that is in the log only in part; null if there is none. */
  tornBatch(): LogIndex | null {
    return this.folds.tornBatch(this.log.lastIndex);
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.log.appended(entry.index, entry.epoch);
      this.folds.observe(entry);
      this.persister.appended(weightOf(entry));
    }
    this.outbox.push({ type: 'Append', entries });
  }

  truncate(after: LogIndex): void {
    const count = this.log.lastIndex - after;
    if (count <= 0) return;
    this.log.truncated(after);
    this.folds.truncated(after);
    this.persister.truncated(after);
    const truncate: Effect = { type: 'Truncate', after };
    this.outbox.push(truncate);
    this.outbox.note({ event: 'discarded', after, count });
  }

  commit(index: LogIndex): boolean {
    if (!this.log.commit(index)) return false;
    this.folds.store.committed(this.log.commitIndex);
    return true;
  }

  /** Starts or repeats the Persist that is due. */
  flush(now: number): void {
    this.outbox.push(...this.persister.flush(this.log.lastIndex, now));
  }

  deadline(): number {
    return this.persister.deadline(this.log.lastIndex);
  }
}

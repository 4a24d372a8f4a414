// One node's copy of the replicated state: the log and what is folded from it, kept in step.

import type { Effect } from '../effects.ts';
import { type Epoch, epoch as epochOf, type LogIndex, logIndex } from '../ids.ts';
import type { LogPoint } from '../messages.ts';
import type { Entry } from '../operation.ts';
import type { Options } from '../options.ts';
import type { Outbox } from '../outbox.ts';
import { Batches } from './batches.ts';
import { Deduplication, type OpenRequest } from './deduplication.ts';
import type { KnownRequest } from './known-requests.ts';
import { type EpochStart, Log, type LogMeter } from './log.ts';
import { Persister } from './persister.ts';
import { Store } from './store.ts';

/** What an entry that is kept as bytes knows without being decoded. */
interface Sized {
  /** Bytes of its message. */
  readonly size?: number;
}

/** Rough size of an entry, in characters or bytes. */
function weightOf(entry: Entry & Sized): number {
  switch (entry.op) {
    case 'append':
      return 64 + (entry.size ?? entry.message.length);
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

/** Epoch of the last entry; 0: there is none. */
export function lastEpochOf({ epochs }: Pick<Recovered, 'epochs'>): Epoch {
  return epochs.at(-1)?.epoch ?? epochOf(0);
}

/** First and last index of a batch. */
export interface BatchRange {
  readonly first: number;
  readonly end: number;
}

/** What folding a run of the log came to, in place of its entries. */
export interface FoldedRun {
  /** Index of the run's last entry. */
  readonly last: LogIndex;
  /** The last batch of more than one operation that begins in the run. */
  readonly batch: BatchRange | null;
  /** The request that the run ends in the middle of. */
  readonly open: OpenRequest | null;
  /** The latest operation on each key of the run, in any order. */
  eachKey(visit: (key: string, index: LogIndex, present: boolean) => void): void;
  /** The requests of the run that carried an idempotency key, in log order; those that later runs
   * push out of the window may be left out. */
  eachRequest(visit: (request: KnownRequest) => void): void;
}

/** The folds, filled by the host while it reads the log at the start of the process. */
export class Folds {
  readonly store = new Store();
  readonly deduplication: Deduplication;
  readonly batches = new Batches();
  private restoredTo: LogIndex = logIndex(0);

  constructor(options: Options) {
    this.deduplication = new Deduplication(options.deduplicationWindow);
  }

  /** The folds cannot follow the log back to before this index: earlier versions of keys were not
   * read at the start. 0: they can. */
  get floor(): LogIndex {
    return this.restoredTo;
  }

  /** How many of the latest requests are wanted from `restore`. */
  get requestsWanted(): number {
    return this.deduplication.window;
  }

  /** Whether an append that carries nothing but its message changes nothing here. */
  get indifferent(): boolean {
    return this.deduplication.open === null;
  }

  /** Takes over a run of the log whose entries are not read. All before it has been taken over. */
  restore(run: FoldedRun): void {
    run.eachKey((key, index, present) => this.store.restore(key, index, present));
    run.eachRequest((request) => this.deduplication.restore(request));
    this.deduplication.restoreOpen(run.open);
    if (run.batch !== null) this.batches.restore(run.batch);
    this.restoredTo = run.last;
  }

  observe(entry: Entry): void {
    this.store.observe(entry);
    this.deduplication.observe(entry);
    this.batches.observe(entry);
  }

  /** First index of a batch that the log ends in the middle of; null if there is none. */
  tornBatch(lastIndex: LogIndex): LogIndex | null {
    return this.batches.torn(lastIndex);
  }

  truncated(after: LogIndex): void {
    this.store.truncated(after);
    this.deduplication.truncated(after);
    this.batches.truncated(after);
    if (this.restoredTo > after) this.restoredTo = after;
  }
}

/**
 * Invariants:
 * 1. Log, store and deduplication have seen the same entries.
 * 2. Every change reaches the host as an effect of the same step.
 * 3. The log is never cut back to before `floor`, but to nothing: the folds could not follow.
 */
export class Ledger {
  readonly log: Log;
  readonly meter: LogMeter;
  readonly persister: Persister;
  private readonly folds: Folds;
  private readonly foundIndex: LogIndex;
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
    this.foundIndex = recovered.lastIndex;
    this.meter = meter;
    this.outbox = outbox;
  }

  get store(): Store {
    return this.folds.store;
  }

  get deduplication(): Deduplication {
    return this.folds.deduplication;
  }

  /** Whether the commit index says anything. No file has it: of a log that was there at the start
   * nobody knows what is on a majority until a master has found out, or said so. */
  get commitKnown(): boolean {
    return this.log.commitIndex > 0 || this.foundIndex === 0 || this.log.lastIndex === 0;
  }

  /** How far back the log can be cut. */
  get floor(): LogIndex {
    return logIndex(Math.max(this.log.commitIndex, this.folds.floor));
  }

  /** First index of a batch that is in the log only in part; null if there is none. */
  tornBatch(): LogIndex | null {
    return this.folds.tornBatch(this.log.lastIndex);
  }

  /** Whether nothing beyond `index` was compacted away. Where something was, a log that ends there
   * cannot be continued as it is: see position.ts. */
  wholeAfter(index: LogIndex): boolean {
    const beyond = this.log.lastIndex - index;
    if (beyond <= 0) return true;
    const all = Number.POSITIVE_INFINITY;
    return this.meter.measure(logIndex(index + 1), all, all).count === beyond;
  }

  /** Nothing to append is no effect: a host may rely on a first entry. */
  append(entries: readonly Entry[], holes: readonly LogPoint[] = []): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      this.log.appended(entry.index, entry.epoch);
      this.folds.observe(entry);
      this.persister.appended(weightOf(entry));
    }
    const append = { type: 'Append' as const, entries };
    this.outbox.push(holes.length > 0 ? { ...append, holes } : append);
  }

  /** Where the log can end at or before `index`: what was compacted away cannot be its end. */
  endAt(index: LogIndex): LogIndex {
    for (let end: number = index; end > 0; end -= 1) {
      const { to } = this.meter.measure(logIndex(end), 1, Number.POSITIVE_INFINITY);
      if (to === end) return logIndex(end);
    }
    return logIndex(0);
  }

  /** Cuts the log back to `upTo`, or to the last entry before it. */
  truncate(upTo: LogIndex): void {
    if (upTo >= this.log.lastIndex) return;
    const after = this.endAt(upTo);
    const count = this.log.lastIndex - after;
    this.log.truncated(after);
    this.folds.truncated(after);
    this.persister.truncated(after);
    const truncate: Effect = { type: 'Truncate', after };
    this.outbox.push(truncate);
    this.outbox.note({ event: 'discarded', after, count });
  }

  /** Notes that everything up to `index` is on a majority. A batch counts as a whole: a part of it
   * may still be dropped, should its end be lost with the master's disk. Below the floor of the
   * folds nobody could be told what is on a majority: the commit index goes from 0 to it or
   * beyond. */
  commit(index: LogIndex): boolean {
    const reached = this.folds.batches.wholeUpTo(logIndex(Math.min(index, this.log.lastIndex)));
    if (reached < this.folds.floor || !this.log.commit(reached)) return false;
    this.folds.batches.committed(this.log.commitIndex);
    this.settle();
    return true;
  }

  /** The host has confirmed a Persist; returns whether more has become durable. */
  confirmed(id: number): boolean {
    if (!this.persister.confirmed(id)) return false;
    this.settle();
    return true;
  }

  private settle(): void {
    this.folds.store.committed(this.log.commitIndex, this.persister.persistedIndex);
  }

  /** Starts or repeats the Persist that is due. */
  flush(now: number): void {
    this.outbox.push(...this.persister.flush(this.log.lastIndex, now));
  }

  deadline(): number {
    return this.persister.deadline(this.log.lastIndex);
  }
}

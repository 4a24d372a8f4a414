// A log in use whose closed segments are summarised, compacted and checked meanwhile.

import assert from 'node:assert/strict';
import { epoch } from '../../src/core/ids.ts';
import { Folds } from '../../src/core/log/ledger.ts';
import { type Entry, entryOf } from '../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { StorageFailure } from '../../src/persistence/persistence.ts';
import { foldedBy } from '../../src/persistence/upkeep/folded.ts';
import type { UpkeepHost } from '../../src/persistence/upkeep/upkeep.ts';
import { at } from './entries.ts';
import type { Ledger } from './ledger.ts';
import { allOf, type Machine } from './machine.ts';
import { Run } from './run.ts';

/** So many looks in vain are the end: more than compaction waits for the members. */
const PATIENCE = 12;

/** Idempotency keys that are known. */
const WINDOW = 6;

export class KeptRun extends Run {
  /** What upkeep told of damage, or of a broken program. */
  readonly reports: unknown[] = [];
  private entries: readonly Entry[] = [];
  private folds = newFolds();
  private compactTo = 0;
  private starts: number;
  private parked: (() => void) | null = null;
  private vain = 0;
  private rest: () => void = () => {};

  /** `ledger`: of what stands on the machine's disk already; `starts`: so many times it was started
   * before. */
  constructor(machine: Machine, ledger?: Ledger, starts = 0) {
    super(machine, undefined, ledger);
    this.starts = starts;
  }

  /** Every other time by the summaries. */
  override async start(): Promise<readonly Entry[]> {
    this.starts += 1;
    this.entries = await super.start(this.starts % 2 === 0 ? newFolds() : undefined);
    this.refold();
    this.compactTo = 0;
    this.parked = null;
    return this.entries;
  }

  override take(entries: readonly Entry[]): void {
    super.take(entries);
    this.entries = [...this.entries, ...entries];
    for (const entry of entries) this.folds.observe(entry);
  }

  /** Appends puts on a few keys, which are durable after `persist`. */
  put(count: number, of: number): void {
    for (let n = 0; n < count; n += 1) {
      const index = Number(this.log.lastIndex) + 1;
      const place = { index: at(index), epoch: epoch(of), at: '2024-05-01T12:00:00.000Z' };
      const key = `key ${index % 3}`;
      this.take([entryOf({ op: 'put', key, value: `value ${index} `.repeat(3) }, place, {})]);
    }
  }

  /** The part of the log that is not cut off is what upkeep may go by at once. */
  override async cut(after: number): Promise<void> {
    this.compactTo = Math.min(this.compactTo, after);
    const done = super.cut(after);
    this.forget(after);
    await done;
    this.forget(Number(this.log.lastIndex));
  }

  /** All up to there is committed, and on every member: upkeep has something to do. Resolves when
   * it has nothing more to do. */
  async upkeep(compactTo: number): Promise<void> {
    this.compactTo = compactTo;
    this.folds.store.committed(at(compactTo), at(compactTo));
    this.supersede(compactTo);
    this.vain = 0;
    const over = new Promise<void>((resolve) => {
      this.rest = resolve;
    });
    const { parked } = this;
    this.parked = null;
    if (parked === null) this.log.startUpkeep(this.host());
    else parked();
    await over;
  }

  /** The log as it is in memory is what it must be. */
  async verify(): Promise<void> {
    let there: readonly Entry[] = [];
    await this.surely(async () => {
      there = await allOf(this.log);
    });
    assert.equal(this.ledger.judgeMemory(there), null);
  }

  /** Ends the process, whatever the disk does. */
  async close(): Promise<void> {
    await this.log.close().catch((error: unknown) => {
      if (!(error instanceof StorageFailure)) throw error;
    });
  }

  private host(): UpkeepHost {
    const report = (error: unknown): void => {
      this.reports.push(error);
      this.rest();
    };
    const asked = () => foldedBy(this.folds);
    return {
      compactTo: () => at(this.compactTo),
      newest: (key) => asked().newest(key),
      settledTo: () => asked().settledTo(),
      requestAt: (key) => asked().requestAt(key),
      requestsIn: (from, to) => asked().requestsIn(from, to),
      requestsOf: (from, to) => asked().requestsOf(from, to),
      after: (ms, run) => {
        this.vain = ms >= 500 ? this.vain + 1 : 0;
        if (this.vain > PATIENCE) {
          this.parked = run;
          this.rest();
        } else setImmediate(run);
        return () => {};
      },
      damaged: report,
      broken: report,
    };
  }

  private forget(after: number): void {
    this.entries = this.entries.filter(({ index }) => index <= after);
    this.refold();
  }

  private refold(): void {
    this.folds = newFolds();
    for (const entry of this.entries) this.folds.observe(entry);
    this.folds.store.committed(at(this.compactTo), at(this.compactTo));
  }

  private supersede(upTo: number): void {
    const seen = new Set<string>();
    for (const entry of this.entries.toReversed()) {
      if (entry.index > upTo || entry.op === 'append') continue;
      if (seen.has(entry.key)) this.ledger.supersede([entry]);
      seen.add(entry.key);
    }
  }
}

const newFolds = (): Folds => new Folds({ ...DEFAULT_OPTIONS, deduplicationWindow: WINDOW });

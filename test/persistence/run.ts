// A log in use, and the ledger of what it has promised. What fails is asked for again, as a node
// does; a failure that no node survives is thrown.

import assert from 'node:assert/strict';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { epoch } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';
import type { DurableLog } from '../../src/persistence/log/segmented-log.ts';
import { StorageFailure } from '../../src/persistence/persistence.ts';
import type { Restore } from '../../src/persistence/segment/brief.ts';
import type { FakeDisk } from '../../src/sim/disk/disk.ts';
import { at, entryAt } from './entries.ts';
import { Ledger } from './ledger.ts';
import type { Machine } from './machine.ts';

export class Run {
  readonly ledger: Ledger;
  readonly machine: Machine;
  log!: DurableLog;
  /** Calls that failed and were made again. */
  failures = 0;
  /** Those of them that said that the disk is full. */
  full = 0;
  private requests = 0;
  private readonly triesMax: number;

  /** `triesMax`: after so many failures in a row it gives up; by default, more than there are.
   * `ledger`: of what stands on the machine's disk already. */
  constructor(machine: Machine, triesMax = 20, ledger: Ledger = new Ledger()) {
    this.machine = machine;
    this.ledger = ledger;
    this.triesMax = triesMax;
  }

  /** A new process on what is there; returns that. `restore`: it starts by its summaries. */
  async start(restore?: Restore): Promise<readonly Entry[]> {
    const { log, entries, found } = await this.machine.recover(restore);
    const all = { entries, memory: found.memory, aside: keptAside(this.machine.disk) };
    assert.equal(this.ledger.judge(all), null);
    this.ledger.restarted(all);
    this.log = log;
    return entries;
  }

  /** Appends so many entries, and waits until they are durable. */
  async append(count: number, of = 1, message?: string): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      this.take([entryAt(Number(this.log.lastIndex) + 1, message, of)]);
    }
    await this.persist();
  }

  /** Appends these. */
  take(entries: readonly Entry[]): void {
    this.log.append(entries);
    this.ledger.appended(entries);
  }

  async persist(): Promise<void> {
    this.requests += 1;
    await this.surely(() => this.log.persist(this.requests, this.log.lastIndex));
    this.ledger.persisted();
  }

  /** Durable with the next `persist`. */
  async cut(after: number): Promise<void> {
    this.ledger.cut(after);
    // Cutting back may take a read of what is there.
    await this.surely(async () => this.log.truncate(at(after)));
  }

  async book(of: number): Promise<void> {
    const memory = { ...BLANK_MEMORY, epoch: epoch(of), cluster: 'c' };
    this.ledger.remembering(memory);
    await this.surely(() => this.log.remember(memory));
    this.ledger.remembered();
  }

  protected async surely(ask: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await ask();
        return;
      } catch (error) {
        if (!(error instanceof StorageFailure)) throw error;
        this.failures += 1;
        if (error.full) this.full += 1;
        if (tries >= this.triesMax) throw error;
      }
    }
  }
}

/** The texts in the files that keep what was cut off. */
export function keptAside(disk: FakeDisk): Set<string> {
  const texts = new Set<string>();
  for (const name of disk.names()) {
    if (!/^aside-.*\.jsonl$/.test(name)) continue;
    for (const line of disk.content(name).toString().split('\n')) texts.add(line);
  }
  return texts;
}

// A log together with what is folded from it, as a node has them, and random logs for it.

import fc from 'fast-check';
import { epoch } from '../../src/core/ids.ts';
import type { RequestRun } from '../../src/core/log/known-requests.ts';
import { Folds } from '../../src/core/log/ledger.ts';
import { type Entry, entryOf, type Operation } from '../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import type { DurableLog } from '../../src/persistence/log/segmented-log.ts';
import type { Recovery } from '../../src/persistence/persistence.ts';
import { foldedBy } from '../../src/persistence/upkeep/folded.ts';
import { at } from './entries.ts';
import type { Machine } from './machine.ts';

/** Keys that are known, unless a test says otherwise. */
const WINDOW = 6;

/** So many looks in vain are the end: more than compaction waits for the members. */
const PATIENCE = 12;

/** A log that works, and what is folded from it. */
export class Node {
  readonly log: DurableLog;
  readonly folds: Folds;
  found: Recovery | null = null;
  compactTo = 0;
  /** How often upkeep was told all requests of a segment. */
  requestsTold = 0;
  readonly reports: unknown[] = [];
  private requests = 0;

  constructor(log: DurableLog, window: number = WINDOW) {
    this.log = log;
    this.folds = new Folds({ ...DEFAULT_OPTIONS, deduplicationWindow: window });
  }

  async start(brief: boolean): Promise<this> {
    const visit = (entry: Entry): void => this.folds.observe(entry);
    this.found = await this.log.recover(visit, brief ? this.folds : undefined);
    return this;
  }

  async write(entries: readonly Entry[]): Promise<void> {
    this.log.append(entries);
    for (const entry of entries) this.folds.observe(entry);
    this.requests += 1;
    await this.log.persist(this.requests, this.log.lastIndex);
  }

  /** Works in the background until there is nothing to do; `compactTo` is on every member, and
   * `committed` on a majority. */
  async upkeep(compactTo: number, committed = compactTo): Promise<void> {
    this.compactTo = compactTo;
    this.folds.store.committed(at(committed), at(committed));
    let idle = 0;
    await new Promise<void>((resolve) => {
      this.log.startUpkeep({
        compactTo: () => at(this.compactTo),
        ...foldedBy(this.folds),
        requestsOf: (from, to) => this.requestsOf(from, to),
        after: (ms, run) => {
          idle = ms >= 500 ? idle + 1 : idle;
          if (idle > PATIENCE) resolve();
          else setImmediate(run);
          return () => {};
        },
        damaged: (error) => {
          this.reports.push(error);
          resolve();
        },
        broken: (error) => {
          this.reports.push(error);
          resolve();
        },
      });
    });
  }

  requestsOf(from: number, to: number): RequestRun | null {
    const found = foldedBy(this.folds).requestsOf(from, to);
    if (found !== null) this.requestsTold += 1;
    return found;
  }

  /** Everything a node knows of its log. */
  state(): unknown {
    const { store, deduplication } = this.folds;
    const { lastIndex, hash } = this.log;
    return {
      lastIndex,
      hash,
      epochs: this.found?.epochs,
      torn: this.folds.tornBatch(lastIndex),
      keys: store.list('', null, lastIndex),
      requests: [...deduplication.requests],
      open: deduplication.open,
    };
  }
}

/** One step of a random log. */
const step = fc.oneof(
  fc.record({ op: fc.constant('append' as const), size: fc.nat(60) }),
  fc.record({ op: fc.constant('put' as const), key: fc.nat(5), size: fc.nat(60) }),
  fc.record({ op: fc.constant('remove' as const), key: fc.nat(5) }),
  fc.record({ op: fc.constant('batch' as const), count: fc.integer({ min: 1, max: 9 }) }),
);
const request = fc.record({ step, named: fc.boolean(), turn: fc.nat(20) });
export const requests = fc.array(request, { minLength: 20, maxLength: 120 });
export type Request = typeof request extends fc.Arbitrary<infer R> ? R : never;

/** The entries of such a log, a request each. */
export function entriesOf(all: readonly Request[]): Entry[][] {
  let index = 0;
  let of = 1;
  return all.map(({ step: next, named, turn }, i) => {
    if (turn === 0) of += 1;
    const key = named ? { idempotencyKey: `request ${i % 40}` } : {};
    const count = next.op === 'batch' ? next.count : 1;
    return Array.from({ length: count }, (_, part) => {
      index += 1;
      const place = { index: at(index), epoch: epoch(of), at: '2024-05-01T12:00:00.000Z' };
      const head = { ...key, ...(next.op === 'batch' ? { batch: count } : {}) };
      return entryOf(operationOf(next, part), place, part === 0 ? head : {});
    });
  });
}

function operationOf(next: Request['step'], part: number): Operation {
  switch (next.op) {
    case 'append':
      return { op: 'append', message: '"\\'.repeat(next.size / 20) + 'm'.repeat(next.size) };
    case 'put':
      return { op: 'put', key: `key ${next.key}`, value: 'v'.repeat(next.size) };
    case 'remove':
      return { op: 'remove', key: `key ${next.key}` };
    case 'batch':
      return { op: 'append', message: `part ${part}` };
  }
}

export async function written(machine: Machine, all: readonly Request[]): Promise<Node> {
  const node = await new Node(machine.open()).start(false);
  for (const entries of entriesOf(all)) await node.write(entries);
  return node;
}

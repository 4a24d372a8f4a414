// The upkeep of a log, summaries and a compaction, in which the power goes after every call.
// The rule: of what was not synced every choice is lost, and every start comes to the same state.

import { epoch } from '../../src/core/ids.ts';
import { Folds } from '../../src/core/log/ledger.ts';
import { type Entry, entryOf } from '../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import type { DurableLog } from '../../src/persistence/log/segmented-log.ts';
import { foldedBy } from '../../src/persistence/upkeep/folded.ts';
import type { FakeDisk } from '../../src/sim/disk/disk.ts';
import { at } from './entries.ts';
import { Machine, SMALL } from './machine.ts';
import { fates, fingerprint, soon } from './power-cuts.ts';

const RECORDS = 50;

/** A log, and what is folded from it. */
class Node {
  readonly folds = new Folds({ ...DEFAULT_OPTIONS, deduplicationWindow: 20 });
  readonly log: DurableLog;
  readonly reports: unknown[] = [];

  constructor(log: DurableLog) {
    this.log = log;
  }

  /** `brief`: by the summaries, where there are any. */
  async start(brief: boolean): Promise<this> {
    const visit = (entry: Entry): void => this.folds.observe(entry);
    await this.log.recover(visit, brief ? this.folds : undefined);
    return this;
  }

  async write(entry: Entry): Promise<void> {
    this.log.append([entry]);
    this.folds.observe(entry);
    await this.log.persist(entry.index, entry.index);
  }

  /** Works in the background until there is nothing more to do. */
  async upkeep(): Promise<void> {
    const upTo = this.log.lastIndex;
    this.folds.store.committed(upTo, upTo);
    let idle = 0;
    await new Promise<void>((resolve) => {
      const report = (error: unknown): void => {
        this.reports.push(error);
        resolve();
      };
      this.log.startUpkeep({
        compactTo: () => upTo,
        ...foldedBy(this.folds),
        after: (ms, run) => {
          idle = ms >= 500 ? idle + 1 : idle;
          if (idle > 2) resolve();
          else setImmediate(run);
          return () => {};
        },
        damaged: report,
        broken: report,
      });
    });
  }

  state(): string {
    const { store, deduplication } = this.folds;
    const { lastIndex, hash } = this.log;
    const keys = store.list('', null, lastIndex);
    return JSON.stringify([lastIndex, hash, keys, [...deduplication.requests]]);
  }

  /** Every message, whatever became of the keys. */
  async messages(): Promise<string> {
    const entries = (await this.log.read(at(1), this.log.lastIndex)).entries();
    return JSON.stringify(entries.filter(({ op }) => op === 'append'));
  }
}

const placeAt = (index: number) => ({
  index: at(index),
  epoch: epoch(1 + (index >> 5)),
  at: '2024-05-01T12:00:00.000Z',
});

/** Few keys, written again and again. */
export function overwriting(index: number): Entry {
  const place = placeAt(index);
  const request = index % 17 === 3 ? { idempotencyKey: `request ${index}` } : {};
  const key = `key ${index % 4}`;
  if (index % 10 === 7)
    return entryOf({ op: 'append', message: `message ${index}` }, place, request);
  if (index % 9 === 0) return entryOf({ op: 'remove', key }, place, request);
  return entryOf({ op: 'put', key, value: `value ${index} `.repeat(3) }, place, request);
}

/** Keys that are written once, and removed some segments later. */
export function comingAndGoing(index: number): Entry {
  const place = placeAt(index);
  const born = index - 13;
  if (index % 3 === 0) return entryOf({ op: 'put', key: `key ${index}`, value: 'v' }, place, {});
  if (born > 0 && born % 3 === 0) return entryOf({ op: 'remove', key: `key ${born}` }, place, {});
  return entryOf({ op: 'append', message: `message ${index}` }, place, {});
}

/** Starts one way, goes on with the upkeep, loses power, starts the other way. */
async function judge(disk: FakeDisk, brief: boolean, wanted: string, messages: string) {
  const machine = new Machine(SMALL, {}, disk, 'later');
  const node = await new Node(machine.open()).start(brief);
  if (node.state() !== wanted) return `another state: ${node.state()}`;
  if ((await node.messages()) !== messages) return 'other messages';
  await node.upkeep();
  if (node.reports.length > 0) return `reported ${node.reports.join()}`;
  await node.log.close();
  disk.restart(true);
  const again = await new Node(machine.open()).start(!brief);
  if (again.state() !== wanted) return 'another state after more upkeep';
  if ((await again.messages()) !== messages) return 'other messages after more upkeep';
  return null;
}

/** What was seen, so that a test can tell whether it saw anything. */
export interface Seen {
  /** Between two storage calls. */
  readonly moments: number;
  /** Different disks that were started from. */
  readonly tried: number;
  /** Entries that were compacted away. */
  readonly gone: number;
  readonly wrong: readonly string[];
}

/** Writes such entries, and lets the power go in every moment of the upkeep, in every way. */
export async function everyCut(entryAt: (index: number) => Entry): Promise<Seen> {
  const moments: { call: string; disk: FakeDisk }[] = [];
  let watching = false;
  const machine: Machine = new Machine(SMALL, {
    later: (_, run) => {
      const { disk } = machine;
      if (watching) moments.push({ call: disk.latest, disk: disk.copy() });
      soon(run);
    },
  });
  const node = await new Node(machine.open()).start(false);
  for (let index = 1; index <= RECORDS; index += 1) await node.write(entryAt(index));
  const wanted = node.state();
  const messages = await node.messages();
  watching = true;
  await node.upkeep();
  const wrong = node.reports.map((report) => `the upkeep reported ${report}`);
  const { lastIndex } = node.log;
  const gone = lastIndex - (await node.log.read(at(1), lastIndex)).count;

  const tried = new Set<string>();
  for (const { call, disk } of moments) {
    for (const fate of fates(disk.atStake(), false)) {
      const after = disk.copy();
      const left = [...fate];
      after.restart(true, () => left.shift() ?? 'nothing');
      const state = fingerprint(after);
      if (tried.has(state)) continue;
      tried.add(state);
      const failure = await judge(after, tried.size % 2 === 0, wanted, messages).catch(String);
      if (failure !== null) wrong.push(`${call}, ${fate.join()}: ${failure}`);
    }
  }
  return { moments: moments.length, tried: tried.size, gone, wrong };
}

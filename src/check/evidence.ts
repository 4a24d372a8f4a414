// What all judges share: the facts that the history has told so far. It takes each record before
// the judges look at it; entries and promises are added by the judge whose rule guards them.

import { ClusterFacts } from './cluster-facts.ts';
import type {
  GetRecord,
  HealthRecord,
  HistoryRecord,
  LogRecord,
  NodeRecord,
  PhaseRecord,
  SeenEntry,
  WriteRecord,
} from './history/history.ts';
import { KeyRequests } from './keys/key-requests.ts';
import { AllRemovals } from './keys/removals.ts';
import { EntryTable } from './log/entry-table.ts';
import { FinalLog } from './log/final-logs.ts';
import { type Content, Operations } from './operations.ts';
import { Promises } from './promises.ts';
import type { Counts, Violation } from './verdict.ts';

/** One invariant. Every method looks at the record at hand, which the evidence has just taken. */
export interface Invariant {
  write?(record: WriteRecord, contents: readonly Content[]): Violation | null;
  log?(record: LogRecord, contents: readonly Content[]): Violation | null;
  get?(record: GetRecord): Violation | null;
  node?(record: NodeRecord): Violation | null;
  health?(record: HealthRecord): Violation | null;
  phase?(record: PhaseRecord): Violation | null;
  /** The history is over. */
  finish?(): Violation | null;
}

export class Evidence {
  /** Place of the record at hand in the history, from 1. */
  place = 0;
  readonly cluster = new ClusterFacts();
  readonly operations = new Operations();
  readonly entries = new EntryTable();
  readonly promises = new Promises();
  readonly removals = new AllRemovals();
  readonly keyRequests = new KeyRequests();
  readonly finals = new Map<string, FinalLog>();
  /** When everything must have converged; null: the history does not say. */
  until: number | null = null;
  readonly counts: Counts = {
    records: 0,
    acknowledged: 0,
    duplicates: 0,
    refused: 0,
    unknown: 0,
    reads: 0,
    gets: 0,
    entries: 0,
    faults: 0,
    lives: 0,
    epochs: 0,
    excused: 0,
  };

  /** Nobody has gone on without anything that was ever shown, or said to be stored. */
  get inFirstEpoch(): boolean {
    const { cluster, counts, promises } = this;
    const { masterEpoch, opened, opening } = cluster;
    // Somebody may be in the next epoch before its master says that it leads.
    const isOnly = counts.epochs === 1 && !opening && (masterEpoch === 0 || opened <= masterEpoch);
    return isOnly && promises.riskAt === Number.NEGATIVE_INFINITY;
  }

  /** Of the end: what was shown at this index was promised, or is there; `content` null: that it
   * has stayed is known. */
  stayed(index: number, content: Content | null): boolean {
    if (content === null || this.promises.at(index)?.content === content) return true;
    return [...this.finals.values()].some(({ contents }) => contents.at(index) === content);
  }

  /** Takes in the record; returns the numbers of the operations that it holds. */
  take(record: HistoryRecord): readonly Content[] {
    this.place += 1;
    this.counts.records += 1;
    switch (record.type) {
      case 'write':
        return this.write(record);
      case 'log':
        return this.log(record);
      case 'get':
        this.counts.gets += 1;
        break;
      case 'node':
        this.node(record);
        break;
      case 'health':
        this.cluster.health(record);
        break;
      case 'fault':
        this.counts.faults += 1;
        break;
      case 'phase':
        if (record.phase === 'liveness') this.until = record.until ?? record.at;
        if (record.keys !== undefined) this.operations.keysRemembered = record.keys;
    }
    return NONE;
  }

  private write(record: WriteRecord): Content[] {
    const contents = record.operations.map((operation) => this.operations.of(operation));
    this.operations.asked(record, contents, this.place);
    this.removals.write(record);
    this.keyRequests.write(record, contents);
    if (record.outcome === 'ok') {
      this.counts.acknowledged += 1;
      if (record.duplicate === true) this.counts.duplicates += 1;
    } else {
      this.counts[record.outcome] += 1;
    }
    return contents;
  }

  private log(record: LogRecord): Content[] {
    this.counts.reads += 1;
    this.counts.entries += record.entries.length;
    this.removals.log(record);
    const contents = record.entries.map((entry) => this.content(entry, record.return));
    if (record.final === true) {
      let log = this.finals.get(record.node);
      if (log === undefined) {
        log = new FinalLog(record.node);
        this.finals.set(record.node, log);
      }
      log.take(record, contents, this.place);
    }
    return contents;
  }

  private content({ epoch, index, operation }: SeenEntry, moment: number): Content {
    const known = this.entries.find(index, epoch)?.content;
    if (known !== undefined && this.operations.is(known, operation)) return known;
    this.cluster.saw(epoch);
    const content = this.operations.of(operation);
    this.operations.seen(content, moment, this.place);
    return content;
  }

  private node(record: NodeRecord): void {
    if (record.event === 'start') this.counts.lives += 1;
    if (record.role === 'master') this.counts.epochs += 1;
    const change = this.cluster.take(record);
    this.promises.risk(change, record.node, record.at, this.cluster);
    const { master, opening } = this.cluster;
    const opens = record.role === 'master' || (opening && record.node === master);
    if (opens) this.promises.reopened(record.node, record.at);
  }
}

const NONE: readonly Content[] = [];

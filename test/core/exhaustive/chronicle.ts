// Writes down what can be seen of a virtual cluster from outside after every event, for the judges
// of src/check; and judges at once what only the disks tell.

import type {
  HistoryRecord,
  LogRecord,
  NodeRecord,
  ReadLevel,
} from '../../../src/check/history/history.ts';
import type { Note, Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { operationOf } from '../../../src/sim/cluster/reading.ts';
import { healthOf } from '../../../src/sim/watch/watch.ts';
import type { VirtualCluster } from '../virtual-cluster.ts';
import type { VirtualHost } from '../virtual-host.ts';

/** Who reads, what is asked for and when, and up to where the node may show it. */
interface Asked {
  readonly client: string;
  readonly read: ReadLevel;
  readonly call: number;
  readonly upTo: number;
}

/** What a node showed when it was last looked at. */
interface Look {
  readonly life: number;
  readonly last: Entry | undefined;
  readonly count: number;
  readonly commitIndex: number;
}

export class Chronicle {
  readonly records: HistoryRecord[] = [];
  /** Rules whose breach was seen from inside. */
  readonly breaches: string[] = [];
  /** What is to be said of the process that starts next. */
  begins: Partial<NodeRecord> | null = null;
  private readonly cluster: VirtualCluster;
  private readonly looks = new Map<string, Look>();
  /** What each node has ever had on its disk. */
  private readonly durable = new Map<string, Set<string>>();
  private readonly gone = new Set<string>();
  private ticks = 0;
  private noted = false;

  constructor(cluster: VirtualCluster) {
    this.cluster = cluster;
    cluster.onNote = (host, note) => this.note(host, note);
  }

  /** Grows with each call: what happens in one millisecond happens one after the other. */
  moment(): number {
    this.ticks += 1;
    return this.cluster.now + this.ticks * 1e-7;
  }

  record(record: HistoryRecord): void {
    this.records.push(record);
  }

  happened(id: string, event: NodeRecord['event'], more: Partial<NodeRecord> = {}): void {
    const life = lifeName(this.cluster.host(id));
    this.record({ type: 'node', at: this.moment(), node: id, life, event, ...more });
  }

  /** A process is about to be given an event: its disk is as the answers to that may say. */
  stepping(host: VirtualHost): void {
    if (host.replica !== null) this.keep(host);
    if (this.begins === null) return;
    this.happened(host.id, 'start', this.begins);
    this.begins = null;
  }

  /** A node has been given an event. */
  stepped(host: VirtualHost): void {
    if (host.replica === null) return;
    const last = host.log.entries.at(-1);
    const count = host.log.entries.length;
    const { commitIndex } = host.replica;
    const { life } = host;
    const before = this.looks.get(host.id);
    const same = before?.life === life && before.last === last && before.count === count;
    if (!same || before.commitIndex !== commitIndex) {
      this.looks.set(host.id, { life, last, count, commitIndex });
      this.page(host);
    }
    if (this.noted) this.health(host);
  }

  /** Whoever is named in an answer must have had it on its disk. */
  answered(host: VirtualHost, outcome: Outcome): void {
    if (outcome.type !== 'Stored') return;
    const { acks, last } = outcome;
    const entry = host.log.entries.find(({ index }) => index === last);
    // It was compacted away: then every member has had it.
    if (entry === undefined) return;
    for (const id of acks) {
      if (this.durable.get(id)?.has(nameOf(entry))) continue;
      this.breaches.push(`${host.id} names ${id} for ${last}, which was never on its disk`);
    }
  }

  /** Shows the whole log of a node. */
  page(host: VirtualHost, final = false): void {
    const { lastIndex: upTo } = host.log;
    this.show(host, { client: 'judge', read: 'local', call: this.moment(), upTo }, final);
  }

  /** Shows the log of a node, and the value of a key, as far as a read of some level may see. */
  show(host: VirtualHost, asked: Asked, final = false): void {
    const { client, read, upTo } = asked;
    const lastIndex = logIndex(upTo);
    const by = { client, node: host.id, life: lifeName(host), read, call: asked.call };
    const seen = host.log.read(logIndex(1), lastIndex);
    const record: LogRecord = {
      type: 'log',
      ...by,
      return: this.moment(),
      from: 1,
      to: lastIndex,
      entries: seen.map((entry) => {
        return { index: entry.index, epoch: entry.epoch, operation: operationOf(entry) };
      }),
      lastIndex,
      commitIndex: Math.min(host.replica!.commitIndex, lastIndex),
      ...(final ? { final } : {}),
    };
    this.record(record);
    const key = 'x';
    const index = host.folds.store.find(key, lastIndex);
    const entry = index === null ? undefined : host.log.read(index, index)[0];
    const value = entry?.op === 'put' ? entry.value : null;
    if (index !== null && value === null) {
      this.breaches.push(`${host.id} has no value of ${key} at ${index}`);
    }
    this.record({ type: 'get', ...by, return: this.moment(), key, value, index });
  }

  private health(host: VirtualHost): void {
    this.noted = false;
    this.record(healthOf(host.id, this.cluster.status(host.id), this.moment()));
  }

  private keep({ id, log }: VirtualHost): void {
    let had = this.durable.get(id);
    if (had === undefined) {
      had = new Set();
      this.durable.set(id, had);
    }
    for (let i = log.entries.length - 1; i >= 0; i -= 1) {
      const entry = log.entries[i]!;
      if (entry.index > log.persisted) continue;
      if (had.has(nameOf(entry))) return;
      had.add(nameOf(entry));
    }
  }

  private note(host: VirtualHost, note: Note): void {
    this.noted = true;
    if (note.event === 'role') {
      const { epoch, role } = note;
      this.happened(host.id, 'role', { role, epoch });
    } else if (note.event === 'left') {
      this.gone.add(note.node);
      this.happened(note.node, 'leave');
    } else if (note.event === 'joined' && this.gone.delete(note.node)) {
      this.happened(note.node, 'join');
    }
  }
}

/** Names one life of a node's process. */
function lifeName(host: VirtualHost): string {
  return `${nodeId(host.id)}#${host.life}`;
}

function nameOf({ epoch, index }: Entry): string {
  return `${index}/${epoch}`;
}

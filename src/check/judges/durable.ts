// Durable: what was acknowledged is there, and stays.
//
// 1. What is promised (see promises.ts for what that is, and when it ends) stands at its index in
//    everything that is shown as settled: up to the commit index, in `majority` and `linearizable`
//    reads, and in the final logs, unless it may have been compacted away (superseded.ts). What is
//    shown as settled is promised from then on.
// 2. A node that is named in `acks` shows it by itself, also after a crash with its disk, until a
//    master of a later epoch may have made it start over.
// 3. An answer says `durable` as its node does: it keeps its log on disk, or in memory.

import type { Evidence, Invariant } from '../evidence.ts';
import type { GetRecord, LogRecord, NodeRecord, WriteRecord } from '../history/history.ts';
import { Superseded } from '../log/superseded.ts';
import type { Content } from '../operations.ts';
import { type Violation, violation } from '../verdict.ts';

/** What a life of a node said of itself when it started. */
interface Keeping {
  readonly durable: boolean;
  readonly at: number;
  readonly place: number;
}

export class Durable implements Invariant {
  private readonly evidence: Evidence;
  private readonly keeping = new Map<string, Keeping>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  node({ at, durable, event, node }: NodeRecord): null {
    if (event !== 'start') return null;
    if (durable === undefined) this.keeping.delete(node);
    else this.keeping.set(node, { durable, at, place: this.evidence.place });
    return null;
  }

  /** Rule 3. What was asked for before this life of the node is an earlier one's answer. */
  write({ call, durable, node }: WriteRecord): Violation | null {
    const known = this.keeping.get(node);
    if (durable === undefined || known === undefined || call <= known.at) return null;
    if (durable === known.durable) return null;
    const where = known.durable ? 'on disk' : 'in memory';
    const { place } = this.evidence;
    return violation(
      'durable',
      `${node} keeps its log ${where} (record ${known.place}), but answered a write with ` +
        `\`durable\` ${durable} (record ${place}).`,
      known.place,
      place,
    );
  }

  log(record: LogRecord, contents: readonly Content[]): Violation | null {
    return this.kept(record) ?? this.settled(record, contents);
  }

  /** A value that only the majority's log gives. */
  get(record: GetRecord): Violation | null {
    const { call, index, key, node, read, value } = record;
    if (read === 'local' || index === null || value === null) return null;
    const { cluster, operations, place, promises } = this.evidence;
    const content = operations.of({ op: 'put', key, value });
    // It does not say of which epoch it is: so it may always be what has been lost since.
    const broken = promises.committed({ index, epoch: 0 }, content, call, place);
    if (broken !== null) return this.lost(index, node, content, place);
    const isThere = promises.at(index)?.content === content;
    if (isThere && promises.certain(call, cluster)) {
      promises.frontier.reach(record.return, index, place);
    }
    return null;
  }

  finish(): Violation | null {
    for (const log of this.evidence.finals.values()) {
      if (!log.whole || this.evidence.cluster.nodes.get(log.node)?.left) continue;
      const superseded = new Superseded(this.evidence, log);
      for (const [index, promised] of this.evidence.promises.all()) {
        if (promised.place > log.place) continue;
        const shown = log.contents.at(index);
        if (shown === promised.content) continue;
        if (shown === undefined && superseded.allows(promised.content, index)) continue;
        return this.lost(index, log.node, shown, log.place);
      }
    }
    return null;
  }

  /** Rule 2. */
  private kept(record: LogRecord): Violation | null {
    if (record.read !== 'local') return null;
    const held = this.evidence.promises.heldBy(record.node, record.call);
    if (record.lastIndex >= held.index) return null;
    return violation(
      'durable',
      `${record.node} is named as having index ${held.index} (record ${held.place}), but its log, ` +
        `read at ${record.call}, ends at ${record.lastIndex}.`,
      held.place,
      this.evidence.place,
    );
  }

  /** Rule 1. */
  private settled(record: LogRecord, contents: readonly Content[]): Violation | null {
    const { cluster, promises, place } = this.evidence;
    let highest = 0;
    for (const [i, entry] of record.entries.entries()) {
      if (entry.index > record.commitIndex) break;
      const broken = promises.committed(entry, contents[i]!, record.call, place);
      if (broken !== null) return this.lost(entry.index, record.node, contents[i], place);
      if (promises.at(entry.index)?.content === contents[i]) highest = entry.index;
    }
    if (highest > 0 && promises.certain(record.call, cluster)) {
      promises.frontier.reach(record.return, highest, place);
    }
    return null;
  }

  private lost(
    index: number,
    node: string,
    instead: Content | undefined,
    place: number,
  ): Violation {
    const { promises, operations } = this.evidence;
    const promised = promises.at(index)!;
    return violation(
      'durable',
      `${operations.name(promised.content)} was acknowledged or committed at index ${index} ` +
        `(record ${promised.place}), but ${node} has ${operations.name(instead)} there ` +
        `(record ${place}), and enough of its holders have kept their disks and memories.`,
      promised.place,
      place,
    );
  }
}

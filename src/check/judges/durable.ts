// Durable: what was acknowledged is there, and stays.
//
// 1. What is promised (see promises.ts for what that is, and when it ends) stands at its index in
//    everything that is shown as settled: up to the commit index, in `majority` and `linearizable`
//    reads, and in the final logs, unless it may have been compacted away (superseded.ts).
// 2. A node that is named in `acks` shows it by itself, also after a crash with its disk, until a
//    master of a later epoch may have made it start over.

import type { Evidence, Invariant } from '../evidence.ts';
import type { LogRecord } from '../history.ts';
import type { Content } from '../operations.ts';
import { Superseded } from '../superseded.ts';
import { type Violation, violation } from '../verdict.ts';

export class Durable implements Invariant {
  private readonly evidence: Evidence;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  log(record: LogRecord, contents: readonly Content[]): Violation | null {
    return this.kept(record) ?? this.settled(record, contents);
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
    const { promises, place } = this.evidence;
    for (const [i, entry] of record.entries.entries()) {
      if (entry.index > record.commitIndex) break;
      const broken = promises.committed(entry, contents[i]!, record.call, place);
      if (broken !== null) return this.lost(entry.index, record.node, contents[i], place);
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

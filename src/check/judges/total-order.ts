// Total order: there is one log.
//
// 1. An index and an epoch name one operation, on whichever node, and one entry before it.
// 2. An index is acknowledged for one operation only.
// 3. The order of the log agrees with real time: a write that was asked for after another one was
//    acknowledged stands behind it.
// 4. Along a log, indexes rise by one (superseded operations may be missing), and epochs never
//    fall.

import type { Evidence, Invariant } from '../evidence.ts';
import type { LogRecord, SeenEntry, WriteRecord } from '../history.ts';
import type { Content } from '../operations.ts';
import { keeps } from '../promises.ts';
import { type Violation, violation } from '../verdict.ts';

export class TotalOrder implements Invariant {
  private readonly evidence: Evidence;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  write(record: WriteRecord, contents: readonly Content[]): Violation | null {
    if (record.outcome === 'refused' || record.first === undefined) return null;
    const { cluster, operations, place, promises } = this.evidence;
    const early = record.duplicate === true ? null : this.early(record);
    const broken = promises.acknowledged(record, contents, place, cluster);
    if (broken === null) return early;
    const { before, index } = broken;
    return violation(
      'total order',
      `Index ${index} was given to ${operations.name(before.content)} (record ${before.place}) ` +
        `and to ${operations.name(contents[index - record.first])} (record ${place}).`,
      before.place,
      place,
    );
  }

  log(record: LogRecord, contents: readonly Content[]): Violation | null {
    let before: SeenEntry | null = null;
    for (const [i, entry] of record.entries.entries()) {
      const found = this.placed(entry, before, record.node) ?? this.named(entry, contents[i]!);
      if (found !== null) return found;
      if (before?.index === entry.index - 1) {
        const behind = this.follows(entry, before, record.node);
        if (behind !== null) return behind;
      }
      before = entry;
    }
    return null;
  }

  /** Rule 3. A repeated key keeps its old place; one whose answer got lost is marked
   * `duplicate`. */
  private early(record: WriteRecord): Violation | null {
    if (record.outcome !== 'ok') return null;
    const { cluster, place, promises } = this.evidence;
    // A master that a forgetful arbiter does not know goes on for a while, in its own log: what it
    // alone has is promised by nobody.
    if (cluster.forgot && !keeps(record.acks ?? [], cluster)) return null;
    const earlier = promises.frontier.at(record.call);
    if (earlier.index < record.first! || record.call <= promises.riskAt) return null;
    return violation(
      'total order',
      `Index ${record.first} was given to a write asked for at ${record.call} (record ${place}), ` +
        `after index ${earlier.index} had been acknowledged (record ${earlier.place}).`,
      earlier.place,
      place,
    );
  }

  /** Rule 4. */
  private placed(entry: SeenEntry, before: SeenEntry | null, node: string): Violation | null {
    if (before === null) return null;
    const what =
      entry.index <= before.index
        ? `index ${entry.index} behind index ${before.index}`
        : entry.epoch < before.epoch
          ? `index ${entry.index} of epoch ${entry.epoch} behind one of epoch ${before.epoch}`
          : null;
    if (what === null) return null;
    const { place } = this.evidence;
    return violation('total order', `${node} shows ${what} (record ${place}).`, place);
  }

  /** Rule 1: an operation. Where one of the two was never asked for, it is damage (see there). */
  private named({ index, epoch }: SeenEntry, content: Content): Violation | null {
    const { cluster, entries, operations, place } = this.evidence;
    const known = entries.find(index, epoch);
    if (known === undefined) {
      entries.add(index, { epoch, content, place, before: 0 });
      return null;
    }
    if (known.content === content || epoch <= cluster.ambiguous) return null;
    const asked = operations.requests(content) > 0 && operations.requests(known.content) > 0;
    if (!asked) return null;
    return violation(
      'total order',
      `Index ${index} of epoch ${epoch} is ${operations.name(known.content)} (record ` +
        `${known.place}) and ${operations.name(content)} (record ${place}).`,
      known.place,
      place,
    );
  }

  /** Rule 1: the entry before it. */
  private follows(entry: SeenEntry, before: SeenEntry, node: string): Violation | null {
    const known = this.evidence.entries.find(entry.index, entry.epoch)!;
    if (known.before === 0) known.before = before.epoch;
    if (known.before === before.epoch) return null;
    if (entry.epoch <= this.evidence.cluster.ambiguous) return null;
    const { place } = this.evidence;
    return violation(
      'total order',
      `${node} shows index ${entry.index} of epoch ${entry.epoch} behind an entry of epoch ` +
        `${before.epoch} (record ${place}); elsewhere it stands behind one of epoch ` +
        `${known.before} (record ${known.place}).`,
      known.place,
      place,
    );
  }
}

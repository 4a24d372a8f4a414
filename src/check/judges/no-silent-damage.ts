// No silent damage: what a node shows is what was written, byte for byte. Damage may be refused
// aloud (`refused-start`), never shown, skipped or passed on.
//
// A value that was given with an index stands there at the end, too, as long as nobody has gone on
// without anything that was shown.
//
// An index and an epoch that show two contents, of which at most one was ever asked for, are
// damage; if both were asked for, it is the order that is broken (total order).

import type { Evidence, Invariant } from '../evidence.ts';
import type { GetRecord, LogRecord } from '../history/history.ts';
import type { Content } from '../operations.ts';
import { type Violation, violation } from '../verdict.ts';

/** A value that a node gave to a `local` read, as the operation at that index. */
interface Told {
  readonly index: number;
  readonly content: Content;
  readonly node: string;
  readonly place: number;
}

export class NoSilentDamage implements Invariant {
  private readonly evidence: Evidence;
  /** In the first epoch: where each value was said to be. */
  private readonly told = new Map<string, Told>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  log(record: LogRecord, contents: readonly Content[]): Violation | null {
    const { cluster, entries, operations, place } = this.evidence;
    for (const [i, { epoch, index }] of record.entries.entries()) {
      if (epoch <= cluster.ambiguous) continue;
      const known = entries.find(index, epoch);
      if (known === undefined || known.content === contents[i]) continue;
      return violation(
        'no silent damage',
        `${record.node} shows ${operations.name(contents[i])} at index ${index} of epoch ${epoch} ` +
          `(record ${place}), where ${operations.name(known.content)} was shown before (record ` +
          `${known.place}).`,
        known.place,
        place,
      );
    }
    return null;
  }

  /** A value given as settled, or before a second epoch, is what stands at its index. */
  get(record: GetRecord): Violation | null {
    const { index, key, read, value } = record;
    const { operations, place, promises } = this.evidence;
    if (value === null || index === null) return null;
    const content = operations.of({ op: 'put', key, value });
    operations.seen(content, record.return, place);
    this.tell({ index, content, node: record.node, place }, read);
    // A node that has not heard yet of what was lost may still show it as settled.
    const outdated = read === 'majority' && promises.riskAt > Number.NEGATIVE_INFINITY;
    // What is not settled may go when an epoch begins; who has not heard of it still shows it.
    const open = read === 'local' && !this.evidence.inFirstEpoch;
    if (open || outdated || record.call <= promises.riskAt) return null;
    const promised = promises.at(index);
    if (promised === null || promised.content === content) return null;
    return violation(
      'no silent damage',
      `${record.node} says that ${operations.name(content)} stands at index ${index} (record ` +
        `${place}); it is ${operations.name(promised.content)} (record ${promised.place}).`,
      promised.place,
      place,
    );
  }

  private tell(told: Told, read: GetRecord['read']): void {
    const { finals, inFirstEpoch } = this.evidence;
    if (!inFirstEpoch) this.told.clear();
    else if (read === 'local' && finals.size === 0)
      this.told.set(`${told.index} ${told.content}`, told);
  }

  finish(): Violation | null {
    if (!this.evidence.inFirstEpoch) return null;
    const log = [...this.evidence.finals.values()].find(({ whole }) => whole);
    if (log === undefined) return null;
    const { operations, promises } = this.evidence;
    for (const { content, index, node, place } of this.told.values()) {
      const isBeyond = index > log.lastIndex;
      const there = log.contents.at(index) ?? promises.at(index)?.content;
      // What is missing there was superseded.
      if (there === content || (there === undefined && !isBeyond)) continue;
      return violation(
        'no silent damage',
        `${node} says that ${operations.name(content)} stands at index ${index} (record ${place}); ` +
          `at the end it is ${operations.name(there)} (record ${log.place}).`,
        place,
        log.place,
      );
    }
    return null;
  }
}

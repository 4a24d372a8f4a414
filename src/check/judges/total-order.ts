// Total order: there is one log.
//
// 1. An index and an epoch name one operation, on whichever node, and one entry before it.
// 2. An index is acknowledged for one operation only.
// 3. The order of the log agrees with real time: a write that was asked for after another one was
//    acknowledged stands behind it; and, as long as nobody has gone on without anything that was
//    shown, behind all that was shown by then. The master's own pages do not end before that.
// 4. Along a log, indexes rise by one (superseded operations may be missing), and epochs never
//    fall.

import type { Evidence, Invariant } from '../evidence.ts';
import type { GetRecord, LogRecord, SeenEntry, WriteRecord } from '../history/history.ts';
import { Frontier } from '../log/frontier.ts';
import type { Content } from '../operations.ts';
import { keeps } from '../promises.ts';
import { type Violation, violation } from '../verdict.ts';

/** A repeat that stands before what was there when it was asked for. */
interface Repeat {
  readonly key: string;
  readonly call: number;
  readonly found: Violation;
}

export class TotalOrder implements Invariant {
  private readonly evidence: Evidence;
  /** How far any node has shown the log. */
  private readonly seen = new Frontier();
  /** Whether there was an earlier request, the end of the history tells. */
  private readonly repeats: Repeat[] = [];

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  write(record: WriteRecord, contents: readonly Content[]): Violation | null {
    if (record.outcome === 'refused' || record.first === undefined) return null;
    const { cluster, operations, place, promises } = this.evidence;
    const early = this.early(record);
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
    const short = this.short(record);
    this.seen.reach(record.return, record.lastIndex, this.evidence.place);
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
    return short;
  }

  get({ index, return: moment }: GetRecord): null {
    if (index !== null) this.seen.reach(moment, index, this.evidence.place);
    return null;
  }

  /** What any node shows has its index from the master. */
  private short({ call, lastIndex, node, read }: LogRecord): Violation | null {
    const { cluster, inFirstEpoch, place } = this.evidence;
    if (!inFirstEpoch || node !== cluster.master || read !== 'local') return null;
    const seen = this.seen.at(call);
    if (lastIndex >= seen.index) return null;
    return violation(
      'total order',
      `${node}, which is master, showed a log up to ${lastIndex} to a read asked for at ${call} ` +
        `(record ${place}); index ${seen.index} had been shown before (record ${seen.place}).`,
      seen.place,
      place,
    );
  }

  finish(): Violation | null {
    const { operations } = this.evidence;
    const wrong = this.repeats.find(({ call, key }) => operations.request(key).since >= call);
    return wrong?.found ?? null;
  }

  /** Rule 3. A repeated key keeps its old place; one whose answer got lost is marked `duplicate`:
   * then it was asked for before. */
  private early(record: WriteRecord): Violation | null {
    const { cluster, inFirstEpoch, place, promises } = this.evidence;
    // A timeout may tell of the log of a master that is none any more.
    const isTold = inFirstEpoch && (record.acks ?? []).length > 0;
    if (record.outcome !== 'ok' && !isTold) return null;
    // A master that a forgetful arbiter does not know goes on for a while, in its own log: what it
    // alone has is promised by nobody.
    if (cluster.forgot && !keeps(record.acks ?? [], cluster)) return null;
    // Of what was acknowledged by then no more is left here than everyone who leads has had since.
    const acknowledged = promises.frontier.at(record.call);
    const seen = inFirstEpoch ? this.seen.at(record.call) : acknowledged;
    const isSeen = seen.index > acknowledged.index;
    const earlier = isSeen ? seen : acknowledged;
    if (earlier.index < record.first!) return null;
    const found = violation(
      'total order',
      `Index ${record.first} was given to a write asked for at ${record.call} (record ${place}), ` +
        `after index ${earlier.index} had been ${isSeen ? 'shown' : 'acknowledged'} (record ` +
        `${earlier.place}).`,
      earlier.place,
      place,
    );
    const { call, duplicate, idempotencyKey: key, outcome } = record;
    if (key === null || (outcome === 'ok' && duplicate !== true)) return found;
    this.repeats.push({ key, call, found });
    return null;
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

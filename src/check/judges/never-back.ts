// Never back: what a node shows never shrinks or changes within an epoch and one life of its
// process, and it never shows an operation while an earlier one is missing.
//
// What a node showed is part of the log of its last entry's epoch. It may go only when a master of
// a later epoch does not have it: so from then on until such an epoch has begun, everything that
// was shown before a read began must be there in its answer. (Superseded operations on keys may be
// compacted away: vanished.ts.) Who records must write a master's `role` before anything that
// follows from it; after the restart or leave of a master the next epoch counts as begun.
//
// Nor does it lack a message that another node shows before the same entry (gaps.ts).
// A page also says of each key which operation on it is there (shown-keys.ts). What a node says of
// its own log does not fall either (reports.ts). One that had left and is back may start over,
// once.

import type { Evidence, Invariant } from '../evidence.ts';
import type {
  GetRecord,
  HealthRecord,
  LogRecord,
  NodeRecord,
  SeenEntry,
} from '../history/history.ts';
import { ShownKeys } from '../keys/shown-keys.ts';
import type { Variant } from '../log/entry-table.ts';
import { Gaps } from '../log/gaps.ts';
import { GivenValues } from '../log/given-values.ts';
import { HOLE, NOTHING, Shown } from '../log/shown.ts';
import { Vanished } from '../log/vanished.ts';
import { Reports } from '../reports.ts';
import { Returned } from '../returned.ts';
import { type Violation, violation } from '../verdict.ts';

/** Indexes that a page says it covers and does not hold are looked at one by one up to this many,
 * and as many again as it has entries; the final reads look at all of them. Keeps the work
 * linear. */
const HOLES_MAX = 1_000;

export class NeverBack implements Invariant {
  private readonly evidence: Evidence;
  private readonly shown = new Map<string, Shown>();
  private readonly returned = new Returned();
  private readonly keys: ShownKeys;
  private readonly vanished: Vanished;
  private readonly given: GivenValues;
  private readonly reports: Reports;
  private readonly gaps: Gaps;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
    this.keys = new ShownKeys(evidence);
    this.vanished = new Vanished(evidence);
    this.given = new GivenValues(evidence);
    this.reports = new Reports(evidence);
    this.gaps = new Gaps(evidence);
  }

  node(record: NodeRecord): null {
    this.returned.node(record, this.evidence.cluster);
    return null;
  }

  log(record: LogRecord): Violation | null {
    const current = this.evidence.cluster.nodes.get(record.node)?.life;
    // The answer of an earlier life came after the next one had begun.
    if (current !== undefined && current !== '' && current !== record.life) return null;
    let shown = this.shown.get(record.node);
    if (shown === undefined || shown.life !== record.life) {
      shown = new Shown(record.life);
      this.shown.set(record.node, shown);
    }
    this.begins(record, shown);
    let found =
      this.shrinks(record, shown) ??
      this.changes(record, shown) ??
      this.reports.page(record, shown);
    if (found !== null && this.returned.startsOver(record.node)) {
      shown = new Shown(record.life);
      this.shown.set(record.node, shown);
      found = this.changes(record, shown);
    }
    // Heard late, it says nothing of what is there now.
    if (shown.isOutdated(record)) return found;
    // What is settled is there for every reader.
    const { lastIndex, return: moment } = record;
    shown.ends.reach(moment, lastIndex, this.evidence.place);
    if (record.read !== 'local') shown.settled.reach(moment, lastIndex, this.evidence.place);
    if (found === null) this.keys.page(record, shown);
    return found;
  }

  health(record: HealthRecord): Violation | null {
    const shown = this.shown.get(record.node);
    if (shown === undefined || this.returned.mayStartOver(record.node)) return null;
    return this.reports.health(record, shown);
  }

  /** Whoever shows a value shows the log up to it. */
  get(record: GetRecord): Violation | null {
    const { call, index, life, node, read, return: moment } = record;
    const shown = this.shown.get(node);
    if (shown?.life !== life) return null;
    if (index === null) {
      if (!this.returned.mayStartOver(node)) this.keys.absent(record, shown);
      return null;
    }
    const found = this.keys.value(record, index, shown);
    if (found !== null) {
      if (!this.returned.startsOver(node)) return found;
      this.shown.delete(node);
      return null;
    }
    // It may show what its latest epoch does not have, if it had not begun there by then.
    if (call <= shown.epochSince) return null;
    shown.ends.reach(moment, index, this.evidence.place);
    if (read !== 'local') shown.settled.reach(moment, index, this.evidence.place);
    return this.returned.mayStartOver(node) ? null : this.given.get(record, index, shown);
  }

  finish(): Violation | null {
    return this.keys.finish() ?? this.vanished.finish() ?? this.gaps.finish();
  }

  /** What a report said of the end of an earlier epoch's log is over with the first page of a later
   * one, also where that shows only what is on a majority. */
  private begins({ entries, lastIndex }: LogRecord, shown: Shown): void {
    const epoch = entries.at(-1)?.epoch ?? 0;
    if (epoch > shown.lastEpoch && shown.isOver(this.evidence.cluster)) shown.ends.cap(lastIndex);
  }

  private shrinks(record: LogRecord, shown: Shown): Violation | null {
    const end = (record.read === 'local' ? shown.ends : shown.settled).at(record.call);
    if (record.lastIndex >= end.index) return null;
    if (shown.isOver(this.evidence.cluster)) {
      if (record.read === 'local') shown.cut(record.lastIndex);
      else shown.settled.cap(record.lastIndex);
      return null;
    }
    const { place } = this.evidence;
    return violation(
      'never back',
      `${record.node} showed what is up to ${end.index} (record ${end.place}), and then one up to ` +
        `${record.lastIndex} (record ${place}), in one life and with no later epoch.`,
      end.place,
      place,
    );
  }

  private changes(record: LogRecord, shown: Shown): Violation | null {
    const holesMax = HOLES_MAX + record.entries.length;
    let expected = record.from;
    let holes = 0;
    for (const entry of record.entries) {
      if (expected < entry.index) this.gaps.note(expected, entry, record.node);
      for (; expected < entry.index && holes < holesMax; expected += 1) {
        holes += 1;
        const found = this.missing(expected, record, shown);
        if (found !== null) return found;
      }
      const found = this.entry(entry, record, shown) ?? this.given.entry(entry, record, shown);
      if (found !== null) return found;
      expected = entry.index + 1;
    }
    for (; expected <= record.to && holes < holesMax; expected += 1) {
      holes += 1;
      const found = this.missing(expected, record, shown);
      if (found !== null) return found;
    }
    return null;
  }

  private entry(entry: SeenEntry, record: LogRecord, shown: Shown): Violation | null {
    const { index, epoch } = entry;
    const { epoch: before, moment, place: earlier } = shown.entries.at(index) ?? NOTHING;
    if (before === epoch) return null;
    const { place } = this.evidence;
    const ordered = before !== 0 && moment < record.call;
    if (ordered && shown.stays(moment, this.evidence.cluster)) {
      const what =
        before === HOLE
          ? `showed what is behind index ${index} while it was missing`
          : `showed index ${index} of epoch ${before}`;
      return violation(
        'never back',
        `${record.node} ${what} (record ${earlier}), and then index ${index} of epoch ` +
          `${epoch} (record ${place}), in one life and with no later epoch.`,
        earlier,
        place,
      );
    }
    if (shown.isOutdated(record)) return null;
    if (ordered) shown.cut(index - 1);
    else if (before > epoch) return null;
    shown.set(index, epoch, record.return, place);
    return null;
  }

  /** The page covers this index, but has no entry there. */
  private missing(index: number, record: LogRecord, shown: Shown): Violation | null {
    const { entries, operations, place } = this.evidence;
    const { epoch: before, moment, place: earlier } = shown.entries.at(index) ?? NOTHING;
    const variants = entries.at(index);
    const messages = variants.filter(({ content }) => operations.key(content) === null);
    const wasShown = before > 0 && moment < record.call;
    if (before === 0 && !shown.isOutdated(record)) shown.set(index, HOLE, record.return, place);
    // A message is never compacted away: one that is missing has not come, or has gone.
    const certain = wasShown && shown.stays(moment, this.evidence.cluster);
    const gone = certain ? entries.find(index, before) : undefined;
    const message = messages.find(({ epoch }) => epoch === before) ?? messages[0];
    const only =
      messages.length > 0 && messages.length === variants.length && this.alone(index, messages);
    const value = this.given.before(index, record, shown);
    if (value !== null || (gone !== undefined && operations.key(gone.content) !== null)) {
      if (this.returned.mayStartOver(record.node)) return null;
      const { content, place: told } = value ?? { content: gone!.content, place: earlier };
      this.vanished.note({ index, ground: 'shown', content, earlier: told }, record);
      return null;
    }
    if (message === undefined || !(only || gone !== undefined)) {
      this.hole(index, record);
      return null;
    }
    return violation(
      'never back',
      `${record.node} shows what is behind index ${index} while ` +
        `${operations.name(message.content)} (record ${message.place}) is missing there ` +
        `(record ${place}).`,
      message.place,
      wasShown ? earlier : 0,
      place,
    );
  }

  /** In the latest epoch's log everything is there that is promised, now or later: a member that
   * shows an entry of that epoch has had it. As long as there is only one, every log is of it. */
  private hole(index: number, record: LogRecord): void {
    const { cluster, entries, operations, promises } = this.evidence;
    const epoch = record.entries.at(-1)?.epoch ?? 0;
    const isLatest = epoch >= cluster.opened || this.evidence.inFirstEpoch;
    if (!isLatest || cluster.forgot || cluster.nodes.get(record.node)?.left) return;
    if (this.returned.mayStartOver(record.node)) return;
    const promised = promises.at(index);
    if (promised === null) {
      this.vanished.note({ index, ground: 'unknown', content: null, earlier: 0 }, record);
      return;
    }
    const { content, place: earlier } = promised;
    if ((operations.said.get(index) ?? content) !== content) return;
    if (entries.at(index).some((variant) => variant.content !== content)) return;
    this.vanished.note({ index, ground: 'promised', content, earlier }, record);
  }

  /** Whether it is certain that no operation on a key, which nobody has seen, took the place of
   * these messages before it was compacted away. */
  private alone(index: number, messages: readonly Variant[]): boolean {
    const { operations, promises } = this.evidence;
    const promised = promises.at(index)?.content;
    if (messages.some(({ content }) => content === promised)) return true;
    return operations.openKeyValues === 0 && !operations.said.has(index);
  }
}

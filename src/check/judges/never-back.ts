// Never back: what a node shows never shrinks or changes within an epoch and one life of its
// process, and it never shows an operation while an earlier one is missing.
//
// What a node showed is part of the log of its last entry's epoch. It may go only when a master of
// a later epoch does not have it: so from then on until such an epoch has begun, everything that
// was shown before a read began must be there in its answer. (Superseded operations on keys may be
// compacted away.) Who records must write a master's `role` before anything that follows from it;
// after the restart or leave of a master the next epoch counts as begun.
//
// A page also says of each key which operation on it is there: who is asked for the key's value
// later must not answer with one that was given before that operation.
//
// A node that had left and is back may start over, once.

import { ByIndex } from '../by-index.ts';
import type { Variant } from '../entry-table.ts';
import type { Evidence, Invariant } from '../evidence.ts';
import { Frontier } from '../frontier.ts';
import type { GetRecord, LogRecord, NodeRecord, SeenEntry } from '../history.ts';
import { Returned } from '../returned.ts';
import { type Violation, violation } from '../verdict.ts';

/** Indexes that a page says it covers and does not hold are looked at one by one up to this many;
 * the final reads look at all of them. Keeps the work linear. */
const HOLES_MAX = 1_000;

const HOLE = -1;

/** What was last seen at an index, and when. */
interface Look {
  /** Of the entry, or `HOLE`. */
  readonly epoch: number;
  readonly moment: number;
  readonly place: number;
}

const NOTHING: Look = { epoch: 0, moment: 0, place: 0 };

/** The highest index at which pages showed an operation on a key, and since when. */
interface KeyLook {
  readonly index: number;
  readonly moment: number;
  readonly place: number;
}

/** What one life of a node has shown. */
class Shown {
  readonly life: string;
  readonly entries = new ByIndex<Look>();
  readonly ends = new Frontier();
  /** The same of reads that show only what is on a majority. */
  readonly settled = new Frontier();
  readonly keys = new Map<string, KeyLook>();
  readonly settledKeys = new Map<string, KeyLook>();
  /** When an entry of its latest epoch was first shown: what was shown before may have gone. */
  epochSince = Number.NEGATIVE_INFINITY;
  /** The latest epoch of which an entry was shown, though it may have gone since. */
  private highestEpoch = 0;

  constructor(life: string) {
    this.life = life;
  }

  get lastEpoch(): number {
    return Math.max(0, this.entries.last?.epoch ?? 0);
  }

  set(index: number, epoch: number, moment: number, place: number): void {
    if (epoch > this.lastEpoch) this.epochSince = moment;
    this.highestEpoch = Math.max(this.highestEpoch, epoch);
    this.entries.set(index, { epoch, moment, place });
  }

  /** A page that was asked for before its latest epoch began there may show what has gone by the
   * time it is heard. */
  isOutdated({ call, entries }: LogRecord): boolean {
    return call <= this.epochSince && (entries.at(-1)?.epoch ?? 0) < this.highestEpoch;
  }

  /** A page shows an operation on this key. */
  look(keys: Map<string, KeyLook>, key: string, look: KeyLook): void {
    const before = keys.get(key);
    // What was shown before its latest epoch may have gone; it says nothing until it is shown anew.
    const stands = before !== undefined && before.moment >= this.epochSince;
    if (!stands || look.index > before.index) keys.set(key, look);
  }

  cut(after: number): void {
    this.entries.cut(after);
    this.ends.cap(after);
    this.settled.cap(after);
  }
}

export class NeverBack implements Invariant {
  private readonly evidence: Evidence;
  private readonly shown = new Map<string, Shown>();
  private readonly returned = new Returned();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
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
    let found = this.shrinks(record, shown) ?? this.changes(record, shown);
    if (found !== null && this.returned.startsOver(record.node)) {
      shown = new Shown(record.life);
      this.shown.set(record.node, shown);
      found = this.changes(record, shown);
    }
    // What is settled is there for every reader.
    const { lastIndex, return: moment } = record;
    shown.ends.reach(moment, lastIndex, this.evidence.place);
    if (record.read !== 'local') shown.settled.reach(moment, lastIndex, this.evidence.place);
    if (found === null && !shown.isOutdated(record)) this.keys(record, shown);
    return found;
  }

  private keys({ entries, read, return: moment }: LogRecord, shown: Shown): void {
    const { place } = this.evidence;
    for (const { index, operation } of entries) {
      if (operation.op === 'append') continue;
      const look = { index, moment, place };
      shown.look(shown.keys, operation.key, look);
      if (read !== 'local') shown.look(shown.settledKeys, operation.key, look);
    }
  }

  /** Whoever shows a value shows the log up to it. */
  get(record: GetRecord): Violation | null {
    const { call, index, life, node, read, return: moment } = record;
    const shown = this.shown.get(node);
    if (index === null || shown?.life !== life) return null;
    const found = this.superseded(record, index, shown);
    if (found !== null) {
      if (!this.returned.startsOver(node)) return found;
      this.shown.delete(node);
      return null;
    }
    // It may show what its latest epoch does not have, if it had not begun there by then.
    if (call <= shown.epochSince) return null;
    shown.ends.reach(moment, index, this.evidence.place);
    if (read !== 'local') shown.settled.reach(moment, index, this.evidence.place);
    return null;
  }

  /** A page has shown a later operation on the key. What was shown to `local` readers need not be
   * settled. */
  private superseded(record: GetRecord, index: number, shown: Shown): Violation | null {
    const { call, key, node, read } = record;
    const look = (read === 'local' ? shown.keys : shown.settledKeys).get(key);
    if (look === undefined || index >= look.index) return null;
    if (look.moment >= call || look.moment < shown.epochSince || this.newer(shown)) return null;
    const { place } = this.evidence;
    return violation(
      'never back',
      `${node} showed an operation on ${JSON.stringify(key)} at index ${look.index} (record ` +
        `${look.place}), and then said that its value is the one of index ${index} (record ` +
        `${place}), in one life and with no later epoch.`,
      look.place,
      place,
    );
  }

  private shrinks(record: LogRecord, shown: Shown): Violation | null {
    const end = (record.read === 'local' ? shown.ends : shown.settled).at(record.call);
    if (record.lastIndex >= end.index) return null;
    if (this.newer(shown)) {
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
    let expected = record.from;
    let holes = 0;
    for (const entry of record.entries) {
      for (; expected < entry.index && holes < HOLES_MAX; expected += 1) {
        holes += 1;
        const found = this.missing(expected, record, shown);
        if (found !== null) return found;
      }
      const found = this.entry(entry, record, shown);
      if (found !== null) return found;
      expected = entry.index + 1;
    }
    for (; expected <= record.to && holes < HOLES_MAX; expected += 1) {
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
    const certain = moment >= shown.epochSince;
    if (ordered && certain && !this.newer(shown)) {
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
    if (before === 0) shown.set(index, HOLE, record.return, place);
    // A message is never compacted away: one that is missing has not come, or has gone.
    const certain = wasShown && moment >= shown.epochSince && !this.newer(shown);
    const gone = certain && entries.find(index, before) !== undefined;
    const message = messages.find(({ epoch }) => epoch === before) ?? messages[0];
    const only =
      messages.length > 0 && messages.length === variants.length && this.alone(index, messages);
    if (message === undefined || !(only || gone)) return null;
    if (gone && operations.key(entries.find(index, before)!.content) !== null) return null;
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

  /** Whether it is certain that no operation on a key, which nobody has seen, took the place of
   * these messages before it was compacted away. */
  private alone(index: number, messages: readonly Variant[]): boolean {
    const { operations, promises } = this.evidence;
    const promised = promises.at(index)?.content;
    if (messages.some(({ content }) => content === promised)) return true;
    return operations.openKeyValues === 0 && !operations.said.has(index);
  }

  private newer(shown: Shown): boolean {
    const { opened, opening } = this.evidence.cluster;
    return opening || opened > shown.lastEpoch;
  }
}

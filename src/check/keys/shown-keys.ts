// What pages tell of keys: which operation on each is there. Who is asked for the key's value later
// must not answer with one that was given before that operation; nor, if the operation gave the key
// a value, that it has none, where nobody has asked to remove it. Removals may be under way for
// long: the end of the history tells.

import type { Evidence } from '../evidence.ts';
import type { GetRecord, LogRecord } from '../history/history.ts';
import type { KeyLook, Shown } from '../log/shown.ts';
import { type Violation, violation } from '../verdict.ts';

/** A read without a value of a key that a page had shown an operation on. */
interface Absence {
  readonly record: GetRecord;
  readonly look: KeyLook;
  readonly place: number;
}

export class ShownKeys {
  private readonly evidence: Evidence;
  private readonly absences: Absence[] = [];

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  /** Takes note of the operations on keys that a page shows. */
  page({ entries, read, return: moment }: LogRecord, shown: Shown): void {
    const { place } = this.evidence;
    for (const { index, operation } of entries) {
      if (operation.op === 'append') continue;
      const look = { index, moment, place };
      shown.look(shown.keys, operation.key, look);
      if (read !== 'local') shown.look(shown.settledKeys, operation.key, look);
    }
  }

  /** A node gives the value of `index`: no page has shown a later operation on the key. */
  value(record: GetRecord, index: number, shown: Shown): Violation | null {
    const look = this.stands(record, shown);
    if (look === null || index >= look.index) return null;
    const { place } = this.evidence;
    return violation(
      'never back',
      `${record.node} showed an operation on ${JSON.stringify(record.key)} at index ` +
        `${look.index} (record ${look.place}), and then said that its value is the one of index ` +
        `${index} (record ${place}), in one life and with no later epoch.`,
      look.place,
      place,
    );
  }

  /** A node says that a key has no value. */
  absent(record: GetRecord, shown: Shown): void {
    const look = this.stands(record, shown);
    if (look !== null) this.absences.push({ record, look, place: this.evidence.place });
  }

  /** The history is over: the first absence that no removal explains. A removal explains itself,
   * and what stands before it. */
  finish(): Violation | null {
    for (const { look, place, record } of this.absences) {
      const { key, node } = record;
      if (this.evidence.removals.of(key).explain(look.index, record.return)) continue;
      return violation(
        'never back',
        `${node} showed that ${JSON.stringify(key)} was given a value at index ${look.index} ` +
          `(record ${look.place}), and then said that it has none (record ${place}), in one life ` +
          `and with no later epoch, and nobody had asked to remove it.`,
        look.place,
        place,
      );
    }
    return null;
  }

  /** The operation on the key that the node must still know of. What was shown to `local` readers
   * need not be settled. */
  private stands({ call, key, read }: GetRecord, shown: Shown): KeyLook | null {
    const look = (read === 'local' ? shown.keys : shown.settledKeys).get(key);
    if (look === undefined || look.moment >= call) return null;
    return look.moment < shown.epochSince || shown.isOver(this.evidence.cluster) ? null : look;
  }
}

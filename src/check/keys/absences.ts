// Reads of keys that are gone. The rule: a key without a value, where there was one before, has
// been removed: somebody has asked for that by then, behind the value that was there. Removes that
// explain such a read may still be under way, so the end of the history tells.

import type { Evidence } from '../evidence.ts';
import type { GetRecord } from '../history/history.ts';
import type { Content } from '../operations.ts';
import { type Violation, violation } from '../verdict.ts';

/** Where a value was before, and the record that shows it. */
export interface Earlier {
  readonly index: number;
  readonly place: number;
  /** What gave the value, if it need not have stayed; null: it must have. */
  readonly content: Content | null;
}

/** A read without a value, and the value that was there before. */
interface Absence {
  readonly record: GetRecord;
  readonly place: number;
  readonly before: Earlier;
}

export class Absences {
  private readonly evidence: Evidence;
  private readonly found: Absence[] = [];

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  /** `before` was shown, or settled, when the record at hand was asked for; index 0: nothing. */
  add(record: GetRecord, before: Earlier): void {
    if (before.index > 0) this.found.push({ record, place: this.evidence.place, before });
  }

  /** The history is over: the first that nobody's removal explains. */
  finish(): Violation | null {
    for (const { before, place, record } of this.found) {
      const { content, index, place: earlier } = before;
      if (this.evidence.removals.of(record.key).explain(index, record.return)) continue;
      if (!this.evidence.stayed(index, content)) continue;
      const name = JSON.stringify(record.key);
      return violation(
        'linearizable',
        `${record.node} says that ${name} has no value (record ${place}), but it was given one at ` +
          `index ${index} (record ${earlier}), and nobody had asked to remove it since.`,
        earlier,
        place,
      );
    }
    return null;
  }
}

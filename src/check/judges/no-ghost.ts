// No ghost: everything in a log was asked for, before it was seen. What was refused is never seen;
// what timed out, or got no answer, is open: it may be seen, now or later. As long as nobody has
// gone on without anything that was shown, whoever tells of an index tells that all up to it was
// asked for, though it shows less.
//
// A write's record comes when it ended, so that only the end of the history tells what nobody asked
// for. Operations that say the same are told apart only by their number.

import type { Evidence, Invariant } from '../evidence.ts';
import type { HealthRecord, LogRecord, WriteRecord } from '../history/history.ts';
import { Frontier } from '../log/frontier.ts';
import { type Violation, violation } from '../verdict.ts';

export class NoGhost implements Invariant {
  private readonly evidence: Evidence;
  /** How far anybody has told that the log goes. */
  private readonly told = new Frontier();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  write({ first, operations, outcome, return: moment }: WriteRecord): null {
    if (outcome === 'refused' || first === undefined || moment === null) return null;
    return this.tells(moment, first + operations.length - 1);
  }

  log({ lastIndex, return: moment }: LogRecord): null {
    return this.tells(moment, lastIndex);
  }

  health({ at, lastIndex }: HealthRecord): null {
    return this.tells(at, lastIndex);
  }

  finish(): Violation | null {
    const { inFirstEpoch, operations } = this.evidence;
    if (inFirstEpoch) this.see();
    for (const { askedAt, content, place, seenAt } of operations.shown()) {
      const name = operations.name(content);
      if (operations.requests(content) === 0) {
        const refused = operations.refused(content);
        const sentence =
          refused > 0
            ? `${name} was refused (record ${refused}), but is in a log (record ${place}).`
            : `${name} is in a log (record ${place}), but nobody asked for it.`;
        return violation('no ghost', sentence, refused, place);
      }
      if (seenAt < askedAt) {
        const sentence =
          `${name} was seen at ${seenAt} (record ${place}), but first asked for ` +
          `at ${askedAt}.`;
        return violation('no ghost', sentence, place);
      }
    }
    return null;
  }

  private tells(moment: number, lastIndex: number): null {
    this.told.reach(moment, lastIndex, this.evidence.place);
    return null;
  }

  /** What stands where a log was said to go by then was there, shown or not. (Of what an answer
   * places there, its order tells: total-order.ts.) */
  private see(): void {
    const { entries, operations, promises } = this.evidence;
    for (const index of entries.indexes()) {
      const told = this.told.since(index);
      if (told === null) continue;
      const promised = promises.at(index);
      const answered = promised?.request === undefined ? null : promised.content;
      for (const { content } of entries.at(index)) {
        if (content !== answered) operations.seen(content, told.moment, told.place);
      }
    }
  }
}

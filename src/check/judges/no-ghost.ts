// No ghost: everything in a log was asked for, before it was seen. What was refused is never seen;
// what timed out, or got no answer, is open: it may be seen, now or later.
//
// A write's record comes when it ended, so that only the end of the history tells what nobody asked
// for. Operations that say the same are told apart only by their number.

import type { Evidence, Invariant } from '../evidence.ts';
import { type Violation, violation } from '../verdict.ts';

export class NoGhost implements Invariant {
  private readonly evidence: Evidence;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  finish(): Violation | null {
    const { operations } = this.evidence;
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
}

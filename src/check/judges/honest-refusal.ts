// Honest refusal: a request is refused because its idempotency key stands for another one
// (`idempotency-key-reused`) only if somebody has asked for another one with it by then, and was
// not refused. Whoever repeats a request and hears that, believes that it can never be stored.
//
// The other request may have ended later, or never: so only the end of the history tells.

import type { Evidence, Invariant } from '../evidence.ts';
import type { WriteRecord } from '../history/history.ts';
import { ByContents } from '../log/by-contents.ts';
import type { Content } from '../operations.ts';
import { type Violation, violation } from '../verdict.ts';

const REUSED = 'idempotency-key-reused';

/** Something that a key was used for. */
interface Use {
  /** When it was first asked for, in a request that was not refused; ∞: never. */
  since: number;
  /** When it was first refused for another one, and the record; ∞ and 0: never. */
  refusedAt: number;
  refused: number;
}

export class HonestRefusal implements Invariant {
  private readonly evidence: Evidence;
  private readonly uses = new Map<string, ByContents<Use>>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  write(record: WriteRecord, contents: readonly Content[]): null {
    const { call, code, idempotencyKey: key, outcome, return: moment } = record;
    if (key === null) return null;
    const use = this.use(key, contents);
    if (outcome !== 'refused') use.since = Math.min(use.since, call);
    if (code !== REUSED || (use.refused > 0 && (moment ?? NEVER) >= use.refusedAt)) return null;
    use.refusedAt = moment ?? NEVER;
    use.refused = this.evidence.place;
    return null;
  }

  private use(key: string, contents: readonly Content[]): Use {
    let uses = this.uses.get(key);
    if (uses === undefined) {
      uses = new ByContents();
      this.uses.set(key, uses);
    }
    let use = uses.find(contents);
    if (use === undefined) {
      use = { since: NEVER, refusedAt: NEVER, refused: 0 };
      uses.add(contents, use);
    }
    return use;
  }

  finish(): Violation | null {
    for (const [key, uses] of this.uses) {
      const [first, second] = earliest(uses.values());
      for (const use of uses.values()) {
        const { refused, refusedAt } = use;
        if (refused === 0) continue;
        const since = (use === first ? second : first)?.since ?? NEVER;
        if (since < NEVER && since <= refusedAt) continue;
        const sentence =
          `A request was refused because its key ${key} stood for another one (record ` +
          `${refused}), but nobody had used the key for another one.`;
        return violation('honest refusal', sentence, refused);
      }
    }
    return null;
  }
}

/** The two that were asked for first; undefined: there are fewer. */
function earliest(uses: Iterable<Use>): readonly (Use | undefined)[] {
  let first: Use | undefined;
  let second: Use | undefined;
  for (const use of uses) {
    if (first === undefined || use.since < first.since) [first, second] = [use, first];
    else if (second === undefined || use.since < second.since) second = use;
  }
  return [first, second];
}

const NEVER = Number.POSITIVE_INFINITY;

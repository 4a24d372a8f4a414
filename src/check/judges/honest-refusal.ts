// Honest refusal: a request is refused because its idempotency key stands for another one
// (`idempotency-key-reused`) only if somebody has used the key for another one. Whoever repeats a
// request and hears that, believes that it can never be stored.
//
// The other request may have ended later, or never: so only the end of the history tells.

import type { Evidence, Invariant } from '../evidence.ts';
import type { WriteRecord } from '../history.ts';
import { type Content, sameContents } from '../operations.ts';
import { type Violation, violation } from '../verdict.ts';

const REUSED = 'idempotency-key-reused';

/** How a key was used. */
interface Use {
  /** What the first request with it asked for. */
  readonly asked: readonly Content[];
  /** Place of the first refusal; 0: there was none. */
  refused: number;
  /** Whether another request had it as well. */
  shared: boolean;
}

export class HonestRefusal implements Invariant {
  private readonly evidence: Evidence;
  private readonly uses = new Map<string, Use>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  write({ code, idempotencyKey: key }: WriteRecord, contents: readonly Content[]): null {
    if (key === null) return null;
    let use = this.uses.get(key);
    if (use === undefined) {
      use = { asked: contents, refused: 0, shared: false };
      this.uses.set(key, use);
    }
    use.shared ||= !sameContents(use.asked, contents);
    if (code === REUSED && use.refused === 0) use.refused = this.evidence.place;
    return null;
  }

  finish(): Violation | null {
    for (const [key, { refused, shared }] of this.uses) {
      if (refused === 0 || shared) continue;
      const sentence =
        `A request was refused because its key ${key} stood for another one (record ${refused}), ` +
        `but nobody has used the key for another one.`;
      return violation('honest refusal', sentence, refused);
    }
    return null;
  }
}

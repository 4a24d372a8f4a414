// What is missing where a page says that it covers it. Compaction may have taken an operation on a
// key: then another one on the key stands behind it, and somebody had asked for that by then. Its
// request may end later, or never, and what stands there may be heard of later: so only the end of
// the history tells.

import type { Evidence } from '../evidence.ts';
import type { LogRecord } from '../history/history.ts';
import type { Successors, Whereabouts } from '../keys/key-requests.ts';
import type { Content } from '../operations.ts';
import { type Violation, violation } from '../verdict.ts';

/** How it is known what should be there: from the last to the first, the more it binds. */
const GROUNDS = ['shown', 'promised', 'unknown'] as const;

/** What was there. */
export interface Missing {
  readonly index: number;
  /**
   * `shown`: this life of the node had shown it. `promised`: it is on enough nodes. `unknown`: the
   * node's log was the latest one, and what is promised there in the end was there.
   */
  readonly ground: (typeof GROUNDS)[number];
  /** null: `unknown`. */
  readonly content: Content | null;
  /** The record that shows or promises it; 0: `unknown`. */
  readonly earlier: number;
}

interface Missed extends Missing {
  /** The page without it. */
  readonly node: string;
  readonly moment: number;
  readonly place: number;
  /** How often a node had lost its memory by then. */
  readonly losses: number;
}

/** Invariant: for each index one page that lacks it is kept, the first one of those that bind the
 * most, so that memory goes with the length of the log, however often it is read. */
export class Vanished {
  private readonly evidence: Evidence;
  private readonly missed = new Map<number, Missed>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  /** A page covers this index and has nothing there. */
  note(missing: Missing, { node, return: moment }: LogRecord): void {
    const { operations, place, promises } = this.evidence;
    const { content, ground, index } = missing;
    if (content !== null) {
      // Most have been superseded by what is known already.
      const key = operations.key(content);
      if (key !== null && (operations.newest.get(key) ?? 0) > index) return;
    }
    const { losses } = promises;
    const before = this.missed.get(index);
    if (before !== undefined && before.losses === losses) {
      if (GROUNDS.indexOf(before.ground) <= GROUNDS.indexOf(ground)) return;
    }
    this.missed.set(index, { ...missing, node, moment, place, losses });
  }

  finish(): Violation | null {
    const { keyRequests, operations } = this.evidence;
    // Who repeats a request whose key was forgotten stores it anew, wherever it stood.
    if (this.missed.size === 0 || operations.forgetsKeys) return null;
    const where = this.whereabouts();
    const byKey = new Map<string, Successors>();
    for (const missed of this.missed.values()) {
      const { index, moment } = missed;
      const there = this.there(missed);
      if (there === null) continue;
      const key = operations.key(there.content);
      if (key === null) return this.gone(missed, there);
      let successors = byKey.get(key);
      if (successors === undefined) {
        successors = keyRequests.successors(key, operations, where);
        byKey.set(key, successors);
      }
      // What was lost since may have been stored again, elsewhere.
      const behind = this.hasLost(missed) ? 0 : index;
      if (!successors.mayFollow(there.content, behind, moment)) return this.gone(missed, there);
    }
    return null;
  }

  /** What must have been there; null: nobody knows. */
  private there(missed: Missed): { content: Content; place: number } | null {
    const { promises } = this.evidence;
    const { content, earlier, ground, index } = missed;
    if (ground === 'shown') return { content: content!, place: earlier };
    const promised = promises.at(index);
    if (promised === null) return null;
    if (ground === 'promised') return promised.content === content ? promised : null;
    return this.hasLost(missed) ? null : promised;
  }

  /** Whether a node has lost its memory since. */
  private hasLost({ losses }: Missed): boolean {
    return losses !== this.evidence.promises.losses;
  }

  /** What is promised stays where it is, and one request is in the log once. */
  private whereabouts(): Whereabouts {
    const { operations, promises } = this.evidence;
    const once = new Map<Content, number>();
    for (const [index, { content }] of promises.all()) {
      if (operations.key(content) === null) continue;
      if (operations.requests(content) === 1) once.set(content, index);
    }
    return (content, said) => {
      const index = once.get(content);
      if (index !== undefined || said === null) return index ?? null;
      return promises.at(said)?.content === content ? said : null;
    };
  }

  private gone(
    { ground, index, node, place }: Missed,
    { content, place: earlier }: { readonly content: Content; readonly place: number },
  ): Violation {
    const { operations } = this.evidence;
    const what = operations.name(content);
    const told =
      ground === 'shown'
        ? `${node} showed ${what} at index ${index} (record ${earlier}), and then shows`
        : `${what} was acknowledged or committed at index ${index} (record ${earlier}), but ` +
          `${node} shows`;
    const why =
      operations.key(content) === null
        ? ''
        : ', and nothing that had been asked for on the key by then can have superseded it';
    return violation(
      'never back',
      `${told} what is behind it without it (record ${place})${why}.`,
      earlier,
      place,
    );
  }
}

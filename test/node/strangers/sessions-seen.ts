// What a stranger was sent, session by session, and up to where it has acknowledged that: whoever
// says that it has an operation is held against this.

import { isDeepStrictEqual } from 'node:util';
import type { SnapshotSaid, Update } from './follower-model.ts';

/** What replog adds: the place in the log right before the updates. */
export type SnapshotHeard = SnapshotSaid & { readonly prev?: { readonly index: number } };

export interface Claim {
  readonly session: number;
  /** Up to here it says that it has everything. */
  readonly seq: number;
}

interface Session {
  readonly epoch: number;
  readonly updates: Map<number, Update>;
  /** An index less its sequence number: one and the same where nothing is compacted. */
  readonly offset: number;
}

/** A claim may be ahead of what has arrived: what was on its way, or lost, counts as well. Nothing
 * is ever as far ahead as the lies that are beyond this. */
const AHEAD_MAX = 1_000;

export class SessionsSeen {
  readonly wrong: string[] = [];
  private readonly sessions = new Map<number, Session>();
  private readonly claims: Claim[] = [];

  /** A master sends the same under the same number, and one index after the other. */
  take(message: SnapshotHeard): void {
    const { session, seq, updates } = message;
    const seen = this.session(message);
    if (seen.epoch !== message.epoch) this.wrong.push(`session ${session} in two epochs`);
    for (const [i, update] of updates.entries()) {
      const before = seen.updates.get(seq + i);
      if (before !== undefined && !isDeepStrictEqual(before, update)) {
        this.wrong.push(`seq ${seq + i}: ${JSON.stringify(update)}, was ${JSON.stringify(before)}`);
      }
      if (update.index !== seq + i + seen.offset) {
        this.wrong.push(`session ${session}: index ${update.index} has seq ${seq + i}`);
      }
      seen.updates.set(seq + i, update);
    }
    if (updates.length === 0 && message.prev === undefined) this.wrong.push('an empty Snapshot');
  }

  /** The last one that has arrived in this session; -1: none. */
  lastSeq(session: number): number {
    return Math.max(-1, ...(this.sessions.get(session)?.updates.keys() ?? []));
  }

  claim(claim: Claim): void {
    this.claims.push(claim);
  }

  /** Whether it has ever said that it has this. */
  claimed(index: number): boolean {
    return this.claims.some(({ session, seq }) => {
      const seen = this.sessions.get(session);
      if (seen === undefined || seq > this.lastSeq(session) + AHEAD_MAX) return false;
      return seq + seen.offset >= index;
    });
  }

  private session({ epoch, session, seq, updates, prev }: SnapshotHeard): Session {
    const known = this.sessions.get(session);
    if (known !== undefined) return known;
    if ([...this.sessions].some(([number, one]) => number > session && one.epoch >= epoch)) {
      this.wrong.push(`session ${session} after a greater one`);
    }
    const first = updates[0]?.index ?? (prev?.index ?? 0) + 1;
    const begun: Session = { epoch, updates: new Map(), offset: first - seq };
    this.sessions.set(session, begun);
    return begun;
  }
}

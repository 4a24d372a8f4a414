// Whether members' logs are the one that damage took from this node: each is asked for the running
// hash at the last place behind the damage of which that is known here. A log that agrees there is
// the one that was lost, up to that place; of one that does not, nothing is.

import { type LogIndex, logIndex, type NodeId } from '../ids.ts';
import type { LogPoint } from '../messages.ts';
import type { Candidate } from './departure.ts';

/** What a member is to be asked: whether its log is the lost one at this place. */
export interface Question {
  readonly of: Candidate;
  readonly point: LogPoint;
}

/** Invariant: a member is asked once for each end of its log that it has named. */
export class Proofs {
  /** The end that a member's log had when it was asked, and up to where it was the lost one. */
  private readonly proved = new Map<
    NodeId,
    { readonly held: LogIndex; readonly reach: LogIndex }
  >();

  /** Up to where this member's log was found to be the one that was lost; 0: it was not. */
  reachOf({ node, lastIndex }: Candidate): LogIndex {
    return logIndex(Math.min(this.proved.get(node)?.reach ?? 0, lastIndex));
  }

  /** Whom to ask next; null: nobody, of those who have said where they stand. `points`: the places
   * known, rising; those within our own log, which ends at `lastIndex`, prove nothing. */
  next(
    speakers: readonly Candidate[],
    points: readonly LogPoint[],
    lastIndex: LogIndex,
  ): Question | null {
    for (const of of speakers) {
      if (this.proved.get(of.node)?.held === of.lastIndex) continue;
      const point = points.findLast(({ index }) => index <= of.lastIndex);
      if (point !== undefined && point.index > lastIndex) return { of, point };
    }
    return null;
  }

  /** `prev`: what the member has at that place. */
  answered({ of, point }: Question, prev: LogPoint | undefined): void {
    const same = prev?.index === point.index && prev.hash === point.hash;
    const reach = same ? point.index : logIndex(0);
    this.proved.set(of.node, { held: of.lastIndex, reach });
  }
}

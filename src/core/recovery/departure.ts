// Where the log of a new master departs from one that a later master than its own has left behind.
// A node that was away may be appointed while it still has entries that the others have replaced.
// Which log goes on is decided by the last epoch accepted, as in Raft by the last entry's term: the
// master of a later epoch had heard a majority, so its log has all that one had acknowledged.

import type { Context } from '../context.ts';
import { type Epoch, epoch as epochOf, type LogIndex, logIndex, type NodeId } from '../ids.ts';
import type { Fetched } from '../messages.ts';

/** A member that has said where it stands. */
export interface Candidate {
  readonly node: NodeId;
  readonly url: string;
  readonly acceptedEpoch: Epoch;
  readonly lastIndex: LogIndex;
}

/** Whether `one` says more of how the log goes on than `other`. */
export function outranks(
  one: Pick<Candidate, 'acceptedEpoch' | 'lastIndex'>,
  other: Pick<Candidate, 'acceptedEpoch' | 'lastIndex'>,
): boolean {
  if (one.acceptedEpoch !== other.acceptedEpoch) return one.acceptedEpoch > other.acceptedEpoch;
  return one.lastIndex > other.lastIndex;
}

/** What it needs of the recovery around it. */
export interface DepartureHome {
  /** Asks a member for its log from an index on. */
  ask(candidate: Candidate, from: LogIndex, use: (fetched: Fetched, now: number) => void): void;
  /** Drops the whole log, to fetch it anew. */
  startOver(now: number): void;
}

/** What is known of two logs: they agree at one index, and differ at a later one. */
interface Bounds {
  readonly agree: number;
  readonly differ: number;
}

/**
 * Invariants:
 * 1. Nothing is cut off but what differs from the log of a member that has accepted a later epoch;
 *    and where the folds cannot follow, what stands before it.
 * 2. Entries of one index and one epoch are the same, and so is all before them: the search rests
 *    on that.
 */
export class Departure {
  private readonly context: Context;
  private readonly home: DepartureHome;
  /** The last epoch whose log this one was, when the node was appointed. */
  private readonly own: Epoch;
  /** The highest position that this log has been compared with. */
  private compared: Pick<Candidate, 'acceptedEpoch' | 'lastIndex'>;
  /** Nobody can have accepted a later epoch than this node: there was none before this one. */
  readonly impossible: boolean;

  constructor(context: Context, epoch: Epoch, home: DepartureHome) {
    const { ledger, bookkeeping } = context;
    this.context = context;
    this.home = home;
    this.own = epochOf(Math.max(bookkeeping.current.acceptedEpoch, ledger.log.lastEpoch));
    this.compared = { acceptedEpoch: this.own, lastIndex: logIndex(0) };
    this.impossible = this.own + 1 >= epoch;
  }

  /** The member whose log decides where this one ends, if that is not known yet. */
  ruling(candidates: readonly Candidate[]): Candidate | null {
    let ruling: Candidate | null = null;
    for (const candidate of candidates) {
      if (candidate.acceptedEpoch <= this.own || !outranks(candidate, this.compared)) continue;
      if (ruling === null || outranks(candidate, ruling)) ruling = candidate;
    }
    return ruling;
  }

  /** Looks for the last index at which the two logs agree, and cuts this one there. As a rule the
   * first look, at the end of the shorter one, is the only one. */
  compare(ruling: Candidate): void {
    const end = Math.min(this.context.ledger.log.lastIndex, ruling.lastIndex);
    if (end === 0) this.compared = ruling;
    else this.look(ruling, { agree: 0, differ: end + 1 }, end);
  }

  private look(ruling: Candidate, bounds: Bounds, at: number): void {
    this.home.ask(ruling, logIndex(at), ({ updates }, now) => {
      const there = updates[0];
      const { log } = this.context.ledger;
      // What was compacted away there was on every member, this one among them.
      const compacted = there?.index !== at;
      const same = compacted || there.epoch === log.epochAt(logIndex(at));
      const { agree, differ } = same ? { ...bounds, agree: at } : { ...bounds, differ: at };
      const middle = Math.floor((agree + differ) / 2);
      if (differ - agree > 1) this.look(ruling, { agree, differ }, middle);
      else this.found(ruling, agree, now);
    });
  }

  private found(ruling: Candidate, agree: number, now: number): void {
    const { ledger } = this.context;
    this.compared = ruling;
    if (agree >= Math.min(ledger.log.lastIndex, ruling.lastIndex)) return;
    if (agree < ledger.floor) this.home.startOver(now);
    else ledger.truncate(logIndex(agree));
  }
}

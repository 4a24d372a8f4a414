// What damage took from a master that recovers: what of it is not here again, and how far others'
// logs may be taken for it. The rule: one that stopped in an earlier epoch than this node had seen
// may hold what was dropped since, unless it is proved to be the log that was lost.

import type { Context } from '../context.ts';
import type { Lost } from '../effects.ts';
import { epoch as epochOf, type LogIndex } from '../ids.ts';
import type { LogPoint } from '../messages.ts';
import type { Candidate } from './departure.ts';
import type { Hearing } from './hearing.ts';
import { Proofs, type Question } from './proofs.ts';
import { makesUpFor } from './restoration.ts';

export class OwnLoss {
  private readonly context: Context;
  private readonly hearing: Hearing;
  private readonly proofs = new Proofs();
  /** The latest epoch that a member has accepted whose log is here up to its end. */
  private heldEpoch = epochOf(0);
  /** Where the log ended when the files set aside had nothing to add. */
  private asideEndedAt = -1;

  constructor(context: Context, hearing: Hearing) {
    this.context = context;
    this.hearing = hearing;
  }

  /** What damage took from this node and is not there again; null: nothing. */
  get missing(): Lost | null {
    const { ledger, bookkeeping } = this.context;
    const lost = bookkeeping.current.lost ?? null;
    // What it takes from others is of that epoch (`reachOf`).
    if (lost === null || makesUpFor(ledger.log, lost, lost.epoch)) return null;
    if (!this.hearing.everyone) return lost;
    // Nobody knows how far it went. Or a later epoch began without it, and wrote nothing: that one
    // member has accepted that epoch does not say that it had caught up with it. Either way every
    // member must have said what it has.
    const known = lost.upTo <= ledger.log.lastIndex || this.heldEpoch > lost.epoch;
    return known ? null : lost;
  }

  /** All that these members have is here. */
  holds(members: readonly Candidate[]): void {
    for (const { acceptedEpoch } of members) {
      if (acceptedEpoch > this.heldEpoch) this.heldEpoch = acceptedEpoch;
    }
  }

  /** How far a member's log may be taken for a part of ours, which misses this; null: nothing. */
  reachOf(candidate: Candidate, missing: Lost | null): LogIndex {
    const { acceptedEpoch, lastIndex } = candidate;
    if (missing === null || acceptedEpoch >= missing.epoch) return lastIndex;
    return this.proofs.reachOf(candidate);
  }

  /** Whom to ask next whether its log is the one that was lost; null: nobody. */
  question(): Question | null {
    const points = this.missing?.points ?? [];
    return this.proofs.next(this.hearing.speakers(), points, this.context.ledger.log.lastIndex);
  }

  /** `prev`: what the member has at the place that it was asked about. */
  answered(question: Question, prev: LogPoint | undefined): void {
    this.proofs.answered(question, prev);
  }

  /** Whether what damage left behind is to be looked at for what goes on where the log now ends:
   * once for each such place. */
  looksAside(): boolean {
    const { lastIndex } = this.context.ledger.log;
    if (this.asideEndedAt === lastIndex) return false;
    this.asideEndedAt = lastIndex;
    return true;
  }

  /** There is nobody to fetch it from: that is said. */
  tell(): void {
    const { missing } = this;
    const { ledger, outbox } = this.context;
    if (missing === null) return;
    outbox.note({ event: 'lost', after: ledger.log.lastIndex, upTo: missing.upTo });
  }
}

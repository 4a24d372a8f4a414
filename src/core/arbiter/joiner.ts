// Asks the arbiter for a role until it is answered, and again when no master has been heard of.
// Where there are several, of which one is in charge, it asks one after the other until it has
// found that one.

import type { Context } from '../context.ts';
import type { Epoch } from '../ids.ts';
import type { JoinedMaster, JoinedSecondary } from '../messages.ts';
import type { Answer } from '../outbox.ts';

/** For whom it asks. */
export interface JoinerOwner {
  /** What is to be said of the master; see Join. */
  reports(now: number): boolean | undefined;
  /** What came of it, and what was said of the master. */
  joined(answer: JoinedMaster | JoinedSecondary, now: number, silent: boolean | undefined): void;
}

/** `unknown`: no answer came; the arbiter may have taken note all the same. */
export type Farewell = 'left' | 'refused' | 'unknown';

/** What is no news before it lasts: nodes and arbiters that are started together find each other
 * in any order, and one of several arbiters takes some seconds to follow another. */
const AWAITED: ReadonlySet<string> = new Set(['no-master', 'standby']);

/** The one that is asked is not in charge, or not there: another one may be. */
function isElsewhere(answer: Answer): boolean {
  if (answer.type === 'None') return true;
  return codeOf(answer) === 'standby' || codeOf(answer) === 'no-arbiter';
}

function codeOf(answer: Answer): string | null {
  return answer.type === 'Refused' ? answer.code : null;
}

/**
 * Invariants:
 * 1. One Join is under way at a time: what one arbiter is told is never on its way to another.
 * 2. None begins behind a Leave, unless that came to nothing: this node would be a member again.
 * 3. The arbiter that has answered is asked until it does not any more.
 */
export class Joiner {
  private readonly context: Context;
  /** At least one. */
  private readonly arbiters: readonly string[];
  private readonly wants: 'master' | 'secondary' | null;
  private readonly owner: JoinerOwner;
  private underWay = false;
  private asked = 0;
  private dueAt = Number.POSITIVE_INFINITY;
  /** What the arbiter has said of itself; see JoinedSecondary. */
  private term: string | undefined;
  /** Which of the arbiters is asked. */
  private turn = 0;
  /** How many were not in charge, one after the other. */
  private missed = 0;
  private failedWith: string | null = null;
  /** The most telling one of the answers of a round, and whose it is; null: none is begun. */
  private heard: { readonly by: string; readonly answer: Answer } | null = null;
  /** Since when the answers have been of those that are awaited; null: the last one was not. */
  private awaitedSince: number | null = null;
  /** A Leave that is sent when the Join under way has been answered. */
  private leaving: (() => void) | null = null;
  /** A Leave is under way, or was taken. */
  private parting = false;

  constructor(
    context: Context,
    arbiters: readonly string[],
    wants: 'master' | 'secondary' | null,
    owner: JoinerOwner,
  ) {
    this.context = context;
    this.arbiters = arbiters;
    this.wants = wants;
    this.owner = owner;
  }

  /** No Join is under way or planned. */
  get idle(): boolean {
    return !this.underWay && this.dueAt === Number.POSITIVE_INFINITY;
  }

  /** A Join is wanted at this time; if one is planned earlier, that one serves. Of a node that
   * leaves, or has left, none is. */
  plan(at: number): void {
    if (!this.parting) this.dueAt = Math.min(this.dueAt, at);
  }

  /** Tells the arbiter that this node is no replica any more; `then` hears whether it took note. A
   * Join under way is waited for: if that came behind it, this node would be a member again. */
  leave(then: (outcome: Farewell) => void): void {
    this.parting = true;
    this.dueAt = Number.POSITIVE_INFINITY;
    const { node } = this.context.self;
    // Whoever gave no answer may have taken note, and be followed by nobody yet.
    let unheard = false;
    const send = (unasked: number): void => {
      this.context.outbox.send(this.arbiter, { type: 'Leave', node }, (answer) => {
        this.look(answer);
        unheard ||= answer.type === 'None';
        if (unasked > 0 && isElsewhere(answer)) {
          send(unasked - 1);
          return;
        }
        this.parting = answer.type === 'Left';
        then(this.parting ? 'left' : unheard ? 'unknown' : 'refused');
      });
    };
    const begin = (): void => send(this.arbiters.length - 1);
    if (this.underWay) this.leaving = begin;
    else begin();
  }

  wake(now: number): void {
    if (this.underWay || now < this.dueAt) return;
    this.underWay = true;
    this.dueAt = Number.POSITIVE_INFINITY;
    const { self, incarnation, bookkeeping, ledger, outbox, options } = this.context;
    const { acceptedEpoch, epoch, cluster } = bookkeeping.current;
    const silent = this.owner.reports(now);
    this.asked += 1;
    const { asked } = this;
    const request = {
      type: 'Join' as const,
      node: self.node,
      url: self.url,
      incarnation,
      epoch: epoch as Epoch,
      lastIndex: ledger.log.lastIndex,
      ...(this.wants === null ? {} : { wants: this.wants }),
      ...(cluster === null ? {} : { cluster }),
      ...(silent === undefined
        ? {}
        : {
            masterSilent: silent,
            asked,
            acceptedEpoch,
            durableIndex: ledger.persister.persistedIndex,
            ...(this.term === undefined ? {} : { term: this.term }),
          }),
    };
    outbox.send(this.arbiter, request, (answer, at) => {
      this.underWay = false;
      const by = this.arbiter;
      this.look(answer);
      if (this.leaving !== null) {
        // Whatever the answer is, this node has no use for it.
        const send = this.leaving;
        this.leaving = null;
        send();
        return;
      }
      if (answer.type === 'JoinedMaster' || answer.type === 'JoinedSecondary') {
        this.failedWith = null;
        this.awaitedSince = null;
        this.term = answer.type === 'JoinedSecondary' ? answer.term : undefined;
        this.owner.joined(answer, at, silent);
        return;
      }
      this.plan(at + options.joinRetryMs);
      this.takesNote(by, answer, at);
    });
  }

  private get arbiter(): string {
    return this.arbiters[this.turn]!;
  }

  /** Who is asked next. */
  private look(answer: Answer): void {
    this.missed = isElsewhere(answer) ? this.missed + 1 : 0;
    if (this.missed > 0) this.turn = (this.turn + 1) % this.arbiters.length;
  }

  /** While others are left to ask, that this one is not in charge is no news. */
  private takesNote(by: string, answer: Answer, now: number): void {
    const { heard } = this;
    // That one of them stands by says less than why another one gave no answer.
    const isFirst = heard === null || codeOf(heard.answer) === 'standby';
    const told = isFirst || this.missed === 0 ? { by, answer } : heard;
    const isOver = this.missed % this.arbiters.length === 0;
    this.heard = isOver ? null : told;
    if (isOver) this.explain(told.by, told.answer, now);
  }

  /** Says once why there is no role yet; what is awaited is news when it lasts. */
  private explain(by: string, answer: Answer, now: number): void {
    const { outbox } = this.context;
    const why = answer.type === 'None' ? answer.error : (codeOf(answer) ?? answer.type);
    if (this.isAwaited(why, now) || why === this.failedWith) return;
    this.failedWith = why;
    if (answer.type === 'None') outbox.note({ event: 'unanswered', by, error: why });
    else outbox.note({ event: 'refused', by, code: why });
  }

  private isAwaited(why: string, now: number): boolean {
    this.awaitedSince = AWAITED.has(why) ? (this.awaitedSince ?? now) : null;
    if (this.awaitedSince === null) return false;
    return now < this.awaitedSince + this.context.options.masterSilenceMs;
  }

  deadline(): number {
    return this.underWay ? Number.POSITIVE_INFINITY : this.dueAt;
  }
}

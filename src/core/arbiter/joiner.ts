// Asks the arbiter for a role until it is answered, and again when no master has been heard of.

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

/** Invariant: one Join is under way at a time. */
export class Joiner {
  private readonly context: Context;
  private readonly arbiter: string;
  private readonly wants: 'master' | 'secondary' | null;
  private readonly owner: JoinerOwner;
  private underWay = false;
  private asked = 0;
  private dueAt = Number.POSITIVE_INFINITY;
  private failedWith: string | null = null;
  /** Since when the arbiter has answered that there is no master; null: it did not say so last. */
  private masterlessSince: number | null = null;
  /** A Leave that is sent when the Join under way has been answered. */
  private leaving: (() => void) | null = null;

  constructor(
    context: Context,
    arbiter: string,
    wants: 'master' | 'secondary' | null,
    owner: JoinerOwner,
  ) {
    this.context = context;
    this.arbiter = arbiter;
    this.wants = wants;
    this.owner = owner;
  }

  /** No Join is under way or planned. */
  get idle(): boolean {
    return !this.underWay && this.dueAt === Number.POSITIVE_INFINITY;
  }

  /** A Join is wanted at this time; if one is planned earlier, that one serves. */
  plan(at: number): void {
    this.dueAt = Math.min(this.dueAt, at);
  }

  /** Tells the arbiter that this node is no replica any more; `then` hears whether it took note. A
   * Join under way is waited for: if that came behind it, this node would be a member again. */
  leave(then: (outcome: Farewell) => void): void {
    this.dueAt = Number.POSITIVE_INFINITY;
    const { node } = this.context.self;
    const send = (): void => {
      this.context.outbox.send(this.arbiter, { type: 'Leave', node }, (answer) => {
        then(answer.type === 'Left' ? 'left' : answer.type === 'None' ? 'unknown' : 'refused');
      });
    };
    if (this.underWay) this.leaving = send;
    else send();
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
            ...{ masterSilent: silent, asked, acceptedEpoch },
            durableIndex: ledger.persister.persistedIndex,
          }),
    };
    outbox.send(this.arbiter, request, (answer, at) => {
      this.underWay = false;
      if (this.leaving !== null) {
        // Whatever the answer is, this node has no use for it.
        const send = this.leaving;
        this.leaving = null;
        send();
        return;
      }
      if (answer.type === 'JoinedMaster' || answer.type === 'JoinedSecondary') {
        this.failedWith = null;
        this.masterlessSince = null;
        this.owner.joined(answer, at, silent);
        return;
      }
      this.plan(at + options.joinRetryMs);
      this.explain(answer, at);
    });
  }

  /** Says once why there is no role yet; that there is no master yet is news when it lasts. */
  private explain(answer: Answer, now: number): void {
    const { outbox } = this.context;
    const by = this.arbiter;
    const why =
      answer.type === 'None' ? answer.error : 'code' in answer ? answer.code : answer.type;
    if (this.isAwaited(why, now) || why === this.failedWith) return;
    this.failedWith = why;
    if (answer.type === 'None') outbox.note({ event: 'unanswered', by, error: why });
    else outbox.note({ event: 'refused', by, code: why });
  }

  /** A master may be about to join: nodes that are started together find their arbiter in any
   * order. */
  private isAwaited(why: string, now: number): boolean {
    this.masterlessSince = why === 'no-master' ? (this.masterlessSince ?? now) : null;
    if (this.masterlessSince === null) return false;
    return now < this.masterlessSince + this.context.options.masterSilenceMs;
  }

  deadline(): number {
    return this.underWay ? Number.POSITIVE_INFINITY : this.dueAt;
  }
}

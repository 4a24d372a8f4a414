// The clients of a master that wait for a linearizable read, and what they are told.

import type { Context } from '../context.ts';
import type { Ticket } from '../ids.ts';
import { Confirmations, type Standing } from './confirmation.ts';

/** Invariant: every reader is answered once, or its client has gone. */
export class Readers {
  private readonly waiting = new Confirmations();
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** Takes in a reader of a settled master; returns whether there was room. */
  add(ticket: Ticket, now: number): boolean {
    const { ledger, options } = this.context;
    if (this.size >= options.waitersMax) {
      this.refuse([ticket], 'too many reads wait');
      return false;
    }
    this.waiting.add(ticket, ledger.log.lastIndex, now, options.confirmTimeoutMs);
    return true;
  }

  drop(ticket: Ticket): void {
    this.waiting.drop(ticket);
  }

  /** Tells those whose time is up, and those for whom the master has proved enough. */
  answer(now: number, proof: Omit<Standing, 'commitIndex'>): void {
    const { ledger, outbox } = this.context;
    this.refuse(this.waiting.expired(now), 'a majority did not confirm in time');
    // What has come since the reader asked, and is not on a majority, is not shown.
    const lastIndex = ledger.log.commitIndex;
    const { followedAt, needed } = proof;
    for (const ticket of this.waiting.confirmed({ commitIndex: lastIndex, followedAt, needed })) {
      outbox.reply(ticket, { type: 'Confirmed', lastIndex });
    }
  }

  /** This node is master no more. */
  end(): void {
    this.refuse(this.waiting.drain(), 'this node is master no more');
  }

  deadline(): number {
    return this.waiting.deadline();
  }

  refuse(tickets: readonly Ticket[], reason: string): void {
    for (const ticket of tickets) {
      this.context.outbox.reply(ticket, { type: 'NotLinearizable', reason });
    }
  }
}

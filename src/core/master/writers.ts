// The clients of a master that wait for a write, and what they are told.

import type { Context } from '../context.ts';
import type { Outcome, Write } from '../effects.ts';
import { type LogIndex, logIndex, type NodeId, type Ticket } from '../ids.ts';
import { type Acknowledged, holders, type Waiter, WriteConcerns } from './write-concern.ts';

/** Invariant: every write is answered exactly once, or its client has gone. */
export class Writers {
  private readonly waiting = new WriteConcerns();
  /** Some may be answered as soon as it is certain again that nobody else is in office. */
  held = false;
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  get size(): number {
    return this.waiting.size;
  }

  /** Whether there is room for one that waits for other nodes. */
  get roomForPatient(): boolean {
    return this.waiting.waitingForOthers < this.context.options.waitersMax;
  }

  /** Whether there is room for any. */
  get roomForAny(): boolean {
    const { ledger, options } = this.context;
    return (
      this.waiting.size < 2 * options.waitersMax &&
      ledger.persister.backlog < options.unpersistedBytesMax
    );
  }

  /** Takes in the client of a write that stands in the log from `first` on, while these nodes are
   * the members. */
  add(
    write: Write,
    first: LogIndex,
    duplicate: boolean,
    members: Iterable<NodeId>,
    now: number,
  ): void {
    const last = logIndex(first + write.operations.length - 1);
    const deadline = (write.arrivedAt ?? now) + (write.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.waiting.add(
      { ticket: write.ticket, first, last, w: write.w, duplicate, deadline },
      members,
    );
  }

  /** A member came: who asks later for `all` counts it. */
  joined(): void {
    this.waiting.joined();
  }

  /** A member left: nobody waits for it any more. */
  left(node: NodeId): void {
    this.waiting.left(node);
  }

  drop(ticket: Ticket): void {
    this.waiting.drop(ticket);
  }

  /** Tells those whose write concern is met, if it is `certain` that nobody else is in office. */
  answer(acknowledged: Acknowledged, certain: boolean): void {
    this.held = !certain;
    if (this.held) return;
    for (const waiter of this.waiting.satisfied(acknowledged)) {
      this.tell(waiter, 'Stored', acknowledged);
    }
  }

  /** Tells those whose time is up. */
  expire(now: number, acknowledged: Acknowledged): void {
    for (const waiter of this.waiting.expired(now)) {
      this.context.counters.timeouts += 1;
      this.tell(waiter, 'TimedOut', acknowledged);
    }
  }

  /** This node is master no more: what is in the log stays there. */
  end(outcome: 'ShuttingDown' | 'NoMaster'): void {
    const { outbox } = this.context;
    for (const { ticket, first, last } of this.waiting.drain()) {
      outbox.reply(ticket, { type: outcome, first, last });
    }
  }

  /** When the first of them is to be told that time is up. */
  deadline(): number {
    return this.waiting.deadline();
  }

  private tell(waiter: Waiter, type: 'Stored' | 'TimedOut', acknowledged: Acknowledged): void {
    const { ticket, first, last, duplicate } = waiter;
    const acks = holders(last, acknowledged);
    const outcome: Outcome =
      type === 'Stored' ? { type, first, last, acks, duplicate } : { type, first, last, acks };
    this.context.outbox.reply(ticket, outcome);
  }
}

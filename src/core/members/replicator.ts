// The master's link to one secondary, for one session: numbers what it sends, sends it again until
// it is acknowledged, and never remembers more than positions. Its backlog is the log itself.
//
// Rules (contract, section 6; key-value text: Replicator):
// - An operation is under way within 50 ms; operations that gather share a Snapshot. A backlog goes
//   in full Snapshots, few at a time: a copy is sent of what waits too long for its turn.
// - What goes again, and when, stands in resending.ts. Nothing is sent after the acknowledgement.

import type { Context } from '../context.ts';
import {
  type Epoch,
  type LogIndex,
  logIndex,
  type NodeId,
  type Seq,
  type Session,
  seq,
} from '../ids.ts';
import type { StaleEpoch } from '../master/rivalry.ts';
import type { Peer, Refusal, SnapshotOrder } from '../messages.ts';
import type { Mutable } from '../mutable.ts';
import type { Answer } from '../outbox.ts';
import { Flight, type Sent } from './flight.ts';
import { Gathering } from './gathering.ts';
import { Resending } from './resending.ts';

/** What the replicator tells its master. */
export interface ReplicatorOwner {
  /** The secondary has acknowledged more, or anything for the first time. */
  acknowledged(node: NodeId, now: number): void;
  /** The secondary answered, whatever it said; that is taken in next. */
  heard(node: NodeId, now: number): void;
  /** What it said is taken in: how it is can be judged by that. */
  tookIn(node: NodeId, now: number): void;
  /** This session cannot go on: the secondary knows a newer one, or has lost its place. */
  restart(node: NodeId, cause: Refusal, now: number): void;
  /** The node says that the epoch of this master is over. */
  outdated(refusal: StaleEpoch): void;
}

export interface Start {
  readonly peer: Peer;
  readonly epoch: Epoch;
  /** Where the master's log ended when it opened this epoch. */
  readonly opened: LogIndex;
  readonly session: Session;
  /** The secondary's log is the master's up to here (to be verified, if `verify`). */
  readonly base: LogIndex;
  /** Ask first whether the logs agree at `base`: only nodes that know empty Snapshots. */
  readonly verify: boolean;
  /** The secondary must drop what it has after `base`. */
  readonly reset: boolean;
}

/**
 * Invariants:
 * 1. Sequence numbers start at 0 in each session and are contiguous.
 * 2. acked ≤ everything sent ≤ the log; acked never falls within a session.
 */
export class Replicator {
  readonly session: Session;
  private readonly context: Context;
  private readonly owner: ReplicatorOwner;
  private readonly start: Start;
  private readonly flight = new Flight();
  private readonly gathering: Gathering;
  private readonly resending: Resending;
  private nextSeq: Seq = seq(0);
  private nextIndex: LogIndex;
  private acked: LogIndex | null = null;
  /** Nothing else is sent until the first, empty Snapshot is acknowledged. */
  private asking: boolean;
  private progressAt: number;
  private suspended = false;
  private closed = false;
  private error: string | null = null;

  constructor(context: Context, owner: ReplicatorOwner, start: Start, now: number) {
    this.context = context;
    this.owner = owner;
    this.start = start;
    this.gathering = new Gathering(context.options, this.flight);
    this.resending = new Resending(context, this.flight);
    this.session = start.session;
    this.nextIndex = logIndex(start.base + 1);
    this.progressAt = now;
    this.asking = start.verify || start.reset;
    if (this.asking) this.dispatch(this.run(now, start.base), now);
  }

  /** Up to where the secondary has it; null until it has acknowledged for the first time. */
  get ackedIndex(): LogIndex | null {
    return this.acked;
  }

  get lastError(): string | null {
    return this.error;
  }

  /** Copies sent of the oldest unacknowledged Snapshot. */
  get attempts(): number {
    return this.flight.head?.copies ?? 0;
  }

  /** Milliseconds until the next copy; null if none is planned. */
  retryInMs(now: number): number | null {
    const head = this.flight.head;
    if (head === undefined || this.suspended) return null;
    return Math.max(0, Math.round(head.resendAt - now));
  }

  /** Something was sent `forMs` ago and nothing has been acknowledged since. */
  stalled(now: number, forMs: number): boolean {
    const head = this.flight.head;
    return head !== undefined && now - Math.max(this.progressAt, head.firstSentAt) >= forMs;
  }

  /** Sends what is due. Called when the events at hand have been taken in. */
  flush(now: number): void {
    if (this.suspended || this.closed) return;
    for (const sent of this.flight) if (sent.resendAt <= now) this.resend(sent, now);
    this.sendGathered(now);
  }

  deadline(): number {
    if (this.suspended || this.closed) return Number.POSITIVE_INFINITY;
    return Math.min(this.flight.resendAt, this.gatherDeadline());
  }

  /** The member is Unhealthy: nothing more goes out until it is heard again. */
  suspend(): void {
    this.suspended = true;
  }

  /** The member was heard after an outage: what it waits for goes at once. */
  wake(now: number): void {
    this.suspended = false;
    this.excuse(now);
    this.resending.wake(now);
  }

  /** There was an outage, here or there: that nothing was acknowledged counts from now. */
  excuse(now: number): void {
    this.progressAt = now;
  }

  /** The session is over; answers that still come are ignored. */
  close(): void {
    this.closed = true;
    this.flight.clear();
  }

  private gatherDeadline(): number {
    const { waiting } = this;
    if (waiting <= 0 || this.asking) return Number.POSITIVE_INFINITY;
    return this.gathering.deadline(waiting);
  }

  /** Operations that have not been sent yet. */
  private get waiting(): number {
    return this.context.ledger.log.lastIndex - this.nextIndex + 1;
  }

  private sendGathered(now: number): void {
    if (this.waiting <= 0) return;
    this.gathering.waiting(now);
    if (this.gatherDeadline() > now) return;
    this.dispatch(this.run(now, this.context.ledger.log.lastIndex), now);
    this.gathering.left(now, this.waiting > 0);
  }

  /** The next run of entries to send, as many as fit one Snapshot; empty up to `upTo` = base. */
  private run(now: number, upTo: LogIndex): Sent {
    const from = this.nextIndex;
    const { snapshotEntriesMax, snapshotBytesMax } = this.context.options;
    const { to, count, bytes } =
      from > upTo
        ? { to: upTo, count: 0, bytes: 0 }
        : this.context.ledger.meter.measure(from, snapshotEntriesMax, snapshotBytesMax);
    const sent = {
      seq: this.nextSeq,
      from,
      to,
      count,
      bytes,
      copies: 0,
      firstSentAt: now,
      lastSentAt: now,
      resendAt: Number.POSITIVE_INFINITY,
      forgotten: false,
      refused: false,
      full: to < this.context.ledger.log.lastIndex && count > 0,
    };
    this.nextIndex = logIndex(to + 1);
    this.nextSeq = seq(this.nextSeq + count);
    this.flight.push(sent);
    return sent;
  }

  private dispatch(sent: Sent, now: number): void {
    this.resending.dispatched(sent, now);
    const { peer, epoch, opened, reset } = this.start;
    const order: Mutable<SnapshotOrder> = {
      type: 'Snapshot',
      epoch,
      session: this.session,
      seq: sent.seq,
      from: sent.from,
      to: sent.to,
      commitIndex: this.context.ledger.log.commitIndex,
      master: this.context.self,
      opened,
    };
    if (reset && sent.count === 0) order.reset = reset;
    this.context.outbox.send(peer.url, order, (answer, at) => this.answered(sent, now, answer, at));
  }

  private resend(sent: Sent, now: number): void {
    this.context.counters.resends += 1;
    this.dispatch(sent, now);
    const node = this.start.peer.node;
    const attempt = sent.copies;
    this.context.outbox.note({ event: 'resend', node, attempt, index: sent.from });
  }

  private answered(sent: Sent, sentAt: number, answer: Answer, now: number): void {
    if (this.closed) return;
    if (answer.type === 'None') {
      this.error = answer.error;
      return;
    }
    const { node } = this.start.peer;
    this.owner.heard(node, now);
    if (answer.type === 'SnapshotAck') {
      if (answer.session === this.session) this.acknowledge(answer.seq, sent, now);
    } else if (answer.type === 'Refused') {
      this.refused(answer, sent, sentAt, now);
    } else {
      this.error = `a ${answer.type} in answer to a Snapshot`;
    }
    this.owner.tookIn(node, now);
  }

  private acknowledge(acked: Seq, sent: Sent, now: number): void {
    if (acked >= this.nextSeq) {
      this.error = `acknowledged seq ${acked}, which was never sent`;
      return;
    }
    const reached = this.flight.acknowledge(acked);
    if (reached === null) return;
    this.acked = reached;
    this.asking = false;
    this.error = null;
    this.progressAt = now;
    this.gathering.acknowledged(sent, this.waiting, now);
    this.resending.acknowledged(sent, now);
    this.owner.acknowledged(this.start.peer.node, now);
  }

  private refused(refusal: Refusal, sent: Sent, sentAt: number, now: number): void {
    // That an earlier one is missing there says less than why that one did not arrive.
    if (refusal.code !== 'out-of-order') this.error = `refused: ${refusal.code}`;
    else this.error ??= 'refused: out-of-order';
    switch (refusal.code) {
      case 'stale-epoch':
        this.owner.outdated(refusal);
        return;
      case 'out-of-order':
        this.outOfOrder(refusal, sent, sentAt, now);
        return;
      case 'stale-session':
      case 'diverged':
        this.owner.restart(this.start.peer.node, refusal, now);
        return;
      default:
        return;
    }
  }

  /** Something before `sent` is missing there; both are sent again, if they still can be. */
  private outOfOrder(
    refusal: Extract<Refusal, { code: 'out-of-order' }>,
    sent: Sent,
    sentAt: number,
    now: number,
  ): void {
    const { expected } = refusal;
    const head = this.flight.head;
    if (head === undefined) return;
    if (expected >= head.seq) {
      this.resending.refused(expected, sent, sentAt, now);
      return;
    }
    // A refusal that has crossed an acknowledgement is old news.
    if (sentAt >= this.progressAt) this.owner.restart(this.start.peer.node, refusal, now);
  }
}

// A replica that follows a master: takes Snapshots in order, shows them at once, acknowledges them
// when they are persisted, and serves reads.

import type { Context } from '../context.ts';
import { type Epoch, type LogIndex, logIndex, type Seq, seq, type Ticket } from '../ids.ts';
import type { Fetch, Heartbeat, HeartbeatAck, Peer, Refusal, Snapshot } from '../messages.ts';
import type { Mutable } from '../mutable.ts';
import { Restoration } from '../recovery/restoration.ts';
import { Acceptance } from './acceptance.ts';
import { SecondarySession } from './secondary-session.ts';
import { newPart } from './snapshot-check.ts';

/** A Snapshot that is acknowledged once everything up to here is durable. */
interface PendingAck {
  readonly ticket: Ticket;
  readonly seq: Seq;
  readonly index: LogIndex;
}

/**
 * Invariants:
 * 1. Never an acknowledgement ahead of persistence, not even to a resend.
 * 2. Nothing is shown while something before it is missing.
 * 3. A refused Snapshot changes nothing.
 * 4. Only what is known to be in the log of the epoch's master counts as on a majority.
 * 5. Before the first acknowledgement in an epoch, that epoch is durable as the accepted one; and
 *    before that, that what is no part of its log is gone.
 * 6. What damage took counts as missing until this log has caught up with a settled master.
 */
export class Secondary {
  /** The arbiter may believe that the master is silent: it was told so, or has not answered this
   * life of the node. */
  doubts = false;
  private readonly context: Context;
  private session: SecondarySession | null = null;
  private pending: PendingAck[] = [];
  private following: Peer | null = null;
  private heardAt: number;
  private readonly acceptance: Acceptance;
  private readonly restoration: Restoration;
  /** Up to here this log is known to be that of the master of the accepted epoch. */
  private agreed: LogIndex = logIndex(0);
  /** What the master has said of how far compaction may go. */
  private allowed: LogIndex = logIndex(0);

  constructor(context: Context, master: Peer | null, now: number) {
    this.context = context;
    this.following = master;
    this.heardAt = now;
    this.acceptance = new Acceptance(context, () => this.acknowledge());
    this.restoration = new Restoration(context);
  }

  get master(): Peer | null {
    return this.following;
  }

  /** When it last heard from a master, or of a new one. */
  get lastHeard(): number {
    return this.heardAt;
  }

  /** Up to here what is superseded may be compacted away: it is durable here as well. */
  get compactTo(): LogIndex {
    const { log, persister } = this.context.ledger;
    return logIndex(Math.min(this.allowed, log.commitIndex, persister.persistedIndex));
  }

  /** The arbiter names the master; `same`: in the epoch that this node knew already. */
  follow(master: Peer, same: boolean, now: number): void {
    // That it is still in office is no news of it.
    if (!same || this.following?.node !== master.node) this.heardAt = now;
    this.following = master;
  }

  snapshot(ticket: Ticket, message: Snapshot, now: number): void {
    // A newer session takes the place of those that wait, perhaps for what was cut off.
    const newer = this.session?.compare(message) === 'newer';
    const full = !newer && this.pending.length >= this.context.options.pendingAcksMax;
    const refusal: Refusal | null = full
      ? { type: 'Refused', code: 'overloaded' }
      : this.take(message, now);
    if (refusal !== null) {
      this.context.outbox.respond(ticket, refusal);
      return;
    }
    const { prev, updates } = message;
    // An empty Snapshot acknowledges what was there before the session.
    const index = updates.length === 0 && prev !== undefined ? prev.index : logIndex(0);
    this.pending.push({ ticket, seq: seq(message.seq + updates.length - 1), index });
    this.acknowledge();
  }

  heartbeat(ticket: Ticket, message: Heartbeat, now: number): void {
    const { bookkeeping, ledger, outbox } = this.context;
    this.heardAt = now;
    this.following = message.master;
    this.allowed = message.compactTo ?? logIndex(0);
    if (message.epoch > bookkeeping.current.epoch) bookkeeping.remember({ epoch: message.epoch });
    bookkeeping.belongs(message.cluster);
    outbox.respond(ticket, this.heartbeatAck());
    if (message.settled !== false && this.session?.epoch === message.epoch) {
      this.restoration.expect(message.epoch, message.lastIndex);
      this.restore();
    }
    if (this.acceptance.epoch === message.epoch) this.commit(message.commitIndex);
    else if (message.settled === true) {
      const limit = this.limitIn(message);
      // Below the commit index the store cannot follow (it keeps the newest values only): there the
      // log goes as a whole, and is fetched anew.
      const after = limit < ledger.floor ? logIndex(0) : limit;
      if (this.overhangs(limit, message.epoch)) this.truncate(after);
    }
  }

  /** Tells a master that opens its epoch what this node holds. */
  fetch(ticket: Ticket, message: Fetch): void {
    const { bookkeeping, ledger, outbox } = this.context;
    if (message.epoch > bookkeeping.current.epoch) bookkeeping.remember({ epoch: message.epoch });
    const { lastIndex } = ledger.log;
    outbox.respond(ticket, { type: 'FetchedOrder', from: message.from, lastIndex });
  }

  /** More is persisted: acknowledges what waited for it. */
  acknowledge(): void {
    this.acceptance.remember();
    const { ledger, outbox } = this.context;
    const session = this.session;
    if (session === null || this.acceptance.durable < session.epoch) return;
    const { persistedIndex } = ledger.persister;
    session.persisted(persistedIndex);
    const still: PendingAck[] = [];
    for (const ack of this.pending) {
      if (ack.seq > session.ackedSeq || ack.index > persistedIndex) {
        still.push(ack);
        continue;
      }
      outbox.respond(ack.ticket, {
        type: 'SnapshotAck',
        session: session.session,
        seq: session.ackedSeq,
        lastIndex: persistedIndex,
      });
    }
    this.pending = still;
    this.restore();
  }

  /** This node follows nobody any more: what waits is refused. */
  end(): void {
    this.refusePending({ type: 'Refused', code: 'no-master' });
    this.session = null;
  }

  private heartbeatAck(): HeartbeatAck {
    const { self, incarnation, bookkeeping, durable, ledger } = this.context;
    const { epoch } = bookkeeping.current;
    const { lastEpoch, lastIndex } = ledger.log;
    const { hash } = ledger.meter;
    const node = self.node;
    const lost = bookkeeping.current.lost ?? null;
    const acceptedEpoch = this.acceptance.epoch;
    const ack: Mutable<HeartbeatAck> = {
      type: 'HeartbeatAck',
      node,
      incarnation,
      epoch,
      lastIndex,
      acceptedEpoch,
      lastEpoch,
      hash,
    };
    if (lost !== null) ack.lost = { epoch: lost.epoch, upTo: lost.upTo, open: lost.open };
    if (durable !== undefined) ack.durable = durable;
    const { trouble } = ledger.persister;
    if (trouble !== null) ack.trouble = trouble.error;
    if (this.doubts) ack.doubts = true;
    return ack;
  }

  /** Takes in what is new of a Snapshot; returns why not, if not. */
  private take(message: Snapshot, now: number): Refusal | null {
    const { ledger } = this.context;
    const order = this.session?.compare(message) ?? 'newer';
    if (order === 'older') {
      return { type: 'Refused', code: 'stale-session', session: this.session!.session };
    }
    const expected = order === 'same' ? this.session!.expected : seq(0);
    if (message.seq > expected) return { type: 'Refused', code: 'out-of-order', expected };
    const agreed = message.epoch > this.acceptance.epoch ? null : this.agreed;
    const part = newPart(message, expected, ledger, agreed);
    if (part.type === 'Refused') {
      return part.code === 'diverged' ? this.diverged(message) : part;
    }
    const { opened, prev, reset, updates } = message;
    const overhangs = opened !== undefined && this.overhangs(opened, message.epoch);
    if (overhangs && reset !== true && opened < ledger.floor) {
      return this.diverged(message);
    }
    // Whether the logs agree at `prev` cannot be told before the end beyond it is gone: the next
    // heartbeat takes that away, and then it is asked again.
    if (overhangs && reset !== true && updates.length === 0) {
      return { type: 'Refused', code: 'out-of-order', expected };
    }
    // Begun without word of this log, or with word of an earlier life of this node: the next
    // heartbeat tells where it stands, and the logs are compared there.
    if (this.unproved(message)) return { type: 'Refused', code: 'out-of-order', expected };
    this.heardAt = now;
    if (message.master !== undefined) this.following = message.master;
    if (this.acceptance.accept(message.epoch)) this.agreed = logIndex(0);
    if (order === 'newer') this.open(message);
    if (reset === true && this.session!.fresh) this.truncate(prev?.index ?? logIndex(0));
    else if (prev?.index === ledger.log.lastIndex) this.agree(prev.index);
    if (part.truncateAfter !== null) this.truncate(part.truncateAfter);
    else if (overhangs && reset !== true) this.truncate(opened);
    if (part.entries.length > 0) ledger.append(part.entries, message.holes);
    const last = message.updates.at(-1);
    if (last !== undefined) {
      this.session!.took(seq(message.seq + message.updates.length - 1), last.index);
      this.agree(last.index);
    }
    this.commit(message.commitIndex);
    return null;
  }

  /** What follows may be of an older epoch, and not be what the master has on a majority. */
  private commit(index: LogIndex): void {
    this.context.ledger.commit(logIndex(Math.min(index, this.agreed)));
  }

  /** How much of this log can stay. Below the commit index the store cannot follow; and where the
   * running hashes differ at what was taken for the master's log, that was a mistake from the
   * start. */
  private diverged({ epoch, prev }: Snapshot): Refusal {
    const { ledger } = this.context;
    const agreed = this.agreedIn(epoch);
    const mistaken = prev !== undefined && prev.index <= agreed && agreed === ledger.log.lastIndex;
    const stays = agreed >= ledger.floor && !mistaken ? agreed : logIndex(0);
    return { type: 'Refused', code: 'diverged', lastIndex: stays };
  }

  /** Does a replog master send again what is held here already, and is not known to be its own?
   * That index and epoch are the same proves nothing: a master that is its own arbiter and has lost
   * its memory begins again with the first epoch. */
  private unproved({ epoch, prev, reset, updates }: Snapshot): boolean {
    const { log } = this.context.ledger;
    if (prev === undefined || reset === true || prev.index >= log.lastIndex) return false;
    const upTo = updates.at(-1)?.index ?? prev.index;
    return Math.min(upTo, log.lastIndex) > this.agreedIn(epoch);
  }

  /** Up to here this log is known to be that of the master of this epoch. */
  private agreedIn(epoch: Epoch): LogIndex {
    return this.acceptance.epoch === epoch ? this.agreed : logIndex(0);
  }

  private restore(): void {
    const { acceptance, session } = this;
    if (session === null || acceptance.durable < session.epoch) return;
    const { persistedIndex } = this.context.ledger.persister;
    this.restoration.reached(session.epoch, Math.min(this.agreed, persistedIndex));
  }

  private agree(index: LogIndex): void {
    if (index > this.agreed) this.agreed = index;
  }

  /** Does this log go on, with what is from earlier epochs, beyond where they end in the log of
   * this epoch's master? None of that was found when the master asked a majority, so it was never
   * acknowledged by one, and is not part of the log of this epoch. */
  private overhangs(limit: LogIndex, epoch: Epoch): boolean {
    const { log } = this.context.ledger;
    return log.lastIndex > limit && log.lastEpoch < epoch;
  }

  /** How far this log can be that of a master whose epoch it has not accepted yet. */
  private limitIn({ epochEnd, lastIndex, opened }: Heartbeat): LogIndex {
    const limit = opened ?? lastIndex;
    if (epochEnd === undefined || this.context.ledger.log.lastEpoch > epochEnd.epoch) return limit;
    return logIndex(Math.min(limit, epochEnd.index));
  }

  private truncate(after: LogIndex): void {
    this.context.ledger.truncate(after);
    if (this.agreed > after) this.agreed = after;
  }

  private open(message: Snapshot): void {
    if (this.session !== null) {
      const { session } = message;
      this.refusePending({ type: 'Refused', code: 'stale-session', session });
    }
    this.session = new SecondarySession(message.epoch, message.session);
  }

  private refusePending(refusal: Refusal): void {
    for (const { ticket } of this.pending) this.context.outbox.respond(ticket, refusal);
    this.pending = [];
  }
}

// The one replica that accepts writes: gives each its place in the log, has it persisted and
// replicated, and answers the client when enough nodes have it.

import { admit } from './admission.ts';
import type { Context } from './context.ts';
import type { Outcome, Write } from './effects.ts';
import { Electorate } from './electorate.ts';
import { type Epoch, type LogIndex, logIndex, type NodeId, type Ticket } from './ids.ts';
import { type Mode, modeOf } from './master-mode.ts';
import type { Member } from './member.ts';
import { Membership } from './membership.ts';
import type { HeartbeatAck, Peer } from './messages.ts';
import { entriesOf } from './operation.ts';
import { majority, reachedBy } from './quorum.ts';
import { Readers } from './readers.ts';
import { Recovery } from './recovery.ts';
import { restored } from './restoration.ts';
import type { MasterStatus } from './status.ts';
import { type Acknowledged, holders, type Waiter, WriteConcerns } from './write-concern.ts';

/** What the arbiter says of the cluster; see Replicas. */
export interface Announced {
  readonly replicas: readonly Peer[];
  /** Absent: as before. */
  readonly size?: number | null;
  readonly version?: number;
}

/** The same, when the epoch begins; `replicas` is null where the arbiter will only say it with
 * Replicas: until then this is a cluster of one. */
export type Appointment = Omit<Announced, 'replicas'> & {
  readonly replicas: readonly Peer[] | null;
};

/**
 * Invariants:
 * 1. Indexes are assigned without holes, and only while there is a quorum and the epoch is settled.
 * 2. A client hears success only when this node has persisted the operation and `w` nodes have it.
 *    Before the epoch is settled this node's own log counts only if nothing can overrule it.
 * 3. Every write is answered exactly once, or its client has gone.
 */
export class Master {
  readonly epoch: Epoch;
  private readonly context: Context;
  private readonly electorate: Electorate;
  private readonly membership: Membership;
  private readonly waiters = new WriteConcerns();
  private readonly readers: Readers;
  private readonly recovery: Recovery;
  /** Who the members are has been said, or it is too late to hear them before the first write. */
  private told: boolean;
  private settled = false;
  /** What this node has persisted counts: it is durable that its log is that of this epoch, or no
   * other log can come before it. */
  private counted: boolean;
  private accepting = false;
  private over = false;
  private configuredSize: number | null;
  /** Of the latest announcement that had one. */
  private version = 0;
  private dirty = true;
  private announcedMode = '';

  constructor(
    context: Context,
    epoch: Epoch,
    { replicas, size = null, version = 0 }: Appointment,
    deposed: (epoch: Epoch) => void,
    now: number,
  ) {
    this.context = context;
    this.epoch = epoch;
    this.configuredSize = size;
    this.version = version;
    this.readers = new Readers(context);
    const owner = {
      progressed: () => this.progress(),
      heard: (member: Member, ack: HeartbeatAck) => {
        this.recovery.heardFrom(member, ack);
        this.attend();
      },
      // It may have taken the quorum along, or brought it back: that is said in this turn.
      judged: () => {
        this.dirty = true;
      },
      left: (node: NodeId) => this.waiters.left(node),
      joined: () => this.waiters.joined(),
      deposed,
    };
    const others = replicas?.filter(({ node }) => node !== context.self.node) ?? null;
    this.electorate = new Electorate(context, others?.map(({ node }) => node) ?? null);
    // In the first epoch of a cluster there was nobody before who could hold anything.
    this.told = replicas !== null || (epoch === 1 && context.ledger.log.lastIndex === 0);
    this.membership = new Membership(context, epoch, this.electorate, owner, now);
    this.recovery = new Recovery(
      context,
      epoch,
      {
        members: () => this.membership.members,
        electorate: this.electorate,
        size: () => this.size(),
      },
      {
        settle: () => this.settle(),
        again: () => {
          this.dirty = true;
        },
      },
      now,
    );
    this.counted = this.recovery.unrivalled;
    this.membership.set(others ?? [], now);
    this.noteLoss(others ?? []);
  }

  /** It has settled without having heard of any member, and has written nothing since: it can still
   * hear them before its first write. */
  get untold(): boolean {
    const { opened } = this.membership;
    return !this.told && opened !== null && this.context.ledger.log.lastIndex === opened;
  }

  /** It takes writes, as far as it depends on what the members hold. */
  get ready(): boolean {
    return this.settled;
  }

  /** What damage took from a cluster of one is nowhere else. */
  private noteLoss(others: readonly Peer[]): void {
    const { bookkeeping, ledger, outbox } = this.context;
    const lost = bookkeeping.current.lost ?? null;
    if (lost === null || this.configuredSize !== 1 || others.length > 0) return;
    if (this.recovery.missing === null) return;
    outbox.note({ event: 'lost', after: ledger.log.lastIndex, upTo: lost.upTo });
  }

  /** The arbiter's word on who the replicas are. The same set again changes nothing, nor does a
   * word that a later one has overtaken. */
  replicas({ replicas, size, version }: Announced, now: number): void {
    if (version !== undefined && version < this.version) return;
    this.version = version ?? this.version;
    this.told = true;
    if (size !== undefined) this.configuredSize = size;
    this.membership.set(replicas, now);
    // Somebody may have joined again, and the set be what it was: a heartbeat tells who, and where
    // that node stands.
    this.membership.proveSoon(now);
    this.dirty = true;
    this.progress();
  }

  isHealthy(node: NodeId): boolean {
    return this.membership.isHealthy(node);
  }

  write(write: Write, now: number): void {
    const { outbox, counters, options, ledger } = this.context;
    const verdict = admit(write, {
      ledger,
      configuredSize: this.configuredSize,
      quorum: this.quorum(),
      missing: () => this.membership.missing(),
      settled: this.settled,
      counted: this.counted || this.settled,
      roomForPatient: this.waiters.waitingForOthers < options.waitersMax,
      roomForAny:
        this.waiters.size < 2 * options.waitersMax &&
        ledger.persister.backlog < options.unpersistedBytesMax,
    });
    if (verdict.type === 'refuse') {
      outbox.reply(write.ticket, verdict.outcome);
      return;
    }
    const duplicate = verdict.type === 'repeat';
    let first: LogIndex;
    if (duplicate) {
      first = verdict.known.first;
      counters.duplicates += 1;
      outbox.note({ event: 'duplicate', index: first });
    } else {
      first = this.append(write);
    }
    const last = logIndex(first + write.operations.length - 1);
    const deadline = (write.arrivedAt ?? now) + (write.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.waiters.add(
      { ticket: write.ticket, first, last, w: write.w, duplicate, deadline },
      this.membership.nodes(),
    );
    if (duplicate) this.progress();
  }

  confirm(ticket: Ticket, now: number): void {
    if (!this.settled) {
      this.readers.refuse([ticket], 'the master is still recovering');
    } else if (this.readers.add(ticket, now)) {
      this.membership.proveSoon(now);
      this.dirty = true;
    }
  }

  abandoned(ticket: Ticket): void {
    this.waiters.drop(ticket);
    this.readers.drop(ticket);
  }

  /** The node has persisted more. */
  persisted(now: number): void {
    this.membership.persisted(now);
    this.progress();
    this.accept();
  }

  /** Time has passed, or the events at hand are done: sends, judges, tells those who are late. */
  wake(now: number): void {
    this.dirty = false;
    this.membership.wake(now, this.settled);
    if (!this.settled) this.recovery.proceed(now);
    for (const waiter of this.waiters.expired(now)) {
      this.context.counters.timeouts += 1;
      this.answer(waiter, 'TimedOut', this.acknowledged());
    }
    this.answerReaders(now);
    this.announceMode();
  }

  deadline(): number {
    if (this.dirty) return Number.NEGATIVE_INFINITY;
    return Math.min(
      this.membership.deadline(this.settled),
      this.waiters.deadline(),
      this.readers.deadline(),
    );
  }

  /** This node is master no more: everyone who waits is told so; what is in the log stays there. */
  end(outcome: 'ShuttingDown' | 'NoMaster'): void {
    const { outbox } = this.context;
    this.over = true;
    for (const { ticket, first, last } of this.waiters.drain()) {
      outbox.reply(ticket, { type: outcome, first, last });
    }
    this.readers.end();
    this.recovery.end();
    this.membership.end();
  }

  /** How far compaction may go. */
  get compactTo(): LogIndex {
    return this.membership.compactTo;
  }

  /** The nodes known to have the operation at `index`, this one first. */
  holders(index: LogIndex): NodeId[] {
    return holders(index, this.acknowledged());
  }

  /** The members that say that they keep their log in memory. */
  get inMemory(): readonly NodeId[] {
    return this.membership.inMemory;
  }

  status(now: number): Omit<MasterStatus, 'node' | 'counters' | keyof Positions> {
    return {
      role: 'master',
      ...this.mode(),
      recovering: !this.settled,
      quorum: this.quorum(),
      members: this.membership.report(now),
      waiting: this.waiters.size,
    };
  }

  private append(write: Write): LogIndex {
    const { ledger, counters } = this.context;
    const first = logIndex(ledger.log.lastIndex + 1);
    ledger.append(entriesOf(write, first, this.epoch));
    counters.appended += write.operations.length;
    this.dirty = true;
    return first;
  }

  private settle(): void {
    this.settled = true;
    this.dirty = true;
    this.membership.opened = this.context.ledger.log.lastIndex;
    this.electorate.settle();
    this.membership.beatNow();
    this.progress();
    this.accept();
  }

  /** Once all is durable that the epoch began with, this log is the one of the epoch, for whoever
   * asks later (not before: a node that was only appointed would overrule those who know more); and
   * what damage took from this node is there again. */
  private accept(): void {
    const { opened } = this.membership;
    const { bookkeeping, ledger } = this.context;
    if (opened === null || ledger.persister.persistedIndex < opened) return;
    // Members that are yet to be heard may have the log of a later epoch than this node's.
    if (this.untold) return;
    // What was cut off would be taken for a part of this epoch's log after a crash.
    if (!ledger.persister.cutDurable) return;
    restored(this.context);
    if (this.accepting) return;
    this.accepting = true;
    bookkeeping.remember({ acceptedEpoch: this.epoch }, () => {
      if (this.counted || this.over) return;
      this.counted = true;
      this.dirty = true;
      this.progress();
    });
  }

  /** Someone has more of the log: what is on a majority, and who may be answered. */
  private progress(): void {
    const { ledger } = this.context;
    const acknowledged = this.acknowledged();
    const positions = [...acknowledged.positions.values()];
    if (this.settled) ledger.commit(reachedBy(positions, majority(acknowledged.size)));
    for (const waiter of this.waiters.satisfied(acknowledged)) {
      this.answer(waiter, 'Stored', acknowledged);
    }
    this.attend();
  }

  /** Readers, and a recovery, wait for what has just come: they are looked at in this turn. */
  private attend(): void {
    if (!this.settled || this.readers.size > 0) this.dirty = true;
  }

  private answer(waiter: Waiter, type: 'Stored' | 'TimedOut', acknowledged: Acknowledged): void {
    const { ticket, first, last, duplicate } = waiter;
    const acks = holders(last, acknowledged);
    const outcome: Outcome =
      type === 'Stored' ? { type, first, last, acks, duplicate } : { type, first, last, acks };
    this.context.outbox.reply(ticket, outcome);
  }

  private answerReaders(now: number): void {
    if (this.readers.size === 0) return;
    const { members } = this.membership;
    const followedAt = [now, ...members.map((member) => member.followedAt)];
    this.readers.answer(now, { followedAt, needed: majority(this.size()) });
  }

  private size(): number {
    return this.configuredSize ?? this.membership.members.length + 1;
  }

  private quorum(): { size: number; alive: number; needed: number } {
    const size = this.size();
    return { size, alive: this.membership.alive(), needed: majority(size) };
  }

  private acknowledged(): Acknowledged {
    const { persistedIndex } = this.context.ledger.persister;
    const positions = this.membership.positions(this.counted ? persistedIndex : logIndex(0));
    return { self: this.context.self.node, positions, size: this.size() };
  }

  private mode(): Mode {
    const { recovery, settled } = this;
    return modeOf({ quorum: this.quorum(), settled, recovery, ledger: this.context.ledger });
  }

  private announceMode(): void {
    const { mode, reason } = this.mode();
    const text = `${mode} ${reason ?? ''}`;
    if (text === this.announcedMode) return;
    this.announcedMode = text;
    this.context.outbox.note({ event: 'mode', mode, reason });
  }
}

type Positions = Pick<
  MasterStatus,
  'epoch' | 'lastIndex' | 'persistedIndex' | 'commitIndex' | 'commitKnown'
>;

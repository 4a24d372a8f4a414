// The one replica that accepts writes: gives each its place in the log, has it persisted and
// replicated, and answers the client when enough nodes have it.

import type { Context } from '../context.ts';
import type { Write } from '../effects.ts';
import {
  type Epoch,
  type Incarnation,
  type LogIndex,
  logIndex,
  type NodeId,
  type Ticket,
} from '../ids.ts';
import type { Member } from '../members/member.ts';
import { Membership } from '../members/membership.ts';
import type { HeartbeatAck, ReplicasNoted } from '../messages.ts';
import { entriesOf } from '../operation.ts';
import { Electorate } from '../recovery/electorate.ts';
import { Opening } from '../recovery/opening.ts';
import type { CommonStatus, MasterStatus } from '../status.ts';
import { admit } from './admission.ts';
import { type Announced, type Appointment, Mandate } from './mandate.ts';
import { type Mode, ModeNews, modeOf } from './master-mode.ts';
import { majority, reachedBy } from './quorum.ts';
import { Readers } from './readers.ts';
import { Standing } from './standing.ts';
import { holders } from './write-concern.ts';
import { Writers } from './writers.ts';

/**
 * Invariants:
 * 1. Indexes are assigned without holes, and only while there is a quorum and the epoch is settled.
 * 2. A client hears success only when this node has persisted the operation and `w` nodes have it.
 *    Before the epoch is settled this node's own log counts only if nothing can overrule it.
 */
export class Master {
  readonly epoch: Epoch;
  private readonly context: Context;
  private readonly membership: Membership;
  private readonly writers: Writers;
  private readonly readers: Readers;
  private readonly opening: Opening;
  private readonly standing: Standing;
  private readonly mandate: Mandate;
  private readonly modeNews: ModeNews;
  private ended = false;
  private dirty = true;
  /** The moment of the step at hand, whatever that is about: after a stop of this whole process an
   * earlier one would make it certain of what has passed. */
  private now: number;

  constructor(
    context: Context,
    epoch: Epoch,
    appointment: Appointment,
    deposed: (epoch: Epoch) => void,
    now: number,
  ) {
    this.context = context;
    this.epoch = epoch;
    this.now = now;
    // In the first epoch of a cluster there was nobody before who could hold anything.
    const first = epoch === 1 && context.ledger.log.lastIndex === 0;
    this.mandate = new Mandate(appointment, first);
    this.modeNews = new ModeNews(context.outbox);
    this.writers = new Writers(context);
    this.readers = new Readers(context);
    const owner = {
      progressed: () => this.progress(),
      heard: (member: Member, ack: HeartbeatAck) => {
        this.opening.recovery.heardFrom(member, ack);
        this.attend();
      },
      // It may have taken the quorum along, or brought it back: that is said in this turn.
      judged: () => {
        this.dirty = true;
      },
      left: (node: NodeId) => this.writers.left(node),
      joined: () => this.writers.joined(),
      deposed,
    };
    const others = appointment.replicas?.filter(({ node }) => node !== context.self.node) ?? null;
    const electorate = new Electorate(context, appointment, first);
    this.membership = new Membership(context, epoch, electorate, owner, now);
    this.opening = new Opening(
      context,
      epoch,
      {
        membership: this.membership,
        electorate,
        size: () => this.standing.size,
        incumbent: appointment.incumbent ?? null,
        told: () => this.mandate.told,
      },
      {
        again: () => {
          this.dirty = true;
        },
        progressed: () => this.progress(),
      },
      now,
    );
    const { accession, recovery } = this.opening;
    this.standing = new Standing(context, this.mandate, this.membership, accession);
    this.membership.set(others ?? [], now);
    if (this.mandate.size === 1 && (others ?? []).length === 0) recovery.alone();
  }

  /** A step begins. */
  begin(now: number): void {
    this.now = now;
  }

  /** It gives its office back: before the arbiter has said whether it took it, another node may be
   * appointed. */
  giveBack(returned: boolean): void {
    this.mandate.returned = returned;
    this.dirty = true;
  }

  /** See Opening. */
  get untold(): boolean {
    return this.opening.untold;
  }

  /** It takes writes, as far as it depends on what the members hold. */
  get ready(): boolean {
    return this.opening.settled;
  }

  /** See ReplicasNoted. */
  get told(): Omit<ReplicasNoted, 'type'> {
    return this.opening.told;
  }

  /** The arbiter's word on who the replicas are. The same set again changes nothing, nor does a
   * word that a later one has overtaken. */
  replicas(announced: Announced, now: number): void {
    if (!this.mandate.heed(announced)) return;
    this.membership.set(announced.replicas, now);
    // Somebody may have joined again, and the set be what it was: a heartbeat tells who, and where
    // that node stands.
    this.membership.proveSoon(now);
    this.dirty = true;
    this.progress();
  }

  /** A living member has this id, and is another process than this one. */
  isOther(node: NodeId, life: Incarnation): boolean {
    return this.membership.isOther(node, life);
  }

  write(write: Write, now: number): void {
    const { outbox, counters, ledger } = this.context;
    const verdict = admit(write, {
      ledger,
      configuredSize: this.mandate.size,
      quorum: this.standing.quorum(),
      missing: () => this.membership.missing(),
      settled: this.ready,
      counted: this.opening.accession.counts || this.ready,
      roomForPatient: this.writers.roomForPatient,
      roomForAny: this.writers.roomForAny,
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
    this.writers.add(write, first, duplicate, this.membership.nodes(), now);
    if (duplicate) this.progress();
  }

  confirm(ticket: Ticket, now: number): void {
    if (!this.ready) {
      this.readers.refuse([ticket], 'the master is still recovering');
    } else if (this.readers.add(ticket, now)) {
      this.membership.proveSoon(now);
      this.dirty = true;
    }
  }

  abandoned(ticket: Ticket): void {
    this.writers.drop(ticket);
    this.readers.drop(ticket);
  }

  /** The node has persisted more. */
  persisted(now: number): void {
    this.membership.persisted(now);
    this.progress();
    this.opening.accede();
  }

  /** Time has passed, or the events at hand are done: sends, judges, tells those who are late. */
  wake(now: number): void {
    this.dirty = false;
    this.membership.wake(now, this.ready);
    if (this.writers.held) this.answerWriters();
    if (!this.ready) this.opening.recovery.proceed(now);
    if (this.writers.deadline() <= now) this.writers.expire(now, this.standing.acknowledged());
    this.answerReaders(now);
    this.modeNews.tell(this.mode());
  }

  deadline(): number {
    if (this.dirty) return Number.NEGATIVE_INFINITY;
    return Math.min(
      this.membership.deadline(this.ready),
      this.writers.deadline(),
      this.readers.deadline(),
    );
  }

  /** This node is master no more: everyone who waits is told so; what is in the log stays there. */
  end(outcome: 'ShuttingDown' | 'NoMaster'): void {
    this.ended = true;
    this.opening.end();
    this.writers.end(outcome);
    this.readers.end();
    this.membership.end();
  }

  /** How far compaction may go. */
  get compactTo(): LogIndex {
    return this.membership.compactTo;
  }

  /** The nodes known to have the operation at `index`, this one first. */
  holders(index: LogIndex): NodeId[] {
    return holders(index, this.standing.acknowledged());
  }

  /** The members that say that they keep their log in memory. */
  get inMemory(): readonly NodeId[] {
    return this.membership.inMemory;
  }

  status(now: number): Omit<MasterStatus, keyof CommonStatus> {
    return {
      role: 'master',
      ...this.mode(),
      recovering: !this.ready,
      failover: this.mandate.failover,
      quorum: this.standing.quorum(),
      members: this.membership.report(now),
      waiting: this.writers.size,
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

  /** Someone has more of the log: what is on a majority, and who may be answered. */
  private progress(): void {
    // Without its members it would take itself for a majority.
    if (this.ended) return;
    const { ledger } = this.context;
    const acknowledged = this.standing.acknowledged();
    const positions = [...acknowledged.positions.values()];
    if (this.ready) ledger.commit(reachedBy(positions, majority(acknowledged.size)));
    this.answerWriters(acknowledged);
    this.attend();
  }

  private answerWriters(acknowledged = this.standing.acknowledged()): void {
    this.writers.answer(acknowledged, this.standing.certain(this.now));
  }

  /** Readers, and a recovery, wait for what has just come: they are looked at in this turn. */
  private attend(): void {
    if (!this.ready || this.readers.size > 0) this.dirty = true;
  }

  private answerReaders(now: number): void {
    if (this.readers.size === 0) return;
    const followedAt = this.standing.followedAt(now);
    this.readers.answer(now, { followedAt, needed: majority(this.standing.size) });
  }

  private mode(): Mode {
    const { settled, recovery } = this.opening;
    const { ledger } = this.context;
    return modeOf({ quorum: this.standing.quorum(), settled, recovery, ledger });
  }
}

// The master's members: heartbeats to all of them, a judgement on each, a replicator for each.

import type { Context } from '../context.ts';
import { type Epoch, type Incarnation, type LogIndex, logIndex, type NodeId } from '../ids.ts';
import { OwnDisk } from '../master/own-disk.ts';
import { deposes, isRepeated, type StaleEpoch } from '../master/rivalry.ts';
import type { HeartbeatAck, Peer, Refusal } from '../messages.ts';
import type { Answer } from '../outbox.ts';
import type { Electorate } from '../recovery/electorate.ts';
import type { MemberReport } from '../status.ts';
import { heartbeatOf } from './heartbeat.ts';
import { Member } from './member.ts';
import type { ReplicatorOwner } from './replicator.ts';
import { SessionNumbers } from './session-numbers.ts';

/** What the membership tells its master. */
export interface MembershipOwner {
  /** A member has acknowledged more. */
  progressed(): void;
  heard(member: Member, ack: HeartbeatAck): void;
  /** Another status was given to a member. */
  judged(): void;
  joined(): void;
  left(node: NodeId): void;
  deposed(epoch: Epoch): void;
}

/** Gap between heartbeats while the master recovers: it waits for nothing else. */
const RECOVERY_HEARTBEAT_MS = 100;

/** A read that wants proof does not make more than one round of heartbeats in this time. */
const PROOF_GAP_MS = 5;

/**
 * Invariants:
 * 1. One member per node id; this node is not among them.
 * 2. Nothing is sent to a node that is no member.
 */
export class Membership implements ReplicatorOwner {
  private readonly context: Context;
  private readonly epoch: Epoch;
  private readonly owner: MembershipOwner;
  private readonly electorate: Electorate;
  /** Where the log ended when the master finished recovery; null until then. */
  opened: LogIndex | null = null;
  private readonly byNode = new Map<NodeId, Member>();
  private readonly own: OwnDisk;
  private readonly sessions: SessionNumbers;
  private lastWakeAt: number | null = null;
  private judgeFrom = Number.NEGATIVE_INFINITY;

  constructor(
    context: Context,
    epoch: Epoch,
    electorate: Electorate,
    owner: MembershipOwner,
    now: number,
  ) {
    this.context = context;
    this.epoch = epoch;
    this.electorate = electorate;
    this.owner = owner;
    this.own = new OwnDisk(context, now);
    this.sessions = new SessionNumbers(epoch, context.bornAtMs ?? 0);
  }

  get members(): readonly Member[] {
    return [...this.byNode.values()];
  }

  /** How many there are. */
  get count(): number {
    return this.byNode.size;
  }

  /** Every node of the cluster, this one first. */
  *nodes(): Iterable<NodeId> {
    yield this.context.self.node;
    yield* this.byNode.keys();
  }

  /** The whole set of replicas, as the arbiter announces it. */
  set(replicas: readonly Peer[], now: number): void {
    const wanted = new Map(replicas.map((peer) => [peer.node, peer]));
    for (const [node, member] of this.byNode) {
      const peer = wanted.get(node);
      if (peer?.url === member.peer.url) continue;
      member.end(now, 0);
      this.byNode.delete(node);
      if (peer === undefined) this.left(node);
    }
    for (const [node, peer] of wanted) {
      if (node === this.context.self.node || this.byNode.has(node)) continue;
      this.byNode.set(node, new Member(this.context, peer, now));
      this.electorate.joined(node);
      this.owner.joined();
    }
  }

  /** A round of heartbeats is wanted soon; rounds that are asked for together are one. */
  proveSoon(now: number): void {
    for (const member of this.byNode.values()) {
      const soon = Math.max(now, member.lastHeartbeatAt + PROOF_GAP_MS);
      member.nextHeartbeatAt = Math.min(member.nextHeartbeatAt, soon);
    }
  }

  beatNow(): void {
    for (const member of this.byNode.values()) member.nextHeartbeatAt = Number.NEGATIVE_INFINITY;
  }

  /** It is a member, has been heard lately, and is another process than this one. */
  isOther(node: NodeId, life: Incarnation): boolean {
    const member = this.byNode.get(node);
    if (member === undefined || member.incarnation === life) return false;
    return member.status === 'Healthy' && member.detector.lastHeard !== null;
  }

  alive(): number {
    let alive = 1;
    for (const member of this.byNode.values()) if (member.status !== 'Unhealthy') alive += 1;
    return alive;
  }

  missing(): NodeId[] {
    const unhealthy = this.members.filter((member) => member.status === 'Unhealthy');
    return unhealthy.map((member) => member.peer.node);
  }

  /** Who says that it keeps its log in memory. */
  get inMemory(): readonly NodeId[] {
    return this.members.filter((member) => member.inMemory).map((member) => member.peer.node);
  }

  positions(own: LogIndex): Map<NodeId, LogIndex> {
    const positions = new Map([[this.context.self.node, own]]);
    for (const [node, member] of this.byNode) positions.set(node, member.ackedIndex ?? logIndex(0));
    return positions;
  }

  /** Everything up to here is committed, and all members have acknowledged it: none of them has to
   * be sent what is superseded there. */
  get compactTo(): LogIndex {
    const { log, persister } = this.context.ledger;
    let reached = Math.min(log.commitIndex, persister.persistedIndex);
    for (const { passedIndex } of this.byNode.values()) reached = Math.min(reached, passedIndex);
    return logIndex(reached);
  }

  wake(now: number, settled: boolean): void {
    this.noticePause(now);
    this.own.look(now, now >= this.judgeFrom);
    for (const member of this.byNode.values()) {
      if (now >= member.nextHeartbeatAt) this.beat(member, now, settled);
      if (now >= this.judgeFrom) this.judge(member, now);
      const { opened } = this;
      if (opened !== null) member.begin(this, this.epoch, opened, () => this.sessions.next(), now);
      member.replicator?.flush(now);
      member.measureLag(now);
    }
  }

  deadline(settled: boolean): number {
    let earliest = Math.max(this.own.deadline(), this.judgeFrom);
    for (const member of this.byNode.values()) {
      earliest = Math.min(earliest, member.deadline(settled, this.judgeFrom));
    }
    return earliest;
  }

  end(): void {
    for (const member of this.byNode.values()) member.replicator?.close();
    this.byNode.clear();
  }

  report(now: number): MemberReport[] {
    return [this.own.report(now), ...this.members.map((member) => member.report(now))];
  }

  /** This node's own disk has confirmed something. */
  persisted(now: number): void {
    this.own.excuse();
    this.own.look(now, now >= this.judgeFrom);
  }

  // What a replicator tells.

  acknowledged(node: NodeId, now: number): void {
    const member = this.byNode.get(node);
    if (member === undefined) return;
    member.acknowledged(now);
    this.electorate.acknowledged(node, member.ackedIndex ?? logIndex(0));
    // First how it is, then what that makes possible.
    this.tookIn(node, now);
    this.owner.progressed();
  }

  heard(node: NodeId, now: number): void {
    this.byNode.get(node)?.heard(now);
  }

  /** Not before: an acknowledgement that comes after 4 s is no reason to suspect its member. */
  tookIn(node: NodeId, now: number): void {
    const member = this.byNode.get(node);
    if (member !== undefined && now >= this.judgeFrom) this.judge(member, now);
  }

  restart(node: NodeId, cause: Refusal, now: number): void {
    const member = this.byNode.get(node);
    if (member === undefined) return;
    if (cause.code === 'stale-session') this.sessions.passes(cause.session);
    if (cause.code === 'diverged') member.reset = cause.lastIndex;
    member.refused(cause.code, now);
  }

  outdated(refusal: StaleEpoch): void {
    const { incarnation } = this.context;
    if (deposes(refusal, this.epoch, incarnation)) this.owner.deposed(refusal.epoch);
  }

  private left(node: NodeId): void {
    this.context.outbox.note({ event: 'left', node });
    this.electorate.left(node);
    this.owner.left(node);
  }

  /** After a stop of this whole process nobody is judged before a round of heartbeats. */
  private noticePause(now: number): void {
    const { heartbeatIntervalMs, pauseMs } = this.context.options;
    const gapMs = this.lastWakeAt === null ? 0 : now - this.lastWakeAt;
    this.lastWakeAt = now;
    if (gapMs < heartbeatIntervalMs + pauseMs) return;
    this.judgeFrom = now + heartbeatIntervalMs;
    this.own.excuse();
    for (const member of this.byNode.values()) {
      member.excuse(gapMs, now);
      member.nextHeartbeatAt = now;
    }
  }

  private beat(member: Member, now: number, settled: boolean): void {
    const { outbox, options } = this.context;
    member.lastHeartbeatAt = now;
    member.nextHeartbeatAt = now + (settled ? options.heartbeatIntervalMs : RECOVERY_HEARTBEAT_MS);
    const epochEnd = settled ? member.epochEnd : null;
    const { epoch, opened, compactTo } = this;
    const beat = heartbeatOf(this.context, { epoch, settled, opened, epochEnd, compactTo });
    outbox.send(member.peer.url, beat, (answer, at) => this.answered(member, now, answer, at));
  }

  private answered(member: Member, sentAt: number, answer: Answer, now: number): void {
    if (this.byNode.get(member.peer.node) !== member) return;
    if (answer.type === 'HeartbeatAck') {
      if (!member.heeds(sentAt)) return;
      if (this.isAnother(answer.node, member)) {
        member.answeredBy(answer.node, now);
        return;
      }
      if (answer.epoch > this.epoch) {
        this.owner.deposed(answer.epoch);
        return;
      }
      if (isRepeated(this.context, this.epoch, answer, member.hasParted(answer.incarnation))) {
        this.owner.deposed(this.epoch);
        return;
      }
      member.followedAt = sentAt;
      if (answer.doubts !== true) member.assuredAt = sentAt;
      const { ahead } = member;
      if (member.heartbeatAnswered(answer, this.epoch)) member.rejoined(now);
      // It answers before it drops what it has too much: the next answer tells, as a rule.
      if (member.ahead) member.nextHeartbeatAt = now + (ahead ? RECOVERY_HEARTBEAT_MS : 0);
      this.owner.heard(member, answer);
      this.heard(member.peer.node, now);
      this.tookIn(member.peer.node, now);
    } else if (answer.type === 'Refused' && answer.code === 'stale-epoch') {
      this.outdated(answer);
      const { code, node } = answer;
      if (node !== undefined && this.isAnother(node, member)) member.answeredBy(node, now);
      else member.heartbeatFailed(`refused: ${code}`);
    } else {
      const error = answer.type === 'None' ? answer.error : `answered ${answer.type}`;
      member.heartbeatFailed(error);
    }
  }

  /** Two nodes that were given one address are one: which one, it says itself. */
  private isAnother(node: NodeId, member: Member): boolean {
    if (node === member.peer.node) return false;
    return node === this.context.self.node || this.byNode.has(node);
  }

  private judge(member: Member, now: number): void {
    const from = member.judge(now);
    if (from === null) return;
    const { node } = member.peer;
    this.context.outbox.note({ event: 'status', node, from, to: member.status });
    this.owner.judged();
  }
}

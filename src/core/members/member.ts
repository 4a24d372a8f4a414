// A secondary as its master sees it: how it is, how far it is, and the replicator that serves it.

import type { Context } from '../context.ts';
import type { MemberStatus, Note } from '../effects.ts';
import type { Epoch, Incarnation, NodeId, Session } from '../ids.ts';
import { type LogIndex, logIndex } from '../ids.ts';
import { beginningAt, type Position, positionIn, surplusAfter } from '../log/position.ts';
import type { EpochEnd, HeartbeatAck, Peer } from '../messages.ts';
import type { MemberReport } from '../status.ts';
import { Complaint } from './complaint.ts';
import { FailureDetector } from './failure-detector.ts';
import { Replicator, type ReplicatorOwner } from './replicator.ts';
import { SessionPace } from './session-pace.ts';

/**
 * Invariants:
 * 1. At most one replicator lives; its session is greater than those before it.
 * 2. A new incarnation never inherits what an earlier one has acknowledged.
 */
export class Member {
  readonly peer: Peer;
  readonly detector: FailureDetector;
  replicator: Replicator | null = null;
  incarnation: Incarnation | null = null;
  nextHeartbeatAt: number;
  lastHeartbeatAt = Number.NEGATIVE_INFINITY;
  /** When the latest answered heartbeat was sent: the member followed this master then. */
  followedAt = Number.NEGATIVE_INFINITY;
  /** The same, where it had not told the arbiter that this master is silent. */
  assuredAt = Number.NEGATIVE_INFINITY;
  position: Position | null = null;
  /** The logs differ: the next session begins with everything after this; null: they do not. */
  reset: LogIndex | null = null;
  /** Up to here it has followed this log as a member: whatever was compacted away beyond went
   * before, and a log that lacks it is never begun with; null: that is not known. */
  private followed: LogIndex | null = null;
  private readonly context: Context;
  private beginBy: number;
  private notBefore: number;
  /** The session began at the start of the log, without word of where the secondary stands. */
  private blind = false;
  /** A session that began blind is told of when the secondary has said something: one that is a
   * little late would otherwise be told of twice. */
  private untold: Extract<Note, { event: 'joined' }> | null = null;
  private behindSince: number | null = null;
  /** Since when it has refused every session, or could begin none, acknowledging nothing; null: it
   * has not. */
  private refusingSince: number | null = null;
  private readonly pace: SessionPace;
  private readonly complaint = new Complaint();
  /** When it last refused its session. */
  private refusedAt = Number.NEGATIVE_INFINITY;
  /** It says that it keeps its log in memory. */
  inMemory = false;
  /** Another node of the cluster answers at its address: nothing that is sent there reaches it. */
  private mistaken = false;

  constructor(context: Context, peer: Peer, now: number) {
    this.context = context;
    this.pace = new SessionPace(context.options);
    this.peer = peer;
    this.detector = new FailureDetector(context.options, now);
    this.nextHeartbeatAt = now;
    this.beginBy = now + context.options.probeMs;
    this.notBefore = now;
  }

  get ackedIndex(): LogIndex | null {
    return this.replicator?.ackedIndex ?? null;
  }

  /** Up to here it needs nothing sent any more, in no session to come: one that began blind may be
   * followed by one from further back. */
  get passedIndex(): LogIndex {
    return this.blind ? logIndex(0) : (this.ackedIndex ?? logIndex(0));
  }

  /** It holds what is not in the master's log. A replog node drops that at the next heartbeat of a
   * master that has settled; until then no session begins. */
  get ahead(): boolean {
    return this.surplusAfter !== null;
  }

  /** What it is told when it is ahead; null: it is not, or does not say of which epoch it is. */
  get epochEnd(): EpochEnd | null {
    const index = this.surplusAfter;
    const lastEpoch = this.position?.lastEpoch ?? null;
    return index === null || lastEpoch === null ? null : { epoch: lastEpoch, index };
  }

  /** This life of it has refused a session, as the logs differ, and the next has not begun. */
  hasParted(life: Incarnation): boolean {
    return this.reset !== null && this.incarnation === life;
  }

  get status(): MemberStatus {
    return this.detector.current;
  }

  /** Whether the answer to a heartbeat that was sent then tells something: not if a later one was
   * answered, or a session refused since. An earlier life of the node may have given it. */
  heeds(sentAt: number): boolean {
    return sentAt >= this.followedAt && sentAt >= this.refusedAt;
  }

  /** Takes note of a heartbeat's answer. Returns whether a new session is due: another process
   * answers than before, or this one has a log and its session began before that was known. */
  heartbeatAnswered(ack: HeartbeatAck, epoch: Epoch): boolean {
    this.complaint.heartbeatAnswered(ack.trouble);
    this.mistaken = false;
    const changed = this.incarnation !== null && this.incarnation !== ack.incarnation;
    this.incarnation = ack.incarnation;
    // It was said of the log of an earlier life; this one's may end before that.
    if (changed) this.reset = null;
    this.inMemory = ack.durable === false;
    const own = ack.hash !== undefined;
    // Whatever was acknowledged so far, an earlier life of the node may have done that.
    const wasted = this.replicator !== null && this.blind && own;
    this.blind = false;
    if (!wasted && !changed) this.tell();
    if (this.replicator === null || changed || wasted) {
      // Where the secondary stands is only asked between two sessions; within one, acknowledgements
      // tell, and an older answer that comes late must not.
      this.position = positionIn(ack, epoch);
    }
    return changed || wasted;
  }

  /** It answered, whatever it said. */
  heard(now: number): void {
    if (!this.detector.heard(now)) return;
    this.refusingSince = null;
    this.replicator?.wake(now);
  }

  /** It has acknowledged more. */
  acknowledged(now: number): void {
    this.tell();
    if (!this.blind) this.followed = this.ackedIndex;
    this.refusingSince = null;
    this.pace.acknowledged();
    this.complaint.acknowledged();
    // Nothing else may happen before the next operation: that one is not behind since this one.
    this.measureLag(now);
  }

  /** The master itself stood still for `gapMs`: what a member did not do meanwhile is no news. */
  excuse(gapMs: number, now: number): void {
    this.detector.excuse(gapMs, now);
    if (this.refusingSince !== null) this.refusingSince = now;
    this.replicator?.excuse(now);
  }

  /** Its latest heartbeat came to nothing. */
  get unreachable(): boolean {
    return this.complaint.unreachable;
  }

  heartbeatFailed(error: string): void {
    this.complaint.heartbeatFailed(error);
  }

  /** Another node has answered its heartbeat: what that one acknowledges must not count twice. */
  answeredBy(other: NodeId, now: number): void {
    this.heartbeatFailed(`${other} answers at ${this.peer.url}`);
    this.mistaken = true;
    this.position = null;
    if (this.replicator !== null) this.end(now, 0);
  }

  /**
   * Begins a session as soon as it is known where: from what the secondary says it has; or, if it
   * has said nothing for `probeMs`, from the beginning of the log.
   */
  begin(
    owner: ReplicatorOwner,
    epoch: Epoch,
    opened: LogIndex,
    session: () => Session,
    now: number,
  ): void {
    if (this.replicator !== null || now < this.beginDeadline()) return;
    const { followed, peer, position } = this;
    const { ledger } = this.context;
    const { base, reset, verify } = beginningAt(position, this.reset, ledger, followed);
    this.reset = null;
    this.blind = position === null;
    if (this.blind) this.followed = null;
    const start = { peer, epoch, opened, session: session(), base, reset, verify };
    this.replicator = new Replicator(this.context, owner, start, now);
    const { node } = peer;
    this.untold = { event: 'joined', node, session: start.session, from: logIndex(base + 1) };
    if (!this.blind) this.tell();
  }

  /** It has refused to go on with its session. */
  refused(code: string, now: number): void {
    this.refusingSince ??= now;
    this.refusedAt = now;
    this.complaint.refused(code);
    // What was true between two earlier sessions may have been said by an earlier life of the node.
    this.position = null;
    this.end(now, this.pace.refused());
  }

  /** Another process answers than before. */
  rejoined(now: number): void {
    const gap = this.pace.rejoined(now);
    this.end(now, gap);
    this.nextHeartbeatAt = now + gap;
  }

  /** The session is over; the next one begins when a heartbeat's answer has told where, but not
   * within `pauseMs`. */
  end(now: number, pauseMs: number): void {
    this.replicator?.close();
    this.replicator = null;
    this.untold = null;
    this.notBefore = now + pauseMs;
    this.beginBy = this.notBefore + this.context.options.probeMs;
    this.nextHeartbeatAt = now;
  }

  /** Judges the member; returns its former status if that changed. */
  judge(now: number): MemberStatus | null {
    const { stalledAfterMs } = this.context.options;
    if (this.ahead) this.refusingSince ??= now;
    const refusing = this.behind && now - (this.refusingSince ?? now) >= stalledAfterMs;
    const stalled = refusing || this.replicator?.stalled(now, stalledAfterMs) === true;
    const before = this.detector.judge(now, stalled);
    if (before !== null && this.status === 'Unhealthy') this.replicator?.suspend();
    return before;
  }

  /** Keeps track of how long it has been behind. */
  measureLag(now: number): void {
    if (!this.behind) this.behindSince = null;
    else this.behindSince ??= now;
  }

  /** `open`: the master has settled, so that sessions may begin; `judgeFrom`: nobody is judged
   * before. */
  deadline(open: boolean, judgeFrom: number): number {
    const beginAt = open ? this.beginDeadline() : Number.POSITIVE_INFINITY;
    const session = this.replicator?.deadline() ?? beginAt;
    const judgedAt = Math.max(this.detector.deadline(), judgeFrom);
    return Math.min(this.nextHeartbeatAt, judgedAt, session);
  }

  report(now: number): MemberReport {
    const { lastIndex } = this.context.ledger.log;
    const heard = this.detector.lastHeard;
    const surplus = this.ahead ? (this.position?.lastIndex ?? null) : null;
    const sending = this.replicator?.lastError ?? null;
    return {
      node: this.peer.node,
      url: this.peer.url,
      role: 'secondary',
      status: this.status,
      since: this.detector.since,
      lastHeartbeatMs: heard === null ? null : Math.max(0, Math.round(now - heard)),
      ackedIndex: this.ackedIndex,
      lagEntries: lastIndex - (this.ackedIndex ?? 0),
      lagMs: this.behindSince === null ? 0 : Math.round(now - this.behindSince),
      attempts: this.replicator?.attempts ?? 0,
      retryInMs: this.replicator?.retryInMs(now) ?? null,
      lastError: this.complaint.words(sending, this.detector.silent(now), surplus),
    };
  }

  /** Between two sessions: see surplusAfter. What it has beyond where the logs are known to part,
   * it is told to drop by its next session. */
  private get surplusAfter(): LogIndex | null {
    const { position } = this;
    if (this.replicator !== null || position === null || this.reset !== null) return null;
    return surplusAfter(position, this.context.ledger.log);
  }

  private tell(): void {
    if (this.untold !== null) this.context.outbox.note(this.untold);
    this.untold = null;
  }

  private get behind(): boolean {
    return (this.ackedIndex ?? 0) < this.context.ledger.log.lastIndex;
  }

  private beginDeadline(): number {
    if (this.status === 'Unhealthy' || this.mistaken) return Number.POSITIVE_INFINITY;
    if (this.position === null) return this.beginBy;
    return this.ahead ? Number.POSITIVE_INFINITY : this.notBefore;
  }
}

// What a master does between its appointment and its first write: it hears a majority of its
// members, and fetches what any of them holds beyond its own log. A secondary may be ahead of a
// master that crashed (its last entries were never acknowledged), and far ahead of one that lost
// its memory.

import type { Context } from './context.ts';
import { type Candidate, Departure, outranks } from './departure.ts';
import type { Lost } from './effects.ts';
import type { Electorate } from './electorate.ts';
import { type Epoch, epoch as epochOf, type LogIndex, logIndex, type NodeId } from './ids.ts';
import type { Member } from './member.ts';
import { ASIDE, type Fetched, type HeartbeatAck, UNKNOWN_HASH } from './messages.ts';
import type { Answer } from './outbox.ts';
import { majority } from './quorum.ts';
import { makesUpFor } from './restoration.ts';

/** With a majority heard, this long is waited for the others: what only they have is kept, too. */
const PATIENCE_MS = 200;

/**
 * Invariants:
 * 1. The log only grows here, by entries that follow it hash for hash, with three exceptions. Where
 *    a member has accepted a later epoch than this node, and its log differs, ours is cut back to
 *    where it does (`departure.ts`). Where a member has compacted something away beyond the end of
 *    ours, its log is fetched in place of ours: what was compacted away was on every member, and so
 *    was all before it. A batch whose end no member holds is dropped: it is all or nothing.
 * 2. `settled` is called once, and only when a majority of the members (this node counted) was
 *    heard, and one of those that are established, and the others had a moment to answer; by a node
 *    that began with an empty log, when every member was heard or is Unhealthy.
 * 3. A node that has lost its memory waits for members it does not know of, as long as a secondary
 *    needs to notice that its master is gone and to join again.
 * 4. A member that has lost entries to damage counts as heard only where the log has what it lost.
 *    A master that has lost some itself takes them from nobody who is behind what it had accepted,
 *    and is not done before they are there again.
 */
export class Recovery {
  private readonly context: Context;
  private readonly epoch: Epoch;
  private readonly members: () => readonly Member[];
  private readonly electorate: Electorate;
  private readonly size: () => number;
  private readonly empty: boolean;
  private readonly strangersUntil: number;
  private readonly patientUntil: number;
  private readonly settled: () => void;
  private readonly heard = new Map<NodeId, Candidate | null>();
  /** What members say that they have lost. */
  private readonly lost = new Map<NodeId, Lost>();
  /** How far a member's log was found to be the one that was lost here. */
  private readonly proved = new Map<
    NodeId,
    { readonly held: LogIndex; readonly reach: LogIndex }
  >();
  private readonly departure: Departure;
  /** The latest epoch whose log, as a member had it, was fetched to its end. */
  private fetchedEpoch = epochOf(0);
  /** Whose log this one is a copy of, from its beginning; null: it is this node's own. */
  private origin: NodeId | null = null;
  /** Where the log ended when the files set aside had nothing to add. */
  private asideEndedAt = -1;
  private fetching = false;
  private done = false;
  private fetched = 0;

  constructor(
    context: Context,
    epoch: Epoch,
    members: () => readonly Member[],
    electorate: Electorate,
    size: () => number,
    settled: () => void,
    now: number,
  ) {
    this.context = context;
    this.epoch = epoch;
    this.members = members;
    this.electorate = electorate;
    this.size = size;
    this.empty = context.ledger.log.lastIndex === 0;
    this.patientUntil = now + PATIENCE_MS;
    const { masterSilenceMs, suspectedAfterMs } = context.options;
    const forgetful = context.blank && this.empty && epoch > 1;
    this.strangersUntil = forgetful ? now + masterSilenceMs + suspectedAfterMs : now;
    this.settled = settled;
    this.departure = new Departure(context, epoch, ({ node, url }, from, use) =>
      this.ask(url, from, use, () => this.heard.delete(node)),
    );
  }

  heardFrom(member: Member, ack: HeartbeatAck): void {
    const { acceptedEpoch, lastIndex } = ack;
    const { node, url } = member.peer;
    const candidate = acceptedEpoch === undefined ? null : { node, url, acceptedEpoch, lastIndex };
    this.heard.set(node, candidate);
    if (ack.lost === undefined) this.lost.delete(node);
    else this.lost.set(node, ack.lost);
  }

  /** What damage took from this node and is not there again; null: nothing. */
  get missing(): Lost | null {
    const { ledger, bookkeeping } = this.context;
    const lost = bookkeeping.current.lost ?? null;
    if (lost === null || this.fetchedEpoch > lost.epoch) return null;
    if (makesUpFor(ledger.log, lost)) return null;
    // Nobody knows how far it went: then every member must have said what it has.
    const known = lost.upTo <= ledger.log.lastIndex && this.everyoneCounts();
    return known ? null : lost;
  }

  /** Enough members have been heard, but too few of the established ones: who of them is waited
   * for. */
  get awaited(): NodeId[] {
    const established = this.established();
    if (!this.majorityCounts(this.members()) || this.majorityCounts(established)) return [];
    return established.filter((member) => !this.counts(member)).map(({ peer }) => peer.node);
  }

  /** Goes on if enough members have been heard. */
  proceed(now: number): void {
    if (this.done || this.fetching || !this.enough(now)) return;
    const ruling = this.departure.ruling(this.candidates());
    const best = this.best();
    if (ruling !== null) this.compare(ruling, now);
    else if (best !== null) this.fetch(best);
    else if (this.missing === null) this.finish();
    else if (!this.fetchAside()) this.prove();
  }

  /** This node's log can be relied on from the start: no member can have what would overrule it. */
  get unrivalled(): boolean {
    return this.departure.impossible;
  }

  private compare(ruling: Candidate, now: number): void {
    this.departure.compare(ruling);
    // With nothing in common there is nothing to ask.
    this.proceed(now);
  }

  private enough(now: number): boolean {
    const members = this.members();
    if (members.length + 1 < this.size() && now < this.strangersUntil) return false;
    if (!this.majorityCounts(members) || !this.majorityCounts(this.established())) return false;
    const silent = members.filter(
      (member) => !this.heard.has(member.peer.node) && member.status !== 'Unhealthy',
    );
    if (this.empty) return silent.length === 0;
    return now >= this.patientUntil || silent.every((member) => member.unreachable);
  }

  private established(): Member[] {
    return this.members().filter(({ peer }) => this.electorate.has(peer.node));
  }

  /** Of these members and this node. */
  private majorityCounts(members: readonly Member[]): boolean {
    const counted = members.filter((member) => this.counts(member)).length;
    return 1 + counted >= majority(members.length + 1);
  }

  private counts({ peer }: Member): boolean {
    const lost = this.lost.get(peer.node);
    const whole = lost === undefined || makesUpFor(this.context.ledger.log, lost);
    return whole && this.heard.has(peer.node);
  }

  private everyoneCounts(): boolean {
    const members = this.members();
    return members.length + 1 >= this.size() && members.every((member) => this.counts(member));
  }

  /** Members that have said where they stand, and may have something to give. */
  private candidates(): Candidate[] {
    const { epoch } = this.context.bookkeeping.current;
    return this.members().flatMap(({ peer }) => {
      const heard = this.heard.get(peer.node) ?? null;
      return heard === null || heard.acceptedEpoch > epoch ? [] : [heard];
    });
  }

  private best(): Candidate | null {
    const { log } = this.context.ledger;
    const { missing } = this;
    let best: Candidate | null = null;
    for (const heard of this.candidates()) {
      const candidate = { ...heard, lastIndex: this.reach(heard, missing) };
      if (candidate.lastIndex <= log.lastIndex) continue;
      // What an older master left there is not part of this log (figure 8 of the Raft paper).
      if (candidate.acceptedEpoch < log.lastEpoch) continue;
      if (best === null || outranks(candidate, best)) best = candidate;
    }
    return best;
  }

  /** How far a member's log may be taken for a part of ours. While ours misses something, one that
   * stopped in an earlier epoch than we had seen may hold what was dropped since. */
  private reach({ node, acceptedEpoch, lastIndex }: Candidate, missing: Lost | null): LogIndex {
    if (missing === null || acceptedEpoch >= missing.epoch) return lastIndex;
    const known = this.proved.get(node);
    return logIndex(Math.min(known?.reach ?? 0, lastIndex));
  }

  /** Asks a member whether its log is the one that was lost, at the last place known of that. */
  private prove(): void {
    const points = this.missing?.points ?? [];
    for (const member of this.members()) {
      const candidate = this.heard.get(member.peer.node);
      if (candidate === undefined || candidate === null) continue;
      const { node, url, lastIndex } = candidate;
      if (this.proved.get(node)?.held === lastIndex) continue;
      const point = points.findLast(({ index }) => index <= lastIndex);
      if (point === undefined || point.index <= this.context.ledger.log.lastIndex) continue;
      this.ask(url, logIndex(point.index + 1), ({ prev }) => {
        const same = prev?.index === point.index && prev.hash === point.hash;
        this.proved.set(node, { held: lastIndex, reach: same ? point.index : logIndex(0) });
      });
      return;
    }
  }

  private ask(
    url: string,
    from: LogIndex,
    use: (fetched: Fetched) => void,
    failed: () => void = () => {},
  ): void {
    this.fetching = true;
    const request = { type: 'Fetch' as const, epoch: this.epoch, from };
    this.context.outbox.send(url, request, (answer: Answer, now: number) => {
      this.fetching = false;
      if (answer.type !== 'Fetched') {
        failed();
        return;
      }
      use(answer);
      this.proceed(now);
    });
  }

  private fetch(from: Candidate): void {
    this.fetching = true;
    const { ledger } = this.context;
    const next = logIndex(ledger.log.lastIndex + 1);
    if (next === 1) this.origin = from.node;
    this.context.outbox.send(
      from.url,
      { type: 'Fetch', epoch: this.epoch, from: next },
      (answer: Answer, now: number) => {
        this.fetching = false;
        if (answer.type === 'Fetched' && this.overtakenBy(from.node, answer)) {
          ledger.truncate(logIndex(0));
        } else if (answer.type === 'Fetched' && this.take(answer, from.lastIndex)) {
          if (answer.updates.length === 0) this.heard.set(from.node, null);
          if (ledger.log.lastIndex >= from.lastIndex) this.fetchedAll(from);
        } else if (answer.type === 'Fetched') {
          // Its log is not a continuation of ours: ours stands, and it will be told to start over.
          this.heard.set(from.node, null);
        } else {
          this.heard.delete(from.node);
        }
        this.proceed(now);
      },
    );
  }

  /** Whether that member has compacted away what stands where our log ends, or beyond. */
  private overtakenBy(node: NodeId, { prev, holes = [] }: Fetched): boolean {
    const { lastIndex } = this.context.ledger.log;
    if (lastIndex === 0 || this.origin === node || prev?.index !== lastIndex) return false;
    return prev.hash === UNKNOWN_HASH || holes.length > 0;
  }

  private fetchedAll({ acceptedEpoch }: Candidate): void {
    if (acceptedEpoch > this.fetchedEpoch) this.fetchedEpoch = acceptedEpoch;
  }

  /** What the damage left behind it may go on where the log now ends. Returns false if that was
   * looked at already. */
  private fetchAside(): boolean {
    const { lastIndex } = this.context.ledger.log;
    if (this.asideEndedAt === lastIndex) return false;
    this.asideEndedAt = lastIndex;
    this.ask(ASIDE, logIndex(lastIndex + 1), (fetched) => this.take(fetched));
    return true;
  }

  /** Appends what was fetched if it follows our log; returns whether it does. */
  private take(
    { updates, prev, holes }: Fetched,
    upTo: number = Number.POSITIVE_INFINITY,
  ): boolean {
    const { ledger } = this.context;
    if (prev?.index !== ledger.log.lastIndex || prev.hash !== ledger.meter.hash) return false;
    if (updates.length > 0 && updates[0]!.index <= prev.index) return false;
    const wanted = updates.filter(({ index }) => index <= upTo);
    ledger.append(wanted, holes);
    this.fetched += wanted.length;
    return true;
  }

  private finish(): void {
    this.done = true;
    const { ledger, outbox, self } = this.context;
    if (this.fetched > 0) {
      outbox.note({ event: 'recovered', from: self.node, count: this.fetched });
    }
    const torn = ledger.tornBatch();
    if (torn !== null) ledger.truncate(logIndex(torn - 1));
    this.settled();
  }
}

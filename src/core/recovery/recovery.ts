// What a master does between its appointment and its first write: it hears a majority of its
// members, and fetches what any of them holds beyond its own log. A secondary may be ahead of a
// master that crashed (its last entries were never acknowledged), and far ahead of one that lost
// its memory.

import type { Context } from '../context.ts';
import type { Lost } from '../effects.ts';
import { type Epoch, type LogIndex, logIndex, type NodeId } from '../ids.ts';
import { rises } from '../log/log.ts';
import type { Member } from '../members/member.ts';
import { ASIDE, type Fetched, type HeartbeatAck, UNKNOWN_HASH } from '../messages.ts';
import type { Answer } from '../outbox.ts';
import { type Candidate, Departure, outranks } from './departure.ts';
import { type Assembly, Hearing } from './hearing.ts';
import { OwnLoss } from './own-loss.ts';
import { Strangers } from './strangers.ts';

/** The master that recovers. */
export interface RecoveryHome {
  /** All that is needed is here. */
  settle(): void;
  /** `proceed` is wanted in a step of its own. */
  again(): void;
}

/**
 * Invariants:
 * 1. The log only grows here, by entries that follow it hash for hash, with three exceptions. Where
 *    a member has accepted a later epoch than this node, and its log differs, ours is cut back to
 *    where it does (`departure.ts`). Where a member has compacted something away beyond the end of
 *    ours, its log is fetched in place of ours: what was compacted away was on every member, and so
 *    was all before it. A batch whose end no member holds is dropped: it is all or nothing.
 * 2. `settle` is called once, and only when enough members were heard (`hearing.ts`).
 * 3. A master that has lost entries to damage takes them from nobody who is behind what it had
 *    accepted, and is not done before they are there again.
 */
export class Recovery {
  private readonly context: Context;
  private readonly epoch: Epoch;
  private readonly hearing: Hearing;
  private readonly home: RecoveryHome;
  private readonly loss: OwnLoss;
  private readonly departure: Departure;
  private readonly strangers: Strangers;
  /** Whose log this one is a copy of, from its beginning; null: it is this node's own. */
  private origin: NodeId | null = null;
  /** Whose log takes the place of ours, whoever else has accepted a later epoch. */
  private instead: NodeId | null = null;
  /** What was appended in this step cannot be measured before the next one (what strangers gave
   * tells of no batch, and is not). */
  private unread = false;
  private fetching = false;
  private done = false;
  private fetched = 0;

  constructor(context: Context, epoch: Epoch, assembly: Assembly, home: RecoveryHome, now: number) {
    this.context = context;
    this.epoch = epoch;
    this.hearing = new Hearing(context, epoch, assembly, now);
    this.loss = new OwnLoss(context, this.hearing);
    this.home = home;
    this.strangers = new Strangers(context, epoch);
    this.departure = new Departure(context, epoch, {
      ask: ({ node, url }, from, use) => {
        const stands: typeof use = (fetched, at) => {
          if (this.hearing.stands(node, fetched.lastIndex)) use(fetched, at);
        };
        this.ask(url, from, stands, () => this.hearing.forget(node));
      },
      startOver: (at) => this.startOver(at),
    });
  }

  heardFrom(member: Member, ack: HeartbeatAck): void {
    this.hearing.heardFrom(member, ack);
    this.strangers.heardFrom(member, ack);
  }

  /** What damage took from this node and is not there again; null: nothing. */
  get missing(): Lost | null {
    return this.loss.missing;
  }

  /** This node is the whole cluster: nobody gives back what damage took from it. */
  alone(): void {
    this.loss.tell();
  }

  /** Members that are waited for, although a majority was heard. */
  get awaited(): readonly NodeId[] {
    return this.hearing.awaited;
  }

  /** Who is waited for and gives no sign. */
  get absent(): Hearing['absent'] {
    return this.hearing.absent;
  }

  /** Members that do not count, because of what damage took from them. */
  get doubted(): Hearing['doubted'] {
    return this.hearing.doubted;
  }

  /** This node is master no more: answers that still come are not for the log of who is. */
  end(): void {
    this.done = true;
    this.strangers.end();
  }

  /** Goes on if enough members have been heard. */
  proceed(now: number): void {
    if (this.done || this.fetching || !this.hearing.enoughToFetch(now)) return;
    const ruling = this.departure.ruling(this.candidates());
    const best = this.best();
    if (ruling !== null) this.compare(ruling, now);
    else if (best !== null) this.fetch(best);
    else this.conclude(now);
  }

  /** All that was heard of is here: is that enough? */
  private conclude(now: number): void {
    this.hearing.holds(this.candidates());
    if (!this.hearing.enough(now)) return;
    this.loss.holds(this.candidates());
    if (this.missing !== null) {
      if (!this.fetchAside()) this.prove();
    } else if (!this.readStrangers()) this.finish(now);
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

  /** Members that have said where they stand, and may have something to give. */
  private candidates(): Candidate[] {
    const { epoch } = this.context.bookkeeping.current;
    return this.hearing.speakers().filter(({ acceptedEpoch }) => acceptedEpoch <= epoch);
  }

  private best(): Candidate | null {
    const { log } = this.context.ledger;
    const { missing } = this;
    let best: Candidate | null = null;
    for (const heard of this.candidates()) {
      const candidate = { ...heard, lastIndex: this.loss.reachOf(heard, missing) };
      if (candidate.lastIndex <= log.lastIndex) continue;
      // What an older master left there is not part of this log (figure 8 of the Raft paper).
      if (candidate.acceptedEpoch < log.lastEpoch) continue;
      if (candidate.node === this.instead) return candidate;
      if (best === null || outranks(candidate, best)) best = candidate;
    }
    return best;
  }

  /** Asks a member whether its log is the one that was lost, at the last place known of that. */
  private prove(): void {
    const question = this.loss.question();
    if (question === null) return;
    const { of, point } = question;
    this.ask(of.url, logIndex(point.index + 1), ({ prev }) => this.loss.answered(question, prev));
  }

  private ask(
    url: string,
    from: LogIndex,
    use: (fetched: Fetched, now: number) => void,
    failed: (now: number) => void = () => {},
  ): void {
    this.fetching = true;
    const request = { type: 'Fetch' as const, epoch: this.epoch, from };
    this.context.outbox.send(url, request, (answer: Answer, now: number) => {
      if (this.done) return;
      this.fetching = false;
      if (answer.type !== 'Fetched') {
        failed(now);
        return;
      }
      use(answer, now);
      this.proceed(now);
    });
  }

  private fetch(from: Candidate): void {
    const next = logIndex(this.context.ledger.log.lastIndex + 1);
    if (next === 1) this.origin = from.node;
    this.ask(
      from.url,
      next,
      (fetched, now) => this.fetchedFrom(from, fetched, now),
      (now) => {
        this.hearing.forget(from.node);
        this.proceed(now);
      },
    );
  }

  private fetchedFrom({ node, lastIndex }: Candidate, fetched: Fetched, now: number): void {
    // Another life of it is heard before it is asked again.
    if (!this.hearing.stands(node, fetched.lastIndex)) return;
    if (this.overtakenBy(node, fetched)) {
      // Taken up again by another one's log, it would end there again.
      this.instead = node;
      this.startOver(now);
    } else if (!this.take(fetched, lastIndex) || fetched.updates.length === 0) {
      // Where its log is no continuation of ours, ours stands, and it will be told to start over.
      this.hearing.exhausted(node);
    }
  }

  /** Drops the log, to fetch it anew, once it is durable that it is not whole meanwhile. */
  private startOver(now: number): void {
    this.fetching = true;
    this.context.bookkeeping.remember({ refilling: true }, () => {
      if (this.done) return;
      this.fetching = false;
      this.context.ledger.truncate(logIndex(0));
      this.proceed(now);
    });
  }

  /** Whether that member has compacted away what stands where our log ends, or beyond. */
  private overtakenBy(node: NodeId, { prev, holes = [] }: Fetched): boolean {
    const { lastIndex } = this.context.ledger.log;
    if (lastIndex === 0 || this.origin === node || prev?.index !== lastIndex) return false;
    return prev.hash === UNKNOWN_HASH || holes.length > 0;
  }

  /** Returns false if none has anything to add. */
  private readStrangers(): boolean {
    this.fetching = this.strangers.ask((taken, now) => {
      this.fetching = false;
      this.fetched += taken;
      this.proceed(now);
    });
    return this.fetching;
  }

  /** What the damage left behind it may go on where the log now ends. Returns false if that was
   * looked at already. */
  private fetchAside(): boolean {
    if (!this.loss.looksAside()) return false;
    const next = logIndex(this.context.ledger.log.lastIndex + 1);
    this.ask(ASIDE, next, (fetched) => this.take(fetched));
    return true;
  }

  /** Appends what was fetched if it follows our log; returns whether it does. */
  private take(
    { updates, prev, holes }: Fetched,
    upTo: number = Number.POSITIVE_INFINITY,
  ): boolean {
    const { ledger } = this.context;
    if (prev?.index !== ledger.log.lastIndex || prev.hash !== ledger.meter.hash) return false;
    if (!rises(updates, prev.index)) return false;
    const wanted = updates.filter(({ index }) => index <= upTo);
    ledger.append(wanted, holes);
    this.unread = true;
    this.fetched += wanted.length;
    return true;
  }

  private finish(now: number): void {
    const { ledger, outbox } = this.context;
    const torn = ledger.tornBatch();
    if (torn !== null && this.unread) {
      this.unread = false;
      this.home.again();
      return;
    }
    const end = torn === null ? ledger.log.lastIndex : ledger.endAt(logIndex(torn - 1));
    if (end < ledger.floor && this.hearing.speakers().some(({ lastIndex }) => lastIndex >= end)) {
      // The folds cannot go back to there: what others have of it is read anew.
      this.startOver(now);
      return;
    }
    this.done = true;
    if (this.fetched > 0) outbox.note({ event: 'recovered', count: this.fetched });
    ledger.truncate(end);
    this.home.settle();
  }
}

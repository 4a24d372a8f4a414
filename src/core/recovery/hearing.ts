// Whom a new master has heard of the members, what they say they have, and whether that is enough
// to go by.

import type { Context } from '../context.ts';
import type { Lost } from '../effects.ts';
import { type Epoch, epoch as epochOf, type LogIndex, type NodeId } from '../ids.ts';
import { majority } from '../master/quorum.ts';
import type { Member } from '../members/member.ts';
import type { HeartbeatAck } from '../messages.ts';
import type { Candidate } from './departure.ts';
import type { Electorate } from './electorate.ts';
import { makesUpFor } from './restoration.ts';

/** With a majority heard, this long is waited for the others: what only they have is kept, too. */
const PATIENCE_MS = 200;

/** Who is to be heard. */
export interface Assembly {
  readonly members: () => readonly Member[];
  readonly electorate: Electorate;
  /** Cluster size, configured or counted. */
  readonly size: () => number;
  /** See Appointment. */
  readonly incumbent?: Epoch | null;
}

/**
 * Invariants:
 * 1. It is enough only when a majority of the cluster (this node counted) was heard, and a
 *    majority of the established members, and the others had a moment to answer; for a node that
 *    began with an empty log, or dropped its own and does not have all of it again, when every
 *    member was heard or is Unhealthy. A configured size counts nodes that this master has not met
 *    yet, too: they may hold what earlier masters promised. In the first epoch of a cluster there
 *    was none before, and nobody has promised anything.
 * 2. A node that has lost its memory, or does not have all of its log again, waits for members it
 *    does not know of, as long as a secondary needs to notice that its master is gone and to join
 *    again.
 * 3. A member that has lost entries to damage counts as heard only where the log has what it lost.
 *    To a node that does not have all of its own log again, no majority is enough while the log
 *    ends before that; and one that has nothing is no witness: it may have just joined.
 * 4. Where this node was the last in office, a log of an epoch that was never its own counts for
 *    nothing, unless a majority of the cluster, this node not counted, has accepted such an epoch.
 *    It is that of a member that was run as a master of its own for a while.
 */
export class Hearing {
  private readonly context: Context;
  private readonly assembly: Assembly;
  private readonly beganEmpty: boolean;
  /** There was no master before this one. */
  private readonly first: boolean;
  /** It began without what it had acknowledged, or part of it. */
  private readonly forgetful: boolean;
  private readonly strangersUntil: number;
  private readonly patientUntil: number;
  /** What they have to give; null: nothing, or nothing more. */
  private readonly heard = new Map<NodeId, Candidate | null>();
  /** The epochs that they have accepted. */
  private readonly accepted = new Map<NodeId, Epoch>();
  /** What members say that they have lost. */
  private readonly lost = new Map<NodeId, Lost>();
  /** Members that have had an empty log. */
  private readonly blank = new Set<NodeId>();
  /** Members that have lost nothing, and all that they have is here. */
  private readonly held = new Map<NodeId, Candidate>();

  constructor(context: Context, epoch: Epoch, assembly: Assembly, now: number) {
    this.context = context;
    this.assembly = assembly;
    this.beganEmpty = context.ledger.log.lastIndex === 0;
    this.first = epoch === 1 && this.beganEmpty;
    this.patientUntil = now + PATIENCE_MS;
    const { masterSilenceMs, suspectedAfterMs } = context.options;
    this.forgetful = context.bookkeeping.current.refilling === true;
    this.strangersUntil = this.forgetful ? now + masterSilenceMs + suspectedAfterMs : now;
  }

  heardFrom({ peer: { node, url } }: Member, ack: HeartbeatAck): void {
    const { acceptedEpoch, lastIndex } = ack;
    const candidate = acceptedEpoch === undefined ? null : { node, url, acceptedEpoch, lastIndex };
    this.heard.set(node, candidate);
    if (acceptedEpoch !== undefined) this.accepted.set(node, acceptedEpoch);
    if (lastIndex === 0) this.blank.add(node);
    if (ack.lost === undefined) this.lost.delete(node);
    else this.lost.set(node, ack.lost);
  }

  /** It has nothing more to give, until it is heard again. */
  exhausted(node: NodeId): void {
    this.heard.set(node, null);
  }

  /** It has answered that its log ends here. Where that is before what it has said, another life of
   * it has spoken, and nothing of that counts. Returns whether what it has said stands. */
  stands(node: NodeId, lastIndex: LogIndex): boolean {
    const said = this.heard.get(node) ?? null;
    if (said === null || lastIndex >= said.lastIndex) return true;
    this.forget(node);
    return false;
  }

  /** It did not answer: what it has said is not to be relied on. */
  forget(node: NodeId): void {
    this.heard.delete(node);
  }

  /** Members that have said where they stand and may have something to give, of whatever epoch. */
  speakers(): Candidate[] {
    const said = this.assembly.members().flatMap(({ peer }) => this.heard.get(peer.node) ?? []);
    const { incumbent = null, size } = this.assembly;
    if (incumbent === null) return said;
    const later = [...this.accepted.values()].filter((accepted) => accepted > incumbent);
    if (later.length >= majority(size())) return said;
    return said.filter(({ acceptedEpoch }) => acceptedEpoch <= incumbent);
  }

  /** Enough members have said what they have, those among them that do not count: what they have
   * may make up for what damage took from them. */
  enoughToFetch(now: number): boolean {
    return this.suffices(now, (member) => this.heard.has(member.peer.node));
  }

  enough(now: number): boolean {
    const doubted = this.incomplete ? this.doubted : [];
    const { lastIndex } = this.context.ledger.log;
    if (doubted.some(({ lost }) => lost.upTo > lastIndex)) return false;
    const isWitness = ({ peer }: Member): boolean =>
      doubted.length === 0 || !this.blank.has(peer.node);
    return this.suffices(now, (member) => this.counts(member) && isWitness(member));
  }

  /** All that these have to give is here now. */
  holds(candidates: readonly Candidate[]): void {
    const { lastIndex } = this.context.ledger.log;
    for (const candidate of candidates) {
      const whole = !this.lost.has(candidate.node);
      if (whole && candidate.lastIndex <= lastIndex) this.held.set(candidate.node, candidate);
    }
  }

  private suffices(now: number, counts: (member: Member) => boolean): boolean {
    const members = this.assembly.members();
    if (members.length + 1 < this.assembly.size() && now < this.strangersUntil) return false;
    if (!isMajority(members, counts, this.expected())) return false;
    if (this.lacking(counts).length > 0) return false;
    const silent = members.filter(
      (member) => !this.heard.has(member.peer.node) && member.status !== 'Unhealthy',
    );
    if (this.incomplete) return silent.length === 0;
    return now >= this.patientUntil || silent.every((member) => member.unreachable);
  }

  /** Every node of the cluster is a member, and counts as heard. */
  get everyone(): boolean {
    const members = this.assembly.members();
    const all = members.length + 1 >= this.assembly.size();
    return all && members.every((member) => this.counts(member));
  }

  /** Enough members have been heard, but too few of those who may have what was promised before:
   * who of them is waited for. */
  get awaited(): readonly NodeId[] {
    const members = this.assembly.members();
    const counts = (member: Member) => this.counts(member);
    if (!isMajority(members, counts, this.expected())) return [];
    return this.lacking(counts);
  }

  /** Who is waited for and gives no sign: members that are silent for so long that this is news,
   * and how many nodes of a configured size have not joined a master that does not have its log. */
  get absent(): { readonly silent: readonly NodeId[]; readonly unmet: number } {
    const members = this.assembly.members();
    const silent = members.filter(
      ({ peer, status }) => status !== 'Healthy' && !this.heard.has(peer.node),
    );
    const unmet = this.forgetful ? Math.max(0, this.expected() - members.length - 1) : 0;
    return { silent: silent.map(({ peer }) => peer.node), unmet };
  }

  /** Members that were heard and do not count, with what damage took from them. */
  get doubted(): { readonly node: NodeId; readonly lost: Lost }[] {
    return this.assembly.members().flatMap((member) => {
      const { node } = member.peer;
      const lost = this.lost.get(node);
      return lost === undefined || this.counts(member) ? [] : [{ node, lost }];
    });
  }

  /** What this node has acknowledged may not be in its log, however long that is. */
  private get incomplete(): boolean {
    return this.beganEmpty || this.context.bookkeeping.current.refilling === true;
  }

  /** See Electorate. */
  private lacking(counts: (member: Member) => boolean): readonly NodeId[] {
    const { electorate, members } = this.assembly;
    const counted = members().filter(counts);
    return electorate.lacking(counted.map(({ peer }) => peer.node));
  }

  /** How many nodes there are to be heard of, those that have not joined this master among them. */
  private expected(): number {
    return this.first ? 0 : this.assembly.size();
  }

  private counts({ peer }: Member): boolean {
    const lost = this.lost.get(peer.node);
    const whole = lost === undefined || this.makesUpFor(lost);
    return whole && this.heard.has(peer.node);
  }

  private makesUpFor(lost: Lost): boolean {
    const { ledger, bookkeeping } = this.context;
    const { acceptedEpoch, refilling = false } = bookkeeping.current;
    // What was dropped says nothing of what has been fetched since.
    const accepted = Math.max(refilling ? 0 : acceptedEpoch, ledger.log.lastEpoch);
    if (makesUpFor(ledger.log, lost, epochOf(accepted))) return true;
    return [...this.held.values()].some(
      ({ acceptedEpoch: of, lastIndex }) =>
        !lost.open &&
        of >= lost.epoch &&
        lastIndex >= lost.upTo &&
        lastIndex <= ledger.log.lastIndex,
    );
  }
}

/** Of these members and this node, or of `size` nodes if those are more. */
function isMajority(
  members: readonly Member[],
  counts: (member: Member) => boolean,
  size = 0,
): boolean {
  const counted = members.filter(counts).length;
  return 1 + counted >= majority(Math.max(size, members.length + 1));
}

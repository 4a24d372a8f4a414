// What the history tells of the nodes: who is up, who is a member, who is master, and who has lost
// its memory. An arbiter that is a process of its own is the node `arbiter`; it holds no log.

import type { HealthRecord, NodeRecord } from './history/history.ts';

/** The node that holds no log (`replog arbiter`, or the launcher's). */
export const ARBITER = 'arbiter';

/** So long an appointment may be under way before its node is master: the answer is waited for for
 * 2 s, and the epoch must be durable at the arbiter before, and then there. */
const APPOINTING_MS = 4_000;

export interface NodeFacts {
  readonly node: string;
  life: string;
  /** Keeps its log on disk. A start that does not say counts as a start with a disk. */
  durable: boolean;
  up: boolean;
  paused: boolean;
  /** It left; it is no member until it starts or joins again. */
  left: boolean;
  /** Of one that left: it was only asked to, and may be a member still. */
  leaving: boolean;
  /** It was master, and another node after it. */
  replaced: boolean;
  /** The latest epoch of which it was heard that it leads it; 0: none. */
  ledIn: number;
  /** When it was first heard to be in a later epoch without leading it; ∞: it was not. */
  deposedAt: number;
  /** What it was asked after this moment, it answers in its present office, or in one after which
   * nobody else has led. ∞: when the one before ended is not known; -∞: there was none. */
  freeSince: number;
  /** Since when it has been up and not paused. */
  steadySince: number;
  /** When it last lost its memory; -∞: never. */
  lostAt: number;
  /** When it last started with damage; -∞: never. */
  damagedAt: number;
  /** When it last left, or was asked to; -∞: never. */
  leftAt: number;
  /** Since when it is back after it had left; ∞ while it is gone; -∞: it never left. */
  backAt: number;
}

/** What a record about a node changed that bears on promises. */
export type Change = 'none' | 'lost' | 'damaged' | 'left' | 'other master' | 'arbiter forgot';

/**
 * Invariants:
 * 1. A node loses its memory when it is wiped, and, without a disk, when its process ends.
 * 2. Epochs only rise here: `opened` is the highest that anybody was heard to be in.
 */
export class ClusterFacts {
  readonly nodes = new Map<string, NodeFacts>();
  /** Node that became master last; before any role is recorded, the one that answers writes. */
  master: string | null = null;
  masterEpoch = 0;
  private masterSince = 0;
  /** Since when nobody else has become master. */
  private soleSince = 0;
  /** Another node has become master at some time. */
  replaced = false;
  /** Epochs up to here may have been given twice, so that they name nothing. */
  ambiguous = 0;
  opened = 0;
  /** A master has restarted, or left: the next epoch may have begun before anybody says so. */
  opening = false;
  /** The arbiter has lost its memory at some time: who joins first leads. */
  forgot = false;
  /** Masters know how large the cluster is, whatever the arbiter has forgotten. */
  sized = false;
  /** Cluster sizes as masters said them, or as a leave makes them, the latest last. */
  private readonly sizes: { readonly at: number; readonly size: number; readonly said: boolean }[] =
    [];

  /** Members with a log: all that ever started or joined, and have not left. */
  get members(): NodeFacts[] {
    return [...this.nodes.values()].filter(({ node, left }) => node !== ARBITER && !left);
  }

  /** Nodes that were asked to leave, and may be members still. */
  get leaving(): NodeFacts[] {
    return [...this.nodes.values()].filter(({ leaving }) => leaving);
  }

  /** Nodes that have left so lately that a new master may have been appointed before, the last one
   * first. */
  justLeft(at: number): NodeFacts[] {
    const gone = [...this.nodes.values()].filter(({ left, leaving }) => left && !leaving);
    const lately = gone.filter(({ leftAt }) => at - leftAt < APPOINTING_MS);
    return lately.sort((a, b) => b.leftAt - a.leftAt);
  }

  /** Whether another node was master all the time since this moment. Who is master after a restart
   * is not known before it says so. */
  isOthers(node: string, moment: number): boolean {
    return !this.forgot && !this.opening && this.wasOthers(node, moment);
  }

  /** Whether another node had become master before this moment, perhaps not for the last time, and
   * this one has not since: the next one is introduced before it answers anybody. */
  wasOthers(node: string, moment: number): boolean {
    const { master, soleSince } = this;
    return master !== null && master !== node && soleSince < moment;
  }

  /** An epoch was met. */
  saw(epoch: number): void {
    if (epoch <= this.opened) return;
    this.opened = epoch;
    this.opening = false;
  }

  /** Somebody said how large the cluster is. */
  health({ node, role, size, at, epoch }: HealthRecord): void {
    this.saw(epoch);
    const facts = this.nodes.get(node);
    if (facts !== undefined) says(facts, role, epoch, at);
    if (role !== 'master' || size === undefined) return;
    if (this.sizes.at(-1)?.size !== size) this.sizes.push({ at, size, said: true });
  }

  /** The smallest size that a master can have had in mind between two moments; null: not known.
   * What was said before the first moment may have been outdated at once, so one more counts. */
  smallestSize(from: number, to: number): number | null {
    let smallest: number | null = null;
    let before = 0;
    for (let i = this.sizes.length - 1; i >= 0 && before < 2; i -= 1) {
      const { at, size } = this.sizes[i]!;
      if (at > to) continue;
      if (at <= from) before += 1;
      smallest = Math.min(smallest ?? size, size);
    }
    return smallest;
  }

  /** A node that answers as a member without ever having been introduced. */
  known(node: string): NodeFacts {
    let facts = this.nodes.get(node);
    if (facts === undefined) {
      const never = Number.NEGATIVE_INFINITY;
      const here = { life: '', durable: true, up: true, paused: false };
      const stays = { left: false, leaving: false, replaced: false };
      const at = { steadySince: never, lostAt: never, damagedAt: never };
      const went = { leftAt: never, backAt: never };
      const office = { ledIn: 0, deposedAt: Number.POSITIVE_INFINITY, freeSince: never };
      facts = { node, ...here, ...stays, ...at, ...went, ...office };
      this.nodes.set(node, facts);
    }
    return facts;
  }

  take(record: NodeRecord): Change {
    const facts = this.known(record.node);
    switch (record.event) {
      case 'start':
        return this.started(record, facts);
      case 'crash':
      case 'stop':
        facts.up = false;
        return facts.durable ? 'none' : this.lost(facts, record.at);
      case 'wipe':
      case 'repair':
        return this.lost(facts, record.at);
      case 'pause':
        facts.paused = true;
        return 'none';
      case 'resume':
        facts.paused = false;
        facts.steadySince = record.at;
        return 'none';
      case 'join':
        this.returns(facts, record.at);
        return 'none';
      case 'leave':
        return this.leaves(facts, record.at, record.pending);
      case 'refused-start':
        facts.up = false;
        return 'none';
      case 'role':
        return this.role(record, facts);
    }
  }

  private started(record: NodeRecord, facts: NodeFacts): Change {
    const again = facts.life !== '' && facts.life !== record.life;
    const memoryGone = again && (!facts.durable || record.durable === false);
    facts.life = record.life;
    facts.up = true;
    facts.paused = false;
    this.returns(facts, record.at);
    facts.steadySince = record.at;
    facts.durable = record.durable ?? facts.durable;
    this.sized = record.sized ?? this.sized;
    if (record.node === this.master) this.opening = true;
    if (memoryGone) return this.lost(facts, record.at);
    if (record.damaged !== true) return 'none';
    facts.damagedAt = record.at;
    return 'damaged';
  }

  private lost(facts: NodeFacts, at: number): Change {
    facts.lostAt = at;
    if (facts.node !== ARBITER) return 'lost';
    this.forgot = true;
    return 'arbiter forgot';
  }

  private returns(facts: NodeFacts, at: number): void {
    if (facts.left) facts.backAt = at;
    facts.left = false;
    facts.leaving = false;
  }

  private leaves(facts: NodeFacts, at: number, pending = false): Change {
    const again = facts.left;
    facts.left = true;
    facts.leaving = pending;
    facts.backAt = Number.POSITIVE_INFINITY;
    facts.leftAt = at;
    if (!again && facts.node === this.master) this.opening = true;
    // The configured size follows; the next `health` of the master tells. It may also have told
    // before the leave came into effect, which is said once more then.
    const { said, size } = this.sizes.at(-1) ?? { said: false, size: 1 };
    if (size > 1 && (said || !again)) this.sizes.push({ at, size: size - 1, said: false });
    return again ? 'none' : 'left';
  }

  private role(record: NodeRecord, facts: NodeFacts): Change {
    if (record.epoch !== undefined) this.saw(record.epoch);
    if (record.role === 'removed') return this.leaves(facts, record.at);
    const { deposedAt } = facts;
    says(facts, record.role, record.epoch, record.at);
    if (record.role !== 'master') return 'none';
    // Whom a forgetful arbiter appoints again may have been overtaken by one that it does not know.
    const other = this.master !== null && (this.master !== record.node || this.forgot);
    const again = this.reused(record.epoch, facts);
    // One that stood still may say late what it was in an earlier epoch.
    if (!again && record.epoch !== undefined && record.epoch < this.masterEpoch) return 'none';
    if (this.master !== null && this.master !== record.node) {
      this.replaced = true;
      this.known(this.master).replaced = true;
    }
    if (this.master !== record.node) {
      this.soleSince = record.at;
      if (facts.replaced) facts.freeSince = deposedAt;
    }
    this.master = record.node;
    this.masterEpoch = record.epoch ?? this.masterEpoch;
    this.masterSince = record.at;
    if (again) return 'arbiter forgot';
    return other ? 'other master' : 'none';
  }

  /** A master that was its own arbiter, without a disk, begins to count epochs anew. */
  private reused(epoch: number | undefined, facts: NodeFacts): boolean {
    if (epoch === undefined || epoch > this.masterEpoch) return false;
    if (!this.forgot && facts.lostAt < this.masterSince) return false;
    this.forgot = true;
    this.sizes.length = 0;
    this.ambiguous = Math.max(this.ambiguous, this.masterEpoch);
    this.opening = true;
    return true;
  }
}

/** It says what it is, in which epoch. */
function says(
  facts: NodeFacts,
  role: HealthRecord['role'] | undefined,
  epoch: number | undefined,
  at: number,
): void {
  if (role === 'master') {
    if (epoch === undefined || epoch > facts.ledIn) facts.deposedAt = Number.POSITIVE_INFINITY;
    facts.ledIn = Math.max(facts.ledIn, epoch ?? 0);
  } else if (role === 'secondary' && (epoch ?? 0) > facts.ledIn) {
    facts.deposedAt = Math.min(facts.deposedAt, at);
  }
}

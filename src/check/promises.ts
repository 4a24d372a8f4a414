// Which acknowledged operations must still be there, after everything that has happened to those
// who hold them. This is the exact form of "what was acknowledged survives":
//
// An acknowledgement names nodes; each of them has everything up to that index. A node *loses* what
// it holds when its disk is wiped (`wipe`), when it keeps its log in memory and its process ends
// (`crash`, `stop`, another `start`), and, for the cluster, when it leaves (`leave`). A crash of a
// node with a disk loses nothing that it acknowledged.
//
// The master never drops what it holds. A new master, or one that lost its memory, hears a majority
// of the members and takes over the longest log, so it cannot miss what so many members hold that
// the others are no majority. An index is therefore kept while
//   - the master holds it, or
//   - more members hold it than a majority can do without.
// This is asked each time a node loses its memory, leaves, or another node becomes master; what is
// not kept then may be gone, and is `excused` (`w` = 1, and the only disk wiped). A new master goes
// by the members of when it was appointed: who has left since may be one of its majority. When the
// arbiter has lost its own memory, anyone may come to lead, so that what only the master holds is
// not kept; and where the cluster's size was not configured, alone: then only what all members hold
// is kept. A write that was under way at such a moment is promised nothing, but by a master that is
// new, or by a majority while nobody loses anything.
//
// A node that starts with damage loses only what nobody else has (`damaged`): it shows less for a
// while, but no master goes on without what another one holds, until its operator gives up what the
// damage took (`repair`), which counts as the loss of its disk.
//
// What a node acknowledged before it lost its memory is promised by its earlier life alone, and the
// master cannot know of the loss at once. So an answer that may be about what was appended before
// then counts for nothing on the side of that node: a `duplicate`, and a 504 to a request with an
// idempotency key, which does not say whether it was a repetition.
//
// A 504 with `acks` promises the same for the nodes that it names (it stays, and goes on
// replicating); an operation that a node showed at or below its commit index is promised as well,
// and so is a value that it gave to a read which shows only what is on a majority.

import { ARBITER, type Change, type ClusterFacts, type NodeFacts } from './cluster-facts.ts';
import type { WriteRecord } from './history/history.ts';
import { keptBy, keptSince } from './kept.ts';
import { ByIndex } from './log/by-index.ts';
import { Frontier } from './log/frontier.ts';
import { majority } from './majority.ts';
import type { Content } from './operations.ts';

/** What must be at an index, and the record that says so. */
export interface Promised {
  readonly content: Content;
  readonly place: number;
  /** The request that was told this index; undefined: none so far, a node showed it. */
  request?: Request;
}

/** Two answers are about one request only if both have the same key. */
interface Request {
  readonly key: string | null;
  readonly place: number;
}

/**
 * Invariants:
 * 1. A node's position is raised only by what is promised, and never stands above what is kept.
 * 2. Each promise is excused at most once: all work is linear in the length of the history.
 */
export class Promises {
  /** Acknowledged, or shown to be on a majority, and kept: the highest by the time a request
   * began. */
  readonly frontier = new Frontier();
  /** Highest index that is promised. */
  highest = 0;
  excused = 0;
  /** How often a node lost its memory or left, and what was kept when last anything was lost. */
  losses = 0;
  kept = Number.POSITIVE_INFINITY;
  /** When last something was lost. What began before is not judged by what was held. */
  riskAt = Number.NEGATIVE_INFINITY;
  /** The same, but for what had no other reason than another master. */
  private lossAt = Number.NEGATIVE_INFINITY;
  /** Entries above this index, of this epoch or earlier ones, may have been lost. */
  private lostAbove = Number.POSITIVE_INFINITY;
  private lostEpoch = 0;
  /** When the latest epoch began. */
  private reopenedAt = Number.NEGATIVE_INFINITY;
  private readonly promised = new ByIndex<Promised>();
  readonly positions = new Map<string, number>();
  /** The same of each node that has left, when it did. */
  readonly parted = new Map<string, number>();
  /** What each node must show by itself, as long as no other log can have replaced its own. */
  private readonly held = new Map<string, Frontier>();

  at(index: number): Promised | null {
    return this.promised.at(index) ?? null;
  }

  /** All that is promised, by rising index. */
  all(): Iterable<[index: number, promised: Promised]> {
    return this.promised.entries();
  }

  /** What the node by itself must show to a read that begins at `moment`. */
  heldBy(node: string, moment: number): { readonly index: number; readonly place: number } {
    return this.held.get(node)?.at(moment) ?? { index: 0, place: 0 };
  }

  /** A write was answered, and nodes are named that have it. Returns a promise that it breaks. */
  acknowledged(
    record: WriteRecord,
    contents: readonly Content[],
    place: number,
    cluster: ClusterFacts,
  ): { readonly index: number; readonly before: Promised } | null {
    const { first, idempotencyKey: key } = record;
    const acks = (record.acks ?? []).filter((node) => knows(node, record, cluster));
    if (first === undefined || acks.length === 0 || !this.isOfNow(record, cluster)) return null;
    const moment = record.return ?? record.call;
    const last = first + contents.length - 1;
    if (!keeps(acks, cluster) || isOutdated(record, cluster)) return null;
    // An answer may be heard after its master has ended, and another life of it has begun.
    const lasts = record.call > this.reopenedAt;
    for (const node of acks) {
      const whole = !hadDamage(node, record, cluster);
      this.hold(node, last, { moment, place, lasts: lasts && whole });
    }
    this.frontier.reach(moment, last, place);
    for (const [i, content] of contents.entries()) {
      const promised = this.at(first + i);
      if (promised !== null && promised.content !== content) {
        return { index: first + i, before: promised };
      }
      const other = promised?.request;
      if (other !== undefined && (key === null || key !== other.key)) {
        return { index: first + i, before: { content, ...other } };
      }
      const now = promised ?? this.promise(first + i, content, place);
      now.request ??= { key, place };
    }
    return null;
  }

  /** A node says that a majority has it. */
  committed(
    { index, epoch }: { readonly index: number; readonly epoch: number },
    content: Content,
    call: number,
    place: number,
  ): Promised | null {
    // A node that has not heard yet of what was lost may still show it.
    const outdated = epoch <= this.lostEpoch && index > this.lostAbove;
    if (call <= this.riskAt || outdated) return null;
    const before = this.at(index);
    if (before === null) this.promise(index, content, place);
    return before !== null && before.content !== content ? before : null;
  }

  /** Whether this was before the latest epoch began. */
  isPast(moment: number): boolean {
    return moment <= this.reopenedAt;
  }

  /** Whether what stood at this index may have been lost at some time. */
  mayHaveLost(index: number): boolean {
    return index > this.lostAbove;
  }

  /** Whether what is shown as settled to a read that began at `moment` is so for everybody: a
   * master that a forgetful arbiter does not know may have a majority of its own. */
  certain(moment: number, cluster: ClusterFacts): boolean {
    return !cluster.forgot && moment > this.riskAt;
  }

  /** A node lost its memory or left, or another one leads: what is not kept is excused. */
  risk(change: Change, node: string, at: number, cluster: ClusterFacts): void {
    if (change === 'none') return;
    if (change === 'damaged') {
      this.damaged(node, at, cluster);
      return;
    }
    if (change === 'lost' || change === 'left') {
      const parted = change === 'left' ? this.positions.get(node) : undefined;
      this.parted.set(node, parted ?? 0);
      this.positions.delete(node);
      this.held.delete(node);
    }
    if (change !== 'other master') this.noteLoss(at);
    const kept = keptBy(this, cluster);
    const appointed = change === 'other master' ? keptSince(this, cluster, at) : kept;
    this.keep(Math.min(kept, appointed), at, cluster);
  }

  /** A node shows less than it had, and others have the rest: no master goes on without it. Only
   * what nobody else had is lost. */
  private damaged(node: string, at: number, cluster: ClusterFacts): void {
    this.held.delete(node);
    const others = cluster.members.filter((member) => member.node !== node);
    const kept = Math.max(0, ...others.map((other) => this.positions.get(other.node) ?? 0));
    if (kept >= (this.positions.get(node) ?? 0)) return;
    this.noteLoss(at);
    this.keep(kept, at, cluster);
  }

  private noteLoss(at: number): void {
    this.losses += 1;
    this.lossAt = Math.max(this.lossAt, at);
  }

  /** Whether an answer tells of what is held now. What a majority has no other master drops; and
   * the master tells of its own log, also to who asked before it took office: if it was none
   * before, or was heard by then to be none any more. */
  private isOfNow({ acks = [], call, node }: WriteRecord, cluster: ClusterFacts): boolean {
    const { forgot, master, members, nodes } = cluster;
    const freeSince = nodes.get(node)?.freeSince ?? Number.POSITIVE_INFINITY;
    const isNew = node === master && call > freeSince;
    const stays = isNew || acks.length >= majority(members.length);
    return call > (stays && !forgot ? this.lossAt : this.riskAt);
  }

  /** What lies above `kept` is excused. */
  private keep(kept: number, at: number, cluster: ClusterFacts): void {
    this.kept = kept;
    this.lostAbove = Math.min(this.lostAbove, kept);
    this.lostEpoch = Math.max(this.lostEpoch, cluster.opened);
    this.excused += this.promised.cut(kept);
    this.highest = Math.min(this.highest, kept);
    this.frontier.cap(kept);
    for (const held of this.held.values()) held.cap(kept);
    for (const indexes of [this.positions, this.parted]) {
      for (const [name, index] of indexes) indexes.set(name, Math.min(index, kept));
    }
    this.riskAt = Math.max(this.riskAt, at);
  }

  /** A new epoch begins: what its master does not have on disk may be fetched anew by others, and
   * until then be missing there. */
  reopened(master: string, at: number): void {
    this.reopenedAt = Math.max(this.reopenedAt, at);
    for (const node of this.held.keys()) if (node !== master) this.held.delete(node);
  }

  private promise(index: number, content: Content, place: number): Promised {
    const promised: Promised = { content, place };
    this.promised.set(index, promised);
    if (index > this.highest) this.highest = index;
    return promised;
  }

  /** `lasts`: no other log can have taken the place of the node's own since. */
  private hold(
    node: string,
    index: number,
    { moment, place, lasts }: { moment: number; place: number; lasts: boolean },
  ): void {
    if (index > (this.positions.get(node) ?? 0)) this.positions.set(node, index);
    if (!lasts) return;
    let held = this.held.get(node);
    if (held === undefined) {
      held = new Frontier();
      this.held.set(node, held);
    }
    held.reach(moment, index, place);
  }
}

/** Whether it is certain that this life of the node has it. What was appended before the node lost
 * its memory may have been acknowledged by its earlier life: the master cannot know at once. */
function knows(node: string, record: WriteRecord, cluster: ClusterFacts): boolean {
  const facts = cluster.nodes.get(node);
  // One that has left, or did since, may start over when it is back.
  if (facts !== undefined && record.call <= facts.backAt) return false;
  return since(facts?.lostAt, record);
}

/** Whether damage may have taken it from the node again: then others have it, and this one will. */
function hadDamage(node: string, record: WriteRecord, cluster: ClusterFacts): boolean {
  return !since(cluster.nodes.get(node)?.damagedAt, record);
}

/** Whether what was acknowledged was appended after a moment; undefined or -∞: there was none. */
function since(moment: number | undefined, record: WriteRecord): boolean {
  if (moment === undefined || moment === Number.NEGATIVE_INFINITY) return true;
  const open = record.outcome !== 'ok' && record.idempotencyKey !== null;
  return record.duplicate !== true && !open && record.call > moment;
}

/** Whether a master says so that was replaced before it was asked, and does not know it: where it
 * is not told by a majority, it tells of a log that is nobody's. */
export function isOutdated(
  { acks = [], call, node }: Pick<WriteRecord, 'acks' | 'call' | 'node'>,
  cluster: ClusterFacts,
): boolean {
  const { master, members, replaced } = cluster;
  if (!replaced || !cluster.wasOthers(node, call) || acks.includes(master!)) return false;
  return acks.length < majority(members.length);
}

/** Whether these holders are enough, as things stand, and also if who was asked to leave stays. */
export function keeps(acks: readonly string[], cluster: ClusterFacts): boolean {
  if (cluster.master === null || acks.includes(cluster.master)) return !acks.includes(ARBITER);
  const { leaving, members } = cluster;
  const enough = (of: readonly NodeFacts[]): boolean =>
    of.filter(({ node }) => !acks.includes(node)).length < majority(of.length);
  return enough(members) && (leaving.length === 0 || enough([...members, ...leaving]));
}

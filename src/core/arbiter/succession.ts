// Who takes the office when its master is silent. The rule: it passes only when a majority of the
// cluster, without the master, hears nothing of it. Then the master has no quorum any more, and
// whatever a majority holds is held by one of those who report. Only members are heard of which the
// master knows: by its members it can tell how long it is certain of its office (master/tenure.ts).

import type { Noted } from '../effects.ts';
import { type Epoch, type Incarnation, type LogIndex, logIndex, type NodeId } from '../ids.ts';
import { clusterSize, majority } from '../master/quorum.ts';
import type { Join } from '../messages.ts';
import { type Growth, shortOf } from '../recovery/growth.ts';
import { RecentSet } from '../tables/recent-set.ts';

/** Processes that ended, and are still told from those that have not: more than restart while a
 * message is under way. */
const ENDED_MAX = 1_000;

/** Reports that are kept, those of nodes that have left included. */
const REPORTS_MAX = 1_000;

/** What a member has said last. */
interface Report {
  readonly life: Incarnation;
  /** Which of its Joins said so. */
  readonly asked: number;
  /** It hears nothing of the master. */
  readonly silent: boolean;
  readonly at: number;
  readonly acceptedEpoch: Epoch | 0;
  readonly lastIndex: LogIndex;
  /** It may be master: it was not started as a secondary. */
  readonly eligible: boolean;
}

/**
 * Invariants:
 * 1. A report counts for the master of the present epoch alone, and only while it is fresh.
 * 2. One that was taken back does not count again, however late a copy of it comes, nor does one of
 *    a process that another has followed. Of several arbiters each knows only what came to it: so
 *    one of before this term does not count, and a member is told of a term by its first answer.
 * 3. Neither more members count, nor fewer are a majority, than the master takes note of. Of those
 *    that have had the log (recovery/electorate.ts) a majority must be among them: a majority of
 *    all may be nodes that have just joined.
 */
export class Succession {
  private readonly freshMs: number;
  private readonly term: string | undefined;
  private readonly reports = new Map<NodeId, Report>();
  /** Processes of members that others have followed. */
  private readonly ended = new RecentSet<string>(ENDED_MAX);
  private electors: Set<NodeId>;
  private size: number;
  /** The master included; null: no master has said who they are. */
  private established: Set<NodeId> | null;
  /** How far the log of any other must be durable in this epoch; null: no master has said. */
  private newcomersAt: LogIndex | null;

  /** `freshMs`: how long a report counts, in milliseconds. `known`: of the master. `term`: of this
   * arbiter, where it has several. */
  constructor(freshMs: number, known: Noted, term?: string) {
    this.freshMs = freshMs;
    this.term = term;
    this.electors = new Set(known.nodes);
    this.size = clusterSize(known.size, known.nodes.length);
    this.established = known.established === undefined ? null : new Set(known.established);
    this.newcomersAt = known.newcomersAt ?? null;
  }

  /** What the master knows. */
  get noted(): Noted {
    const { established, newcomersAt } = this;
    const named = established === null ? {} : { established: [...established] };
    const when = newcomersAt === null ? {} : { newcomersAt };
    return { size: this.size, nodes: [...this.electors], ...named, ...when };
  }

  /** There are members that are to become established, as the master will say when it is asked
   * again. */
  get awaitsNewcomers(): boolean {
    const { established } = this;
    return established !== null && [...this.electors].some((node) => !established.has(node));
  }

  private get growth(): Growth {
    const established = [...(this.established ?? [])];
    const newcomers = [...this.electors].filter((node) => !established.includes(node));
    return { established, newcomers };
  }

  /** The master knows of this cluster, and names those who are established; absent: as before.
   * Returns whether that is another one than before. */
  notes({ established, newcomersAt, nodes, size }: Noted): boolean {
    const before = this.noted;
    this.electors = new Set(nodes);
    this.size = clusterSize(size, nodes.length);
    const named = (established ?? before.established)?.filter((node) => this.electors.has(node));
    this.established = named === undefined ? null : new Set(named);
    this.newcomersAt = newcomersAt ?? null;
    const { noted } = this;
    return (
      noted.size !== before.size ||
      noted.newcomersAt !== before.newcomersAt ||
      !isSame(noted.nodes, before.nodes) ||
      !isSame(noted.established, before.established)
    );
  }

  /** A member of the present epoch, which is not its master, asks for its role. */
  heard(join: Join, now: number): void {
    const { acceptedEpoch = 0, asked = 0, lastIndex, masterSilent: silent, node, wants } = join;
    const life = join.incarnation;
    if (silent === undefined || this.ended.has(life)) return;
    if (silent && join.term !== this.term) return;
    if (asked <= (this.reports.get(node)?.asked ?? 0)) return;
    if (this.hasCaughtUp(join)) this.established?.add(node);
    const eligible = wants !== 'secondary';
    this.reports.set(node, { life, asked, silent, at: now, acceptedEpoch, lastIndex, eligible });
  }

  /** It has had the log since it joined, which its master may not have lived to say. */
  private hasCaughtUp({ acceptedEpoch, durableIndex = logIndex(0), epoch, node }: Join): boolean {
    const { newcomersAt } = this;
    if (newcomersAt === null || !this.electors.has(node)) return false;
    return acceptedEpoch === epoch && durableIndex >= newcomersAt;
  }

  /** A member has left. The master may hear of that before this arbiter hears of the master: if the
   * member comes back, it counts when the master has taken note of it again. */
  left(node: NodeId): void {
    const report = this.reports.get(node);
    this.reports.delete(node);
    // Of a process that comes back what it has said before is no news, however late a copy comes.
    if (report !== undefined) this.reports.set(node, { ...report, silent: false });
    this.forget();
    this.electors.delete(node);
    this.established?.delete(node);
  }

  /** Another process of a member asks than `before`, whose word does not count any more, whenever
   * it comes; undefined: it was no member. */
  begins(node: NodeId, life: Incarnation, before: string | undefined): void {
    if (this.reports.get(node)?.life !== life) this.reports.delete(node);
    // A late word of one that has ended ends nobody.
    if (before === undefined || this.ended.has(life)) return;
    this.ended.add(before);
  }

  /** Of those that are no members there is no end. */
  private forget(): void {
    for (const node of this.reports.keys()) {
      if (this.reports.size <= REPORTS_MAX) return;
      if (!this.electors.has(node)) this.reports.delete(node);
    }
  }

  /** Another epoch begins. */
  clear(): void {
    this.reports.clear();
    this.newcomersAt = null;
  }

  /** Whether `node`, which has just said so, is to lead a cluster of `size` nodes: of those that
   * hear nothing of the master none has a later log, so that it has the least to fetch. */
  passesTo(node: NodeId, size: number, now: number): boolean {
    const fresh = new Map<NodeId, Report>();
    for (const [id, report] of this.reports) {
      const counts = report.silent && now - report.at <= this.freshMs;
      if (counts && this.electors.has(id)) fresh.set(id, report);
    }
    const own = fresh.get(node);
    if (own?.eligible !== true) return false;
    if (!this.areEnough([...fresh.keys()], Math.max(size, this.size))) return false;
    return [...fresh.values()].every((other) => !other.eligible || !isLater(other, own));
  }

  /** A majority of a cluster of `size` nodes, and of those that may have what was promised. */
  private areEnough(nodes: readonly NodeId[], size: number): boolean {
    if (nodes.length < majority(size)) return false;
    return shortOf(this.growth, (id) => nodes.includes(id)).length === 0;
  }
}

function isSame(some: readonly NodeId[] = [], others: readonly NodeId[] = []): boolean {
  return some.length === others.length && some.every((node) => others.includes(node));
}

/** As in Viewstamped Replication, the epoch that a log was accepted in comes before its length. */
function isLater(a: Report, b: Report): boolean {
  if (a.acceptedEpoch !== b.acceptedEpoch) return a.acceptedEpoch > b.acceptedEpoch;
  return a.lastIndex > b.lastIndex;
}

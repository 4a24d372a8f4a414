// Who takes the office when its master is silent. The rule: it passes only when a majority of the
// cluster, without the master, hears nothing of it. Then the master has no quorum any more, and
// whatever a majority holds is held by one of those who report. Only members are heard of which the
// master knows: by its members it can tell how long it is certain of its office (master/tenure.ts).

import type { Noted } from '../effects.ts';
import type { Epoch, Incarnation, LogIndex, NodeId } from '../ids.ts';
import { majority } from '../master/quorum.ts';
import type { Join } from '../messages.ts';

/** Processes that ended, and are still told from those that have not: more than restart while a
 * message is under way. */
const ENDED_MAX = 1_000;

/** What a member has said last. */
interface Report {
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
 *    a process that another has followed.
 * 3. Neither more members count, nor fewer are a majority, than the master takes note of.
 */
export class Succession {
  private readonly freshMs: number;
  private readonly reports = new Map<NodeId, Report>();
  /** Processes of members that others have followed, the latest last. */
  private readonly ended = new Set<string>();
  private electors: Set<NodeId>;
  private size: number;

  /** `freshMs`: how long a report counts, in milliseconds. `known`: of the master. */
  constructor(freshMs: number, known: Noted) {
    this.freshMs = freshMs;
    this.electors = new Set(known.nodes);
    this.size = known.size ?? known.nodes.length;
  }

  /** What the master knows. */
  get noted(): Noted {
    return { size: this.size, nodes: [...this.electors] };
  }

  /** The master knows of this cluster. Returns whether that is another one than before. */
  notes({ nodes, size }: Noted): boolean {
    const before = this.electors;
    const sizeBefore = this.size;
    this.electors = new Set(nodes);
    this.size = size ?? nodes.length;
    const same = before.size === this.electors.size && nodes.every((node) => before.has(node));
    return !same || sizeBefore !== this.size;
  }

  /** A member of the present epoch, which is not its master, asks for its role. */
  heard(join: Join, now: number): void {
    const { acceptedEpoch = 0, asked = 0, lastIndex, masterSilent: silent, node, wants } = join;
    if (silent === undefined || this.ended.has(join.incarnation)) return;
    if (asked <= (this.reports.get(node)?.asked ?? 0)) return;
    const eligible = wants !== 'secondary';
    this.reports.set(node, { asked, silent, at: now, acceptedEpoch, lastIndex, eligible });
  }

  /** A member has left. The master may hear of that before this arbiter hears of the master: if the
   * member comes back, it counts when the master has taken note of it again. */
  left(node: NodeId): void {
    this.reports.delete(node);
    this.electors.delete(node);
  }

  /** Another process of a member asks than `before`, whose word does not count any more, whenever
   * it comes. */
  begins(node: NodeId, life: Incarnation, before: string | undefined): void {
    this.reports.delete(node);
    // A late word of one that has ended ends nobody.
    if (before === undefined || this.ended.has(life)) return;
    this.ended.add(before);
    if (this.ended.size <= ENDED_MAX) return;
    const [longest] = this.ended;
    this.ended.delete(longest!);
  }

  /** Another epoch begins. */
  clear(): void {
    this.reports.clear();
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
    if (fresh.size < majority(Math.max(size, this.size))) return false;
    return [...fresh.values()].every((other) => !other.eligible || !isLater(other, own));
  }
}

/** As in Viewstamped Replication, the epoch that a log was accepted in comes before its length. */
function isLater(a: Report, b: Report): boolean {
  if (a.acceptedEpoch !== b.acceptedEpoch) return a.acceptedEpoch > b.acceptedEpoch;
  return a.lastIndex > b.lastIndex;
}

// Who waits for how many acknowledgements, and who may be answered now.
//
// Waiters that ask for the same thing stand in one line, ordered by index: one look at the front of
// each line after an acknowledgement finds everyone who is done.

import type { WriteConcern } from '../effects.ts';
import type { LogIndex, NodeId, Ticket } from '../ids.ts';
import { Heap, type Spot } from '../tables/heap.ts';
import { TicketTable } from '../tables/ticket-table.ts';
import { majority, reachedBy } from './quorum.ts';

/** A client that waits. */
export interface Waiter {
  readonly ticket: Ticket;
  readonly first: LogIndex;
  readonly last: LogIndex;
  readonly w: WriteConcern;
  readonly duplicate: boolean;
  /** When it is told "timed out"; infinite: never. */
  readonly deadline: number;
}

/** Up to where each current member has acknowledged, the master by what it has persisted. */
export interface Acknowledged {
  readonly self: NodeId;
  readonly positions: ReadonlyMap<NodeId, LogIndex>;
  /** Cluster size, which `majority` is of. */
  readonly size: number;
}

/** Where a waiter stands. */
interface Standing {
  readonly waiter: Waiter;
  readonly line: Line;
  readonly inLine: Spot<Waiter>;
  /** null: it has all the time in the world. */
  readonly amongDeadlines: Spot<Waiter> | null;
}

interface Line {
  readonly waiters: Heap<Waiter>;
  readonly w: number | 'majority' | 'all';
  /** For `all`: the members when its waiters came, less those that left since. */
  readonly members: Set<NodeId> | null;
}

/**
 * Invariants:
 * 1. A waiter stands in exactly one line until it is answered, gives up or is gone; then in none.
 * 2. No answer without the master's own acknowledgement, and every node counts once.
 */
export class WriteConcerns {
  private readonly lines = new Map<string, Line>();
  private readonly deadlines = new Heap<Waiter>();
  private readonly byTicket = new TicketTable<Standing>();
  private membership = 0;
  private patient = 0;

  /** Everyone who waits. */
  get size(): number {
    return this.byTicket.size;
  }

  /** Those who wait for other nodes too. */
  get waitingForOthers(): number {
    return this.patient;
  }

  add(waiter: Waiter, members: Iterable<NodeId>): void {
    const name = waiter.w === 'all' ? `all:${this.membership}` : String(waiter.w);
    let line = this.lines.get(name);
    if (line === undefined) {
      const all = waiter.w === 'all' ? new Set(members) : null;
      line = { waiters: new Heap<Waiter>(), w: waiter.w, members: all };
      this.lines.set(name, line);
    }
    const { deadline, ticket, last } = waiter;
    const inLine = line.waiters.push(waiter, last);
    const late = deadline < Number.POSITIVE_INFINITY;
    const amongDeadlines = late ? this.deadlines.push(waiter, deadline) : null;
    this.byTicket.add(ticket, { waiter, line, inLine, amongDeadlines });
    if (waiter.w !== 1) this.patient += 1;
  }

  /** A member came: later `all` waiters count it, earlier ones do not. */
  joined(): void {
    this.membership += 1;
  }

  /** A member left: nobody waits for it any more. Who comes later waits for the same ones as who
   * waits since the last one came: both do without it. */
  left(node: NodeId): void {
    for (const line of this.lines.values()) line.members?.delete(node);
  }

  /** Takes out and returns everyone whose write concern is met. */
  satisfied(acknowledged: Acknowledged): Waiter[] {
    const done: Waiter[] = [];
    for (const [name, line] of this.lines) {
      const reached = reach(line, acknowledged);
      for (let next = line.waiters.peek(); next !== undefined; next = line.waiters.peek()) {
        if (next.last > reached) break;
        done.push(next);
        this.drop(next.ticket);
      }
      if (line.waiters.size === 0) this.lines.delete(name);
    }
    return done;
  }

  /** Takes out and returns everyone whose time is up. */
  expired(now: number): Waiter[] {
    const late: Waiter[] = [];
    for (let next = this.deadlines.peek(); next !== undefined; next = this.deadlines.peek()) {
      if (next.deadline > now) break;
      late.push(next);
      this.drop(next.ticket);
    }
    return late;
  }

  /** The client is gone, or has been answered. */
  drop(ticket: Ticket): void {
    const standing = this.byTicket.take(ticket);
    if (standing === undefined) return;
    const { waiter, line, inLine, amongDeadlines } = standing;
    line.waiters.remove(inLine);
    if (amongDeadlines !== null) this.deadlines.remove(amongDeadlines);
    if (waiter.w !== 1) this.patient -= 1;
  }

  /** Takes out and returns everyone, in the order in which they came: the node stops, or is master
   * no more. */
  drain(): Waiter[] {
    const all = this.byTicket.all().map(({ waiter }) => waiter);
    all.sort((a, b) => a.ticket - b.ticket);
    for (const waiter of all) this.drop(waiter.ticket);
    this.lines.clear();
    return all;
  }

  deadline(): number {
    return this.deadlines.peek()?.deadline ?? Number.POSITIVE_INFINITY;
  }
}

/** Up to which index the waiters of this line are satisfied. */
function reach(line: Line, { self, positions, size }: Acknowledged): LogIndex {
  const own = positions.get(self) ?? (0 as LogIndex);
  if (line.members === null) {
    const needed = line.w === 'majority' ? majority(size) : (line.w as number);
    return Math.min(own, reachedBy([...positions.values()], needed)) as LogIndex;
  }
  let lowest = own;
  for (const node of line.members) {
    lowest = Math.min(lowest, positions.get(node) ?? 0) as LogIndex;
  }
  return lowest;
}

/** The members that have the operation at `index`, the master first. */
export function holders(index: LogIndex, { self, positions }: Acknowledged): NodeId[] {
  const having: NodeId[] = [];
  if ((positions.get(self) ?? 0) >= index) having.push(self);
  for (const [node, position] of positions) {
    if (node !== self && position >= index) having.push(node);
  }
  return having;
}

// Whose majority a new master must have heard: the nodes by which earlier promises were kept. A
// node that has only just joined has kept none. If it counted, what an operation's few holders
// still have could be dropped without asking any of them (as Raft has a new server catch up before
// it votes: section 4.2.1 of Ongaro's dissertation).

import type { Context } from '../context.ts';
import { type LogIndex, logIndex, type NodeId } from '../ids.ts';
import type { Appointment } from '../master/mandate.ts';
import type { ReplicasNoted } from '../messages.ts';
import { shortOf } from './growth.ts';

/**
 * Invariants:
 * 1. Each member is established or a newcomer. A newcomer becomes established when it has
 *    acknowledged all that the log held when it joined, or when the epoch was settled if that was
 *    later; until it leaves, it stays established.
 * 2. Who is established is remembered beyond this epoch, for the next one of the same master. Where
 *    another one may follow it, the arbiter is told (see ReplicasNoted).
 */
export class Electorate {
  private readonly context: Context;
  private readonly established = new Set<NodeId>();
  /** How far each must come, in the order in which they joined; null: the epoch is not settled, so
   * that nobody knows. This node is among them if it is one, until then. */
  private readonly newcomers = new Map<NodeId, LogIndex | null>();
  private settled = false;
  /** This node is established as well. */
  private readonly own: boolean;
  /** Nobody can have held anything before this epoch. */
  private readonly first: boolean;

  /** `replicas` of the appointment: the members of the cluster when the epoch began; null: nobody
   * has said yet. Of them those are established that an earlier master has named, or else those
   * that this one remembers; where neither is known, all. `first`: there was no epoch before. */
  constructor(context: Context, { established: named, replicas }: Appointment, first = false) {
    this.context = context;
    this.first = first;
    const { node: self } = context.self;
    this.own = named?.includes(self) !== false;
    if (replicas === null) return;
    const remembered = context.bookkeeping.current.established ?? null;
    const known = named ?? remembered;
    for (const { node } of replicas) {
      if (node === self) {
        if (!this.own) this.newcomers.set(node, null);
      } else if (known === null || known.includes(node)) this.established.add(node);
      else this.newcomers.set(node, null);
    }
    const { size } = this.established;
    const same = remembered?.every((node) => this.established.has(node)) === true;
    if (!same || remembered.length !== size) this.remember();
  }

  /** For the arbiter. */
  get told(): Omit<ReplicasNoted, 'type'> {
    const targets = [...this.newcomers.values()].map(
      (target) => target ?? Number.POSITIVE_INFINITY,
    );
    const last = Math.max(...targets);
    const when = Number.isFinite(last) ? { newcomersAt: logIndex(last) } : {};
    return { established: this.names, ...when };
  }

  private get names(): NodeId[] {
    const { node } = this.context.self;
    return this.own || this.settled ? [node, ...this.established] : [...this.established];
  }

  has(node: NodeId): boolean {
    return this.established.has(node);
  }

  /** Of whom more must be heard than these members and this node, beside a majority of all; empty:
   * these are enough. */
  lacking(heard: readonly NodeId[]): readonly NodeId[] {
    const { node: self } = this.context.self;
    const growth = { established: this.names, newcomers: [...this.newcomers.keys()] };
    return shortOf(growth, (node) => node === self || heard.includes(node));
  }

  joined(node: NodeId): void {
    if (this.established.has(node) || this.newcomers.has(node)) return;
    const known = this.settled || this.first;
    this.newcomers.set(node, known ? this.context.ledger.log.lastIndex : null);
    this.acknowledged(node, logIndex(0));
  }

  left(node: NodeId): void {
    this.newcomers.delete(node);
    if (this.established.delete(node)) this.remember();
  }

  /** The master knows now what its log holds. */
  settle(): void {
    this.settled = true;
    const { lastIndex } = this.context.ledger.log;
    this.newcomers.delete(this.context.self.node);
    for (const node of [...this.newcomers.keys()]) {
      this.newcomers.set(node, lastIndex);
      this.acknowledged(node, logIndex(0));
    }
  }

  /** A member has everything up to `index`. */
  acknowledged(node: NodeId, index: LogIndex): void {
    const target = this.newcomers.get(node) ?? null;
    if (target === null || index < target) return;
    this.newcomers.delete(node);
    this.established.add(node);
    this.remember();
  }

  private remember(): void {
    this.context.bookkeeping.remember({ established: [...this.established] });
  }
}

// Whose majority a new master must have heard: the nodes by which earlier promises were kept. A
// node that has only just joined has kept none. If it counted, what an operation's few holders
// still have could be dropped without asking any of them (as Raft has a new server catch up before
// it votes: section 4.2.1 of Ongaro's dissertation).

import type { Context } from '../context.ts';
import type { LogIndex, NodeId } from '../ids.ts';

/**
 * Invariants:
 * 1. Each member is established or a newcomer. A newcomer becomes established when it has
 *    acknowledged all that the log held when it joined, or when the epoch was settled if that was
 *    later; until it leaves, it stays established.
 * 2. Who is established is remembered beyond this epoch, for the next one of the same master.
 */
export class Electorate {
  private readonly context: Context;
  private readonly established = new Set<NodeId>();
  /** How far each must come; null: the epoch is not settled, so that nobody knows. */
  private readonly newcomers = new Map<NodeId, LogIndex | null>();
  private settled = false;

  /** `appointed`: the members of the cluster when the epoch began; null: nobody has said yet. A
   * master that remembers nothing takes them all for established. */
  constructor(context: Context, appointed: readonly NodeId[] | null) {
    this.context = context;
    if (appointed === null) return;
    const remembered = context.bookkeeping.current.established ?? null;
    for (const node of appointed) {
      if (remembered === null || remembered.includes(node)) this.established.add(node);
      else this.newcomers.set(node, null);
    }
    if (remembered?.length !== this.established.size) this.remember();
  }

  /** Whether it counts among those whose majority must be heard, beside that of all members. */
  has(node: NodeId): boolean {
    return this.established.has(node);
  }

  joined(node: NodeId): void {
    if (this.established.has(node) || this.newcomers.has(node)) return;
    this.newcomers.set(node, this.settled ? this.context.ledger.log.lastIndex : null);
  }

  left(node: NodeId): void {
    this.newcomers.delete(node);
    if (this.established.delete(node)) this.remember();
  }

  /** The master knows now what its log holds. */
  settle(): void {
    this.settled = true;
    const { lastIndex } = this.context.ledger.log;
    for (const node of this.newcomers.keys()) this.newcomers.set(node, lastIndex);
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

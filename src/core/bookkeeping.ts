// What a node must not forget beside its log, and what has to wait until it is on disk.

import type { Memory } from './effects.ts';
import type { Outbox } from './outbox.ts';

/** Invariant: `after` runs once, when the memory as it was at that call, or a later one, is
 * durable. */
export class Bookkeeping {
  private memory: Memory;
  private lastId = 0;
  private readonly waiting: { id: number; after: () => void }[] = [];
  private readonly outbox: Outbox;

  constructor(memory: Memory, outbox: Outbox) {
    this.memory = memory;
    this.outbox = outbox;
  }

  get current(): Memory {
    return this.memory;
  }

  /** Changes some of the memory; `after` runs when that is durable. */
  remember(change: Partial<Memory>, after: () => void = () => {}): void {
    this.memory = { ...this.memory, ...change };
    this.lastId += 1;
    this.waiting.push({ id: this.lastId, after });
    this.outbox.push({ type: 'Remember', id: this.lastId, memory: this.memory });
  }

  /** A node that joined before its cluster had an identity hears of it later; `cluster`: what it
   * hears, undefined: nothing. */
  belongs(cluster: string | undefined): void {
    if (cluster !== undefined && this.memory.cluster === null) this.remember({ cluster });
  }

  remembered(id: number): void {
    while (this.waiting.length > 0 && this.waiting[0]!.id <= id) this.waiting.shift()!.after();
  }
}

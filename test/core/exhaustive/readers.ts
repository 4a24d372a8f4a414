// Those who read in a run that is explored: when a client has heard an answer, and now and then,
// somebody asks every node for what is on a majority, and for what is linearizable. They disturb
// nothing but by the proof that a master looks for.

import type { ReadLevel } from '../../../src/check/history/history.ts';
import type { Outcome } from '../../../src/core/effects.ts';
import type { Ticket } from '../../../src/core/ids.ts';
import type { VirtualCluster } from '../virtual-cluster.ts';
import type { VirtualHost } from '../virtual-host.ts';
import type { Chronicle } from './chronicle.ts';

/** Also when nobody has written: a master that was replaced may not know of it yet. */
const EVERY_MS = 400;

export class Readers {
  /** How often a linearizable read was answered. */
  confirmed = 0;
  private readonly cluster: VirtualCluster;
  private readonly chronicle: Chronicle;
  private readonly nodes: readonly string[];
  /** When each read that waits was asked for. */
  private readonly calls = new Map<Ticket, number>();
  private over = false;
  private asks = false;

  constructor(cluster: VirtualCluster, chronicle: Chronicle, nodes: readonly string[]) {
    this.cluster = cluster;
    this.chronicle = chronicle;
    this.nodes = nodes;
  }

  /** From now on they read. */
  begin(): void {
    if (this.over) return;
    this.read();
    this.cluster.plan(this.cluster.now + EVERY_MS, () => this.begin());
  }

  end(): void {
    this.over = true;
  }

  /** Whatever is asked for after this moment shows what was answered before it. */
  soon(): void {
    if (this.over || this.asks) return;
    this.asks = true;
    this.cluster.plan(this.cluster.now, () => {
      this.asks = false;
      this.read();
    });
  }

  /** Whether it was a reader's ticket. */
  answered(ticket: Ticket, outcome: Outcome, host: VirtualHost): boolean {
    const call = this.calls.get(ticket);
    if (call === undefined) return false;
    this.calls.delete(ticket);
    if (outcome.type === 'Confirmed') {
      this.confirmed += 1;
      this.show(host, 'linearizable', outcome.lastIndex, call);
    }
    return true;
  }

  private read(): void {
    for (const id of this.nodes) {
      const host = this.cluster.host(id);
      if (host.replica === null) continue;
      // What stands still answers when it goes on, if it still can.
      const call = this.chronicle.moment();
      const ticket = this.cluster.nextTicket;
      this.calls.set(ticket, call);
      this.cluster.confirm(id);
      if (host.replica === null || host.paused) continue;
      const { commitKnown } = this.cluster.status(id);
      if (commitKnown)
        this.show(host, 'majority', host.replica.commitIndex, this.chronicle.moment());
    }
  }

  private show(host: VirtualHost, read: ReadLevel, commitIndex: number, call: number): void {
    const upTo = Math.min(commitIndex, host.log.lastIndex);
    this.chronicle.show(host, { client: 'reader', read, call, upTo });
  }
}

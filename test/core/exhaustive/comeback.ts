// Proves that a virtual cluster has come back when all faults are over: within the bound every node
// follows one master and has all of its log, and a write that all must have is answered.

import type { MasterStatus } from '../../../src/core/status.ts';
import type { VirtualCluster } from '../virtual-cluster.ts';
import type { Chronicle } from './chronicle.ts';

/** How often it is looked whether it has come back. */
const LOOK_MS = 50;

export class Comeback {
  private readonly cluster: VirtualCluster;
  private readonly chronicle: Chronicle;
  private readonly ids: readonly string[];
  private readonly durable: boolean;

  constructor(parts: {
    readonly cluster: VirtualCluster;
    readonly chronicle: Chronicle;
    readonly ids: readonly string[];
    readonly durable: boolean;
  }) {
    this.cluster = parts.cluster;
    this.chronicle = parts.chronicle;
    this.ids = parts.ids;
    this.durable = parts.durable;
  }

  /** Lets time pass until it has and clients are `quiet`, but not beyond `until`; then every node
   * shows its whole log. */
  prove(until: number, quiet: () => boolean): void {
    const { chronicle, cluster } = this;
    let proved = false;
    while (!proved && cluster.now < until) {
      cluster.run(LOOK_MS);
      proved = quiet() && this.missing() === null && this.stores();
    }
    if (!proved) chronicle.breaches.push(`it has not come back: ${this.missing() ?? 'clients'}`);
    for (const id of this.ids) {
      const host = cluster.host(id);
      if (host.replica !== null) chronicle.page(host, true);
    }
  }

  private stores(): boolean {
    const { chronicle, cluster } = this;
    const node = this.master!;
    const operations = [{ op: 'append' as const, message: `proof ${cluster.now}` }];
    const about = { type: 'write' as const, client: 'judge', node, operations };
    const call = chronicle.moment();
    const ticket = cluster.operate(node, operations, { w: 'all', timeoutMs: 2_000 });
    for (let ms = 0; ms < 2_100 && cluster.outcome(ticket) === undefined; ms += 5) cluster.run(5);
    const outcome = cluster.outcome(ticket);
    const asked = { idempotencyKey: null, w: 'all' as const, call, return: chronicle.moment() };
    if (outcome?.type !== 'Stored') {
      const code = outcome?.type ?? 'none';
      chronicle.record({ ...about, ...asked, outcome: 'unknown', code });
      return false;
    }
    const { acks, first, last } = outcome;
    const { durable } = this;
    chronicle.record({ ...about, ...asked, outcome: 'ok', first, last, acks, durable });
    return this.missing() === null;
  }

  private get master(): string | undefined {
    return this.ids.find((id) => this.roleOf(id) === 'master');
  }

  private roleOf(id: string): string | null {
    return this.cluster.host(id).replica === null ? null : this.cluster.status(id).role;
  }

  /** In words; null: nothing. */
  private missing(): string | null {
    const { cluster, ids } = this;
    const masters = ids.filter((id) => this.roleOf(id) === 'master');
    if (masters.length !== 1) return `${masters.length} masters`;
    const status = cluster.status(masters[0]!) as MasterStatus;
    if (status.mode !== 'read-write') return `read-only, ${status.reason}`;
    if (status.members.length !== ids.length) return `${status.members.length} members`;
    for (const member of status.members) {
      if (member.status !== 'Healthy') return `${member.node} is ${member.status}`;
      if (member.ackedIndex !== status.lastIndex) return `${member.node} is behind`;
    }
    for (const id of ids) {
      if (cluster.host(id).replica === null) return `${id} is down`;
      const own = cluster.status(id);
      if (own.epoch !== status.epoch) return `${id} is in epoch ${own.epoch}`;
      if (own.lastIndex !== status.lastIndex) return `${id} has ${own.lastIndex}`;
    }
    return null;
  }
}

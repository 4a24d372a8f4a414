// A master and what it thinks of its members, none of which is replog's own.

import { epoch } from '../../src/core/ids.ts';
import type { Peer } from '../../src/core/messages.ts';
import type { MemberReport } from '../../src/core/status.ts';
import { peer } from './bench.ts';
import { ForeignSecondary } from './foreign-secondary.ts';
import { masterOf } from './three.ts';
import { VirtualCluster } from './virtual-cluster.ts';

/** A master that was told by an arbiter who its secondaries are; none of them is replog's. */
export class Members extends VirtualCluster {
  readonly nodes = new Map<string, ForeignSecondary>();

  constructor(...ids: string[]) {
    super();
    this.arbiter();
    this.start('n1');
    this.run(300);
    for (const id of ids) this.nodes.set(id, this.foreign(id, new ForeignSecondary(id)));
    this.announce('n1', ...ids);
    this.run(100);
  }

  announce(...ids: (string | Peer)[]): void {
    const replicas = ids.map((id) => (typeof id === 'string' ? peer(id) : id));
    this.request('n1', { type: 'Replicas', epoch: epoch(1), replicas });
  }

  node(id: string): ForeignSecondary {
    return this.nodes.get(id)!;
  }

  report(id: string): MemberReport {
    const { members } = masterOf(this);
    return members.find(({ node }) => node === id)!;
  }

  /** Changes of status that were noted, without their times. */
  get transitions(): string[] {
    return this.trace.filter((line) => /(Healthy|Suspected|Unhealthy) →/.test(line)).map(noted);
  }
}

const noted = (line: string): string => line.slice(line.indexOf('n1: ') + 4);

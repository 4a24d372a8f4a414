// The cluster that most tests of a master begin with, and what its master says.

import type { Options } from '../../src/core/options.ts';
import type { MasterStatus } from '../../src/core/status.ts';
import { VirtualCluster } from './virtual-cluster.ts';

/** n1 with its own arbiter and a fixed size, n2 and n3 beside it. */
export function three(options: Partial<Options> = {}): VirtualCluster {
  const cluster = new VirtualCluster(options);
  cluster.start('n1', { arbiter: null, size: 3 });
  cluster.run(10);
  cluster.start('n2', { arbiter: 'n1' });
  cluster.start('n3', { arbiter: 'n1' });
  cluster.run(100);
  return cluster;
}

/** What n1 says, which must be master. */
export function masterOf(cluster: VirtualCluster): MasterStatus {
  const status = cluster.status('n1');
  if (status.role !== 'master') throw new Error(`n1 is ${status.role}, not master`);
  return status;
}

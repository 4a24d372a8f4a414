// Whom faults of the master are for.

import type { Cluster } from '../cluster/cluster.ts';

/** The node that leads; null: none does. */
export function masterOf(cluster: Cluster): string | null {
  return cluster.nodes.find(({ node }) => node?.status?.role === 'master')?.id ?? null;
}

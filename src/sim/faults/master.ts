// What faults of the master have in common: who it is, and who does not reach whom.

import type { Cluster } from '../cluster/cluster.ts';
import type { NetworkTrouble } from '../cluster/weather.ts';

/** The node that leads; null: none does. */
export function masterOf(cluster: Cluster): string | null {
  return cluster.nodes.find(({ node }) => node?.status?.role === 'master')?.id ?? null;
}

export const cut = (from: string, to: string): NetworkTrouble => ({ kind: 'cut', from, to });

/** Begins all of them under one name; returns how to end them. */
export function beginAll(
  cluster: Cluster,
  name: string,
  troubles: readonly NetworkTrouble[],
): () => void {
  const ends = troubles.map((trouble) => cluster.network.weather.begin(name, trouble));
  return () => {
    for (const end of ends) end();
  };
}

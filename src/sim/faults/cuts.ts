// Who does not reach whom, for as long as a fault lasts.

import type { Cluster } from '../cluster/cluster.ts';
import type { NetworkTrouble } from '../cluster/weather.ts';

/** Nothing gets from `from` to `to`; `*` stands for everybody. */
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

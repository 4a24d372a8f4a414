// Up to which index the members hold the log so that no new master can miss it. The rule: it is
// asked of each set of members that the next master may have been told of.

import type { ClusterFacts } from './cluster-facts.ts';
import { majority } from './majority.ts';

/** Up to where each of them is known to have the log. */
export interface Holdings {
  /** Members. */
  readonly positions: ReadonlyMap<string, number>;
  /** Those that have left, when they did. */
  readonly parted: ReadonlyMap<string, number>;
}

/** By the members of now. Who was only asked to leave may count still, and be one of a majority. */
export function keptBy({ positions }: Holdings, cluster: ClusterFacts): number {
  const position = (node: string): number => positions.get(node) ?? 0;
  const members = cluster.members.map(({ node }) => node);
  const kept = keptAmong(members, position, cluster);
  const leaving = cluster.leaving.map(({ node }) => node);
  if (leaving.length === 0) return kept;
  return Math.min(kept, keptAmong([...members, ...leaving], position, cluster));
}

/** By those of when a master was appointed that is in office `at` this moment: who has left since
 * may count there, the last of them at least. */
export function keptSince(
  { positions, parted }: Holdings,
  cluster: ClusterFacts,
  at: number,
): number {
  const position = (node: string): number => positions.get(node) ?? parted.get(node) ?? 0;
  const members = cluster.members.map(({ node }) => node);
  let kept = Number.POSITIVE_INFINITY;
  for (const { node } of cluster.justLeft(at)) {
    members.push(node);
    kept = Math.min(kept, keptAmong(members, position, cluster));
  }
  return kept;
}

function keptAmong(
  members: readonly string[],
  position: (node: string) => number,
  cluster: ClusterFacts,
): number {
  const positions = members.map(position).sort((a, b) => b - a);
  if (positions.length === 0) return 0;
  if (cluster.forgot && !cluster.sized) return positions.at(-1)!;
  const needed = positions.length - majority(positions.length) + 1;
  const { master, forgot } = cluster;
  const leads = master !== null && !forgot && members.includes(master);
  const own = leads ? position(master) : 0;
  return Math.max(own, positions[needed - 1]!);
}

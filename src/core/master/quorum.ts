// Counting: how many are a majority, and up to where enough nodes have the log.

import { type LogIndex, logIndex } from '../ids.ts';

/** Smallest number of nodes of which any two groups share a member. `size` ≥ 1. */
export function majority(size: number): number {
  return Math.floor(size / 2) + 1;
}

/** Of how many nodes a majority is one: as many as are configured, or as there are members if those
 * are more, this node counted. A majority of fewer would not meet every other one. */
export function clusterSize(configured: number | null, members: number): number {
  return Math.max(configured ?? 0, members);
}

/**
 * The highest index that at least `needed` of the positions have reached; 0 if there are not that
 * many positions. One position per node: a node that is asked twice still counts once.
 */
export function reachedBy(positions: readonly LogIndex[], needed: number): LogIndex {
  let reached = logIndex(0);
  if (needed < 1) return reached;
  for (const candidate of positions) {
    if (candidate <= reached) continue;
    let having = 0;
    for (const position of positions) if (position >= candidate) having += 1;
    if (having >= needed) reached = candidate;
  }
  return reached;
}

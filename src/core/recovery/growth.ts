// Of which sets of nodes a majority is asked, where a cluster has grown faster than its newcomers
// caught up. Whoever says who has had the log may say it late: what was written since was promised
// by a majority of one of the sets that the cluster has consisted of meanwhile.

import type { NodeId } from '../ids.ts';
import { majority } from '../master/quorum.ts';

/** How a cluster came to be what it is. */
export interface Growth {
  /** Who is known to have had the log. */
  readonly established: readonly NodeId[];
  /** The others, in the order in which they joined. */
  readonly newcomers: readonly NodeId[];
}

/**
 * The sets of which a majority is needed, beside that of all, which is asked in any case: the
 * established ones, and these with the first two newcomers, with the first three, and so on.
 * Majorities of two sets that differ by one node have a node in common, so that with one newcomer,
 * and with all but one, no more is needed.
 */
export function* stages({ established, newcomers }: Growth): Iterable<readonly NodeId[]> {
  if (established.length === 0) return;
  yield established;
  for (let count = 2; count <= newcomers.length - 2; count += 1) {
    yield [...established, ...newcomers.slice(0, count)];
  }
}

/** Who is missing from the first of these sets of which fewer than a majority is there; empty:
 * there is none. */
export function shortOf(growth: Growth, isThere: (node: NodeId) => boolean): readonly NodeId[] {
  for (const stage of stages(growth)) {
    const missing = stage.filter((node) => !isThere(node));
    if (stage.length - missing.length < majority(stage.length)) return missing;
  }
  return [];
}

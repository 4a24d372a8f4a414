// Which clusters can replace a master: those in which the others are a majority without it.

/** Of fewer, the others are no majority. */
export const FAILOVER_NODES_MIN = 3;

/** Why a cluster of `size` nodes cannot; null: it can. */
export function lackForFailover(size: number): string | null {
  if (size >= FAILOVER_NODES_MIN) return null;
  return `failover needs ${FAILOVER_NODES_MIN} nodes: of ${size} the others are no majority without the master`;
}

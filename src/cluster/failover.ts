// Which clusters can replace a master: those in which the others are a majority without it.

const NODES_MIN = 3;

/** Why a cluster of `size` nodes cannot; null: it can. */
export function lackForFailover(size: number): string | null {
  if (size >= NODES_MIN) return null;
  return `failover needs ${NODES_MIN} nodes: of ${size} the others are no majority without the master`;
}

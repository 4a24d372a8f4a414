// What happens while a log is being written, which chance seldom hits. The rule: a fault that waits
// for a write waits no longer than it lasts.

import type { Cluster } from '../cluster/cluster.ts';

/** The write takes this much longer, so that it is surely under way when it is struck. */
const SLOW_MS = 10;

/** The write is struck this long after it has begun. */
const STRUCK_MS = 4;

/** Calls back in the middle of the next write to the node's log; returns how to give up waiting. */
export function inNextWrite(
  cluster: Cluster,
  node: string,
  name: string,
  strike: () => void,
): () => void {
  let waits = true;
  const over = (): void => {
    waits = false;
    mend();
  };
  const mend = cluster.troubleDisk(node, name, ({ kind, path }) => {
    if (!waits || kind !== 'write' || !path.endsWith('.seg')) return null;
    waits = false;
    cluster.later(STRUCK_MS, () => {
      mend();
      strike();
    });
    return { kind: 'slow', ms: SLOW_MS };
  });
  return over;
}

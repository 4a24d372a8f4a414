// A master that reaches nobody: what was its cluster goes on, or stands still, without it.

import { beginAll, cut } from './cuts.ts';
import type { FaultKind } from './kind.ts';
import { masterOf } from './master.ts';

/** Longer than a master needs to notice that it is alone. */
const ALONE_MS = 7_000;

export const ALONE: FaultKind = {
  name: 'alone',
  says: 'the master reaches no other node for longer than it takes to notice',
  arbiterToo: false,
  suits: ({ nodes }) => nodes.length > 1,
  begin: (cluster) => {
    const master = masterOf(cluster);
    if (master === null) return undefined;
    cluster.hit('alone');
    const end = beginAll(cluster, 'alone', [cut(master, '*'), cut('*', master)]);
    cluster.later(ALONE_MS, end);
    return undefined;
  },
};

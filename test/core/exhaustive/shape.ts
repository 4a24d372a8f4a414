// What is explored: how large the cluster is, what clients ask of it, and how long that takes.

import type { Options } from '../../../src/core/options.ts';
import { type Ask, CONDITIONAL_SCRIPT, SCRIPT, SHORT_SCRIPT, SUPERSEDED_SCRIPT } from './script.ts';

/** Nodes are told to leave, one or two in a row; machines are lost with their disks, or come back
 * with damaged ones; the arbiter loses its memory; a majority ends at once. */
export type Trouble = 'leave' | 'depart' | 'wipe' | 'damage' | 'forget' | 'together';

export interface Shape {
  readonly name: string;
  readonly nodes: number;
  /** Whether the arbiter is told how many there are. */
  readonly sized: boolean;
  readonly script: readonly Ask[];
  /** It is a process of its own, or lives in the first node. */
  readonly arbiter: 'apart' | 'embedded';
  /** The arbiter replaces a silent master. */
  readonly failover: boolean;
  /** Nodes keep their logs on disk; false: in memory. */
  readonly durable: boolean;
  /** What may go wrong besides what may in any cluster. */
  readonly troubles: readonly Trouble[];
  /** What is superseded is compacted away as soon as that is allowed. */
  readonly compacts: boolean;
  /** Somebody reads what is on a majority, and what is linearizable. */
  readonly reads: boolean;
  readonly options: Partial<Options>;
}

const THREE: Shape = {
  name: 'an arbiter and three nodes',
  nodes: 3,
  sized: true,
  script: SCRIPT,
  arbiter: 'apart',
  failover: false,
  durable: true,
  troubles: ['wipe'],
  compacts: false,
  reads: false,
  options: {},
};

const READ: Shape = { ...THREE, name: 'three nodes, read', script: SHORT_SCRIPT, reads: true };

export const SHAPES = {
  three: THREE,
  short: { ...THREE, name: 'three nodes, few writes', script: SHORT_SCRIPT },
  leaving: {
    ...THREE,
    name: 'three nodes that may leave',
    sized: false,
    troubles: ['wipe', 'leave'],
  },
  compacted: {
    ...THREE,
    name: 'three nodes, one operation per Snapshot, compaction',
    script: SUPERSEDED_SCRIPT,
    compacts: true,
    options: { snapshotEntriesMax: 1, gatherMs: 2 },
  },
  embedded: { ...READ, name: 'a master that is its own arbiter', arbiter: 'embedded' },
  memory: {
    ...READ,
    name: 'a master that is its own arbiter, all in memory',
    arbiter: 'embedded',
    durable: false,
    troubles: [],
  },
  failover: { ...READ, name: 'a master that is replaced when it is silent', failover: true },
  forgetful: { ...READ, name: 'an arbiter that may forget', troubles: ['forget'] },
  damaged: { ...READ, name: 'disks that may be damaged', troubles: ['damage'] },
  together: { ...READ, name: 'nodes that end at once', troubles: ['together'] },
  departing: { ...READ, name: 'an office that moves twice', sized: false, troubles: ['depart'] },
  conditional: { ...READ, name: 'writes under conditions', script: CONDITIONAL_SCRIPT },
  five: { ...THREE, name: 'five nodes', nodes: 5, script: SHORT_SCRIPT },
} as const satisfies Record<string, Shape>;

/** The nodes, in the order in which they start. */
export function idsOf({ nodes }: Shape): string[] {
  return Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
}

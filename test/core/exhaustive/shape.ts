// What is explored: how large the cluster is, what clients ask of it, and how long that takes.

import type { Options } from '../../../src/core/options.ts';
import { type Ask, SCRIPT, SHORT_SCRIPT, SUPERSEDED_SCRIPT } from './script.ts';

export interface Shape {
  readonly name: string;
  readonly nodes: number;
  /** Whether the arbiter is told how many there are. */
  readonly sized: boolean;
  readonly script: readonly Ask[];
  /** Nodes may be told to leave. */
  readonly leaves: boolean;
  /** Machines may be lost with their disks. */
  readonly wipes: boolean;
  /** What is superseded is compacted away as soon as that is allowed. */
  readonly compacts: boolean;
  readonly options: Partial<Options>;
}

const THREE: Shape = {
  name: 'an arbiter and three nodes',
  nodes: 3,
  sized: true,
  script: SCRIPT,
  leaves: false,
  wipes: true,
  compacts: false,
  options: {},
};

export const SHAPES = {
  three: THREE,
  short: { ...THREE, name: 'three nodes, few writes', script: SHORT_SCRIPT },
  leaving: { ...THREE, name: 'three nodes that may leave', sized: false, leaves: true },
  compacted: {
    ...THREE,
    name: 'three nodes, one operation per Snapshot, compaction',
    script: SUPERSEDED_SCRIPT,
    compacts: true,
    options: { snapshotEntriesMax: 1, gatherMs: 2 },
  },
  five: { ...THREE, name: 'five nodes', nodes: 5, script: SHORT_SCRIPT },
} as const satisfies Record<string, Shape>;

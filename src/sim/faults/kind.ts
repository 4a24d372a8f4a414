// What a kind of fault is. To add one: a file here that exports some, and a line in `kinds.ts`. The
// rule: a fault ends whatever it began, and is harmless if the node it is for is gone already.

import type { Chance } from '../chance.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Fault, Shape } from '../plan/plan.ts';

export interface FaultKind {
  readonly name: string;
  /** What happens, for people. */
  readonly says: string;
  /** Whether the arbiter of its own may be hit as well. */
  readonly arbiterToo: boolean;
  /** Whether a cluster of this shape can be expected to come through it. */
  suits(shape: Shape): boolean;
  /** Begins it; returns how to end it, if it does not end by itself. */
  begin(cluster: Cluster, fault: Fault, chance: Chance): (() => void) | undefined;
}

export const always = (): boolean => true;

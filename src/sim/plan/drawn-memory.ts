// Clusters that remember few idempotency keys, so that runs outgrow it: keys are forgotten, come
// again as new ones, and compaction may take away what carried them. The rule: drawn apart, so that
// all other seeds stay what they are.

import { Chance } from '../chance.ts';
import type { Plan } from './plan.ts';

const MEMORY_SEED = 0x3e_0717;

const MEMORY_SHARE = 0.1;

/** In a cluster whose logs look after themselves there is more to forget. */
const UPKEEP_SHARE = 0.3;

export function withShortMemory(plan: Plan): Plan {
  const chance = new Chance(plan.seed ^ MEMORY_SEED);
  const { shape } = plan;
  if (!chance.happens(shape.upkeep ? UPKEEP_SHARE : MEMORY_SHARE)) return plan;
  const keys = chance.pick([5, 10, 20]);
  // Beyond what it promises: of what is cut off a log the latest keys go, and none come back.
  const deduplicationWindow = keys + chance.pick([25, 40]);
  return { ...plan, shape: { ...shape, keys, options: { ...shape.options, deduplicationWindow } } };
}

// Clusters that are larger than their operator has said: nodes join by themselves, and the size
// that was configured stays what it is. The rule: drawn apart, so that all other seeds stay what
// they are.

import { Chance } from '../chance.ts';
import type { Plan } from './plan.ts';

const UNDERSTATEMENT_SEED = 0x5_1717;

/** How many of the clusters that allow it. */
const SHARE = 0.15;

/** Two nodes are a majority of these: fewer do not stay when others are removed. */
const SIZE_MAX = 3;

export function withUnderstatement(plan: Plan): Plan {
  const chance = new Chance(plan.seed ^ UNDERSTATEMENT_SEED);
  const { faults, shape } = plan;
  // To an arbiter that has forgotten the others the size must tell of them.
  const forgets = faults.some(({ kind }) => kind === 'forget');
  const small = shape.size === null || shape.size < SIZE_MAX;
  if (small || forgets) return plan;
  if (!chance.happens(SHARE)) return plan;
  return { ...plan, shape: { ...shape, size: chance.whole(2, SIZE_MAX), untold: true } };
}

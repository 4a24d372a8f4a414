// Clusters whose arbiter replaces a silent master: that one is killed, stands still or is cut off
// for longer than its members wait, and comes back to find another in its place. The rule: drawn
// apart, so that all other seeds stay what they are.

import { Chance } from '../chance.ts';
import { OVERTHROW } from '../faults/overthrow.ts';
import type { Fault, Plan } from './plan.ts';

const FAILOVER_SEED = 0xfa_110e;

/** How many of the clusters that allow it. */
const SHARE = 0.35;

const TIMES_MAX = 3;

export function withFailover(plan: Plan): Plan {
  const chance = new Chance(plan.seed ^ FAILOVER_SEED);
  const { faults, faultsFrom, faultsUntil, shape } = plan;
  const ids = shape.nodes.map(({ id }) => id);
  if (shape.arbiter !== 'own' || ids.length < 3 || !chance.happens(SHARE)) return plan;
  // Shorter than a master needs to notice that it has no quorum: nothing may rest on that.
  const masterSilenceMs = chance.pick([700, 1_200, 2_500]);
  const more = Array.from({ length: chance.whole(1, TIMES_MAX) }, (): Fault => {
    return {
      kind: OVERTHROW.name,
      at: Math.round(chance.between(faultsFrom, faultsUntil - masterSilenceMs)),
      forMs: chance.whole(20, 3_000),
      node: chance.pick(ids),
      peer: chance.pick(ids),
      amount: Math.ceil(chance.next() * 100) / 100,
      seed: chance.whole(1, 2 ** 31),
    };
  });
  const options = { ...shape.options, masterSilenceMs };
  return {
    ...plan,
    shape: { ...shape, failover: true, options },
    faults: [...faults, ...more].sort((a, b) => a.at - b.at),
  };
}

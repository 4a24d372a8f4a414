// Clusters whose operator removes nodes that are dead, the master among them: they come back later,
// with all that they have, to a cluster that has gone on without them. The rule: drawn apart, so
// that all other seeds stay what they are.

import { Chance } from '../chance.ts';
import type { Fault, Plan } from './plan.ts';

const EXPULSION_SEED = 0xe9_0717;

/** How many of the clusters that allow it. */
const SHARE = 0.15;

const TIMES_MAX = 3;

const AWAY_MS = 4_000;

export function withExpulsion(plan: Plan): Plan {
  const chance = new Chance(plan.seed ^ EXPULSION_SEED);
  const { faults, faultsFrom, faultsUntil, shape } = plan;
  const ids = shape.nodes.map(({ id }) => id);
  // An arbiter that has forgotten the others must not be told of fewer.
  const suits =
    shape.arbiter === 'own' && ids.length > 2 && faults.every(({ kind }) => kind !== 'forget');
  if (!suits || !chance.happens(SHARE)) return plan;
  const more = Array.from({ length: chance.whole(1, TIMES_MAX) }, (): Fault => {
    return {
      kind: 'expel',
      at: Math.round(chance.between(faultsFrom, faultsUntil - 300)),
      forMs: chance.whole(20, AWAY_MS),
      node: chance.pick(ids),
      peer: ids[0]!,
      amount: 1,
      seed: chance.whole(1, 2 ** 31),
    };
  });
  return { ...plan, faults: [...faults, ...more].sort((a, b) => a.at - b.at) };
}

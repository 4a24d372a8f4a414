// Clusters whose arbiter replaces a silent master: that one is killed, stands still or is cut off
// for longer than its members wait, and comes back to find another in its place. The rule: drawn
// apart, so that all other seeds stay what they are.

import { Chance } from '../chance.ts';
import { OVERTHROW } from '../faults/overthrow.ts';
import { CLIENTS_MAX } from './drawn-operations.ts';
import type { Fault, Plan, PlannedWrite } from './plan.ts';

const FAILOVER_SEED = 0xfa_110e;

/** How many of the clusters that allow it. */
const SHARE = 0.35;

const TIMES_MAX = 3;

/** About so often a client writes that asks nobody but the master it knows. */
const LOYAL_MS = 60;

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
  const loyal = loyalTo(chance, faultsFrom, faultsUntil);
  return {
    ...plan,
    shape: { ...shape, failover: true, options },
    faults: [...faults, ...more].sort((a, b) => a.at - b.at),
    operations: [...plan.operations, ...loyal].sort((a, b) => a.at - b.at),
  };
}

/** Writes that one node's word is enough for: whoever gives it is to be master still. */
function loyalTo(chance: Chance, from: number, until: number): PlannedWrite[] {
  const client = `c${CLIENTS_MAX + 4}`;
  const writes: PlannedWrite[] = [];
  for (let at = from; at < until; at += chance.next() * 2 * LOYAL_MS) {
    writes.push({
      ...{ type: 'write', client, at: Math.round(at), w: 1, timeoutMs: null, key: null },
      operations: [{ op: 'append', message: `${client}-${writes.length}` }],
      ...{ batch: false, patienceMs: 400, tries: 1, onlyNew: false },
    });
  }
  return writes;
}

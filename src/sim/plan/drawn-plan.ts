// Draws a plan from a seed: the cluster, which kinds of faults it meets (a different handful for
// each seed, so that rare ones meet each other), and what clients do. The rule: nothing here looks
// at what a run comes to.

import { Chance } from '../chance.ts';
import { FAULT_KINDS } from '../faults/kinds.ts';
import { withExpulsion } from './drawn-expulsion.ts';
import { withFailover } from './drawn-failover.ts';
import { withShortMemory } from './drawn-memory.ts';
import { drawnOperations } from './drawn-operations.ts';
import { withOutbox } from './drawn-outbox.ts';
import { withRot } from './drawn-rot.ts';
import { withUnderstatement } from './drawn-understatement.ts';
import { withUpkeep } from './drawn-upkeep.ts';
import type { Fault, Plan, Shape } from './plan.ts';

/** Time for the cluster to begin, and for the first acknowledgements. */
const CALM_MS = 1_200;

/** What an arbiter is told of its cluster is drawn apart: a seed's plan was there before it. */
const NAMELESS_SEED = 0x1de_7717;

/** So is whether nodes take damage out of their logs. */
const SALVAGE_SEED = 0x5a_17a6e5;

/** Clients go on this long after the last fault is over. */
const AFTER_MS = 2_500;

export function drawnPlan(seed: number): Plan {
  const chance = new Chance(seed);
  const nameless = new Chance(seed ^ NAMELESS_SEED).happens(0.5);
  const salvages = new Chance(seed ^ SALVAGE_SEED).happens(0.7);
  const shape = drawnShape(chance, { nameless, salvages });
  const faultsFrom = CALM_MS;
  const faultsUntil = faultsFrom + chance.whole(3_000, 8_000);
  const faults = drawnFaults(chance, shape, faultsFrom, faultsUntil);
  const clientsUntil = faultsUntil + AFTER_MS;
  const operations = drawnOperations(chance, shape, clientsUntil);
  const plan = { seed, shape, faultsFrom, faultsUntil, faults, operations };
  const busy = withOutbox(withUpkeep(plan, clientsUntil), clientsUntil);
  return withUnderstatement(withFailover(withExpulsion(withRot(withShortMemory(busy)))));
}

function drawnShape(
  chance: Chance,
  { nameless, salvages }: Pick<Shape, 'nameless' | 'salvages'>,
): Shape {
  const count = chance.pick([3, 3, 3, 3, 5, 2, 4, 1]);
  const memory = chance.pick(['none', 'none', 'none', 'none', 'some', 'all']);
  const arbiter = chance.pick(['own', 'embedded'] as const);
  const nodes = Array.from({ length: count }, (_, i) => {
    const durable = memory === 'none' || (memory === 'some' && chance.happens(0.5));
    // A master that is its own arbiter, and has no disk, begins again with the first epoch.
    const own = i === 0 && (arbiter === 'embedded' || count === 1);
    return { id: `n${i + 1}`, durable: durable || own };
  });
  return {
    nodes,
    arbiter,
    arbiterDurable: memory !== 'all' || count === 1,
    nameless,
    salvages,
    size: chance.happens(0.7) ? count : null,
    options: {
      snapshotEntriesMax: chance.pick([1, 3, 8_192, 8_192]),
      inFlightMax: chance.pick([1, 2, 112, 112]),
      pendingAcksMax: chance.pick([4, 1_024, 1_024]),
    },
    keys: null,
    layout: {
      segmentBytes: chance.pick([600, 2_000, 64 << 20]),
      tailBytes: chance.pick([0, 1_000, 8 << 20]),
      blockBytes: chance.pick([2_048, 8_192]),
      intervalBytes: chance.pick([100, 1_000]),
    },
    upkeep: false,
    networkMs: chance.pick([0.3, 1, 1, 5]),
    diskMs: chance.pick([0.1, 1, 1, 8]),
  };
}

function drawnFaults(chance: Chance, shape: Shape, from: number, until: number): Fault[] {
  const share = chance.pick([0.1, 0.25, 0.5]);
  const kinds = FAULT_KINDS.filter((kind) => kind.suits(shape) && chance.happens(share));
  if (kinds.length === 0) kinds.push(chance.pick(FAULT_KINDS.filter((kind) => kind.suits(shape))));
  const ids = shape.nodes.map(({ id }) => id);
  const machines = shape.arbiter === 'own' ? [...ids, 'arbiter'] : ids;
  const count = chance.whole(4, 16);
  const faults = Array.from({ length: count }, (): Fault => {
    const { name, arbiterToo } = chance.pick(kinds);
    const node = chance.pick(arbiterToo ? machines : ids);
    return {
      kind: name,
      at: Math.round(chance.between(from, until - 500)),
      forMs: Math.round(30 + chance.next() ** 3 * 6_000),
      node,
      peer: chance.pick(machines.length === 1 ? machines : machines.filter((id) => id !== node)),
      amount: Math.ceil(chance.next() * 100) / 100,
      seed: chance.whole(1, 2 ** 31),
    };
  });
  return faults.sort((a, b) => a.at - b.at);
}

// Draws a plan from a seed: the cluster, which kinds of faults it meets (a different handful for
// each seed, so that rare ones meet each other), and what clients do. The rule: nothing here looks
// at what a run comes to.

import type { WriteConcern } from '../core/effects.ts';
import type { Operation } from '../core/operation.ts';
import { Chance } from './chance.ts';
import { FAULT_KINDS } from './faults/kinds.ts';
import type { ClientOperation, Fault, Plan, PlannedRead, PlannedWrite, Shape } from './plan.ts';

/** Time for the cluster to begin, and for the first acknowledgements. */
const CALM_MS = 1_200;

/** Clients go on this long after the last fault is over. */
const AFTER_MS = 2_500;

const CLIENTS_MAX = 5;

const KEYS = ['a', 'b', 'c', '__proto__'] as const;

export function drawnPlan(seed: number): Plan {
  const chance = new Chance(seed);
  const shape = drawnShape(chance);
  const faultsFrom = CALM_MS;
  const faultsUntil = faultsFrom + chance.whole(3_000, 11_000);
  const faults = drawnFaults(chance, shape, faultsFrom, faultsUntil);
  const operations = drawnOperations(chance, shape, faultsUntil + AFTER_MS);
  return withUpkeep({ seed, shape, faultsFrom, faultsUntil, faults, operations });
}

/** What upkeep is drawn from is no part of the rest: a seed's cluster, faults and clients were
 * there before upkeep was. */
const UPKEEP_SEED = 0x7e57_c0de;

/** Such a run takes three times as long as another. */
const UPKEEP_SHARE = 0.1;

/** In some clusters logs look after themselves; there segments are small, and one more client
 * writes on few keys, without idempotency keys, so that there is something to compact. A bit that
 * turns over in a segment that nobody reads again is not noticed in time: not in the same run. */
function withUpkeep(plan: Plan): Plan {
  const chance = new Chance(plan.seed ^ UPKEEP_SEED);
  const { shape, faults, faultsUntil } = plan;
  const suits =
    shape.nodes.some(({ durable }) => durable) && faults.every((one) => one.kind !== 'flip');
  if (!suits || !chance.happens(UPKEEP_SHARE)) return plan;
  const layout = {
    ...shape.layout,
    segmentBytes: chance.pick([1_000, 2_000, 4_000]),
    tailBytes: chance.pick([0, 1_000]),
    outlineBytes: 300,
  };
  const operations = [...plan.operations];
  const client = `c${CLIENTS_MAX + 1}`;
  const pace = chance.pick([60, 150]);
  for (let at = 500; at < faultsUntil + AFTER_MS; at += chance.next() * 2 * pace) {
    const who = { client, at: Math.round(at) };
    const write = drawnWrite(chance, shape, who, `${client}-${operations.length}`, 1);
    operations.push({ ...write, key: null, timeoutMs: 300, patienceMs: 400, tries: 1 });
  }
  operations.sort((a, b) => a.at - b.at);
  return { ...plan, shape: { ...shape, layout, upkeep: true }, operations };
}

function drawnShape(chance: Chance): Shape {
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
    size: chance.happens(0.7) ? count : null,
    options: {
      snapshotEntriesMax: chance.pick([1, 3, 8_192, 8_192]),
      inFlightMax: chance.pick([1, 2, 32, 32]),
      pendingAcksMax: chance.pick([4, 1_024, 1_024]),
    },
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

function drawnOperations(chance: Chance, shape: Shape, until: number): ClientOperation[] {
  const clients = chance.whole(2, CLIENTS_MAX);
  const pace = chance.pick([90, 200, 400]);
  const reads = chance.pick([0.2, 0.4]);
  const keyValue = chance.pick([0, 0.3, 0.6]);
  const operations: ClientOperation[] = [];
  for (let client = 1; client <= clients; client += 1) {
    let at = 400 + chance.next() * 300;
    while (at < until) {
      const who = { client: `c${client}`, at: Math.round(at) };
      const name = `${who.client}-${operations.length}`;
      const read = chance.happens(reads);
      operations.push(
        read ? drawnRead(chance, shape, who) : drawnWrite(chance, shape, who, name, keyValue),
      );
      at += chance.next() * 2 * pace;
    }
  }
  return operations.sort((a, b) => a.at - b.at);
}

interface Who {
  readonly client: string;
  readonly at: number;
}

function drawnRead(chance: Chance, shape: Shape, who: Who): PlannedRead {
  return {
    ...who,
    type: chance.pick(['log', 'log', 'get']),
    node: chance.pick(shape.nodes).id,
    read: chance.pick(['local', 'local', 'majority', 'linearizable']),
    key: chance.pick(KEYS),
    whole: chance.happens(0.06),
  };
}

function drawnWrite(
  chance: Chance,
  shape: Shape,
  who: Who,
  name: string,
  keyValue: number,
): PlannedWrite {
  const count = shape.nodes.length;
  const onKey = chance.happens(keyValue);
  const batch = !onKey && chance.happens(0.15);
  const w: WriteConcern[] = [1, 'majority', 'majority', Math.min(2, count), 'all'];
  return {
    ...who,
    type: 'write',
    operations: onKey ? [drawnKeyOperation(chance, name)] : drawnMessages(chance, name, batch),
    batch,
    w: chance.pick(w),
    timeoutMs: chance.happens(0.7) ? chance.whole(50, 2_000) : null,
    key: chance.happens(0.7) ? `k-${name}` : null,
    patienceMs: chance.whole(100, 4_000),
    tries: chance.whole(1, 8),
    onlyNew: onKey && chance.happens(0.1),
  };
}

function drawnKeyOperation(chance: Chance, name: string): Operation {
  // Keys that are written once or twice show at the end what became of that.
  const key = chance.happens(0.3) ? `k${chance.whole(1, 20)}` : chance.pick(KEYS);
  return chance.happens(0.75) ? { op: 'put', key, value: name } : { op: 'remove', key };
}

function drawnMessages(chance: Chance, name: string, batch: boolean): Operation[] {
  const count = batch ? chance.whole(1, 5) : 1;
  return Array.from({ length: count }, (_, i): Operation => {
    const filler = chance.happens(0.1) ? 'x'.repeat(chance.whole(1, 400)) : '';
    return { op: 'append', message: `${name}${count === 1 ? '' : `.${i + 1}`}${filler}` };
  });
}

// Clusters whose logs look after themselves: they write summaries, compact, and check themselves.

import { Chance } from '../chance.ts';
import { CLIENTS_MAX, drawnWrite } from './drawn-operations.ts';
import type { ClientOperation, Fault, Plan } from './plan.ts';

/** What upkeep is drawn from is no part of the rest: a seed's cluster, faults and clients were
 * there before upkeep was. */
const UPKEEP_SEED = 0x7e57_c0de;

/** Such a run takes three times as long as another. */
const UPKEEP_SHARE = 0.1;

/** A node that leaves stays away for about so long: keys come and go meanwhile. */
const AWAY_MS = 3_500;

/** A disk is behind for about so long. */
const LATE_MS = 1_000;

/** A key that lives shortly is removed after up to so long. */
const SHORT_LIFE_MS = 3_000;

/** In some clusters logs look after themselves; there segments are small, and one more client
 * writes on few keys, without idempotency keys, so that there is something to compact. */
export function withUpkeep(plan: Plan, clientsUntil: number): Plan {
  const chance = new Chance(plan.seed ^ UPKEEP_SEED);
  const { shape } = plan;
  const suits = shape.nodes.some(({ durable }) => durable);
  if (!suits || !chance.happens(UPKEEP_SHARE)) return plan;
  const layout = {
    ...shape.layout,
    segmentBytes: chance.pick([1_000, 2_000, 4_000]),
    tailBytes: chance.pick([0, 1_000]),
    outlineBytes: 100,
  };
  const operations = [...plan.operations];
  const client = `c${CLIENTS_MAX + 1}`;
  const pace = chance.pick([60, 150]);
  for (let at = 500; at < clientsUntil; at += chance.next() * 2 * pace) {
    const who = { client, at: Math.round(at) };
    const write = drawnWrite(chance, shape, who, `${client}-${operations.length}`, 1);
    operations.push({ ...write, key: null, timeoutMs: 300, patienceMs: 400, tries: 1 });
  }
  operations.sort((a, b) => a.at - b.at);
  const kept = { ...plan, shape: { ...shape, layout, upkeep: true }, operations };
  return withLateLog(withAbsence(kept, clientsUntil, chance), chance);
}

/** In some of them a node leaves, and comes back to a log in which much was compacted away: keys
 * that it knows were removed, and nothing of them is left. */
function withAbsence(plan: Plan, clientsUntil: number, chance: Chance): Plan {
  const { faults, faultsFrom, faultsUntil, shape } = plan;
  const { arbiter, nodes } = shape;
  if (arbiter !== 'own' || nodes.length < 3 || !chance.happens(0.5)) return plan;
  const leave: Fault = {
    kind: 'leave',
    at: Math.round(chance.between(faultsFrom, (faultsFrom + faultsUntil) / 2)),
    forMs: Math.round(AWAY_MS * (0.5 + chance.next())),
    node: chance.pick(nodes.slice(1)).id,
    peer: nodes[0]!.id,
    amount: 1,
    seed: chance.whole(1, 2 ** 31),
  };
  const operations = [...plan.operations, ...shortLives(clientsUntil, chance)];
  return {
    ...plan,
    faults: [...faults, leave].sort((a, b) => a.at - b.at),
    operations: operations.sort((a, b) => a.at - b.at),
  };
}

/** In some of them a node's disk is behind what the cluster has agreed on, while it compacts. */
function withLateLog(plan: Plan, chance: Chance): Plan {
  const { faults, faultsFrom, faultsUntil, shape } = plan;
  const durable = shape.nodes.filter((node) => node.durable);
  if (shape.nodes.length < 3 || !chance.happens(0.5)) return plan;
  const late: Fault = {
    kind: 'late-log',
    at: Math.round(chance.between(faultsFrom, faultsUntil - 1_000)),
    forMs: Math.round(LATE_MS * (0.5 + chance.next())),
    node: chance.pick(durable).id,
    peer: shape.nodes[0]!.id,
    amount: 0.5,
    seed: chance.whole(1, 2 ** 31),
  };
  return { ...plan, faults: [...faults, late].sort((a, b) => a.at - b.at) };
}

/** Keys that are written once and removed once. */
function* shortLives(until: number, chance: Chance): Generator<ClientOperation> {
  const write = {
    type: 'write',
    client: `c${CLIENTS_MAX + 4}`,
    batch: false,
    w: 'majority',
    timeoutMs: 300,
    key: null,
    patienceMs: 400,
    tries: 3,
    onlyNew: false,
  } as const;
  let number = 0;
  for (let at = 500; at < until; at += chance.next() * 400) {
    number += 1;
    const key = `short-${number}`;
    const removed = at + chance.next() * SHORT_LIFE_MS;
    yield { ...write, at: Math.round(at), operations: [{ op: 'put', key, value: key }] };
    if (removed >= until) continue;
    yield { ...write, at: Math.round(removed), operations: [{ op: 'remove', key }] };
  }
}

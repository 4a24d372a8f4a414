// One run: a cluster, its clients, what goes wrong, and after that the proof that it comes back.
// The rule: the run is a function of its plan.

import { crc32 } from 'node:zlib';
import type { HistoryRecord } from '../check/history/history.ts';
import { Chance } from './chance.ts';
import { Client } from './cluster/client.ts';
import { Cluster } from './cluster/cluster.ts';
import type { WrapPersistence } from './cluster/start.ts';
import { FAULT_KINDS } from './faults/kinds.ts';
import type { Fault, Plan } from './plan/plan.ts';
import { Convergence, convergenceMs } from './watch/convergence.ts';
import { type Breach, healthOf } from './watch/watch.ts';

/** How often nodes are asked how they are. */
const HEALTH_MS = 700;

export interface Run {
  readonly plan: Plan;
  readonly history: readonly HistoryRecord[];
  /** Rules whose breach was seen from inside. */
  readonly breaches: readonly Breach[];
  /** Steps of machines, messages that arrived, calls to disks. */
  readonly events: number;
  /** How often each kind of fault has struck. */
  readonly hits: ReadonlyMap<string, number>;
  /** Fingerprint of everything that happened. */
  readonly hash: string;
  /** One line per event, if asked for. */
  readonly trace: readonly string[];
}

export interface RunOptions {
  readonly traced?: boolean;
  /** For tests: puts something around a node's persistence. */
  readonly wrap?: WrapPersistence;
}

export async function simulate(plan: Plan, options: RunOptions = {}): Promise<Run> {
  const { traced = false, wrap } = options;
  const cluster = new Cluster({ plan, traced, ...(wrap === undefined ? {} : { wrap }) });
  const { timeline } = cluster;
  const { keys } = plan.shape;
  cluster.record({ type: 'phase', at: 0, phase: 'safety', ...(keys === null ? {} : { keys }) });
  cluster.begin();
  const clients = startClients(cluster, plan);
  watchHealth(cluster);
  for (const fault of plan.faults) planFault(cluster, plan, fault);
  timeline.after(plan.faultsUntil, () => heal(cluster, plan));
  await timeline.run(plan.faultsUntil + 1);
  const convergence = new Convergence(cluster);
  const until = plan.faultsUntil + convergenceMs(cluster.options);
  const quiet = (): boolean => clients.every(({ idle }) => idle);
  await convergence.show(until, quiet);
  await convergence.lookUp(keysOf(plan));
  for (const client of clients) client.end();
  cluster.record({ type: 'phase', at: timeline.now, phase: 'end' });
  for (const [name, count] of cluster.network.weather.hits) cluster.hits.set(name, count);
  return {
    plan,
    history: cluster.history,
    breaches: cluster.watch.breaches,
    events: timeline.events,
    hits: cluster.hits,
    get hash() {
      const records = crc32(JSON.stringify(cluster.history));
      return [timeline.hash, records].map((n) => n.toString(16).padStart(8, '0')).join('');
    },
    trace: cluster.trace.lines,
  };
}

function keysOf(plan: Plan): string[] {
  const keys = new Set<string>();
  for (const operation of plan.operations) {
    if (operation.type !== 'write') continue;
    for (const one of operation.operations) if (one.op !== 'append') keys.add(one.key);
  }
  return [...keys].sort();
}

function startClients(cluster: Cluster, plan: Plan): Client[] {
  const ids = new Set(plan.operations.map(({ client }) => client));
  return [...ids].sort().map((id) => {
    const operations = plan.operations.filter(({ client }) => client === id);
    const chance = new Chance(plan.seed * 31 + Number(id.slice(1)));
    const client = new Client(id, { cluster, chance, operations });
    client.proceed();
    return client;
  });
}

function planFault(cluster: Cluster, plan: Plan, fault: Fault): void {
  const kind = FAULT_KINDS.find(({ name }) => name === fault.kind);
  if (kind === undefined) throw new Error(`there is no fault of kind ${fault.kind}`);
  cluster.timeline.after(fault.at, () => {
    const { node, forMs, peer, amount } = fault;
    const detail = `${peer} ${amount} ${forMs}`;
    cluster.trace.draw(`fault: ${fault.kind} ${node} ${detail}`);
    const at = cluster.timeline.now;
    cluster.record({ type: 'fault', at, node, kind: fault.kind, detail });
    const end = kind.begin(cluster, fault, new Chance(fault.seed));
    const endsAt = Math.min(fault.at + forMs, plan.faultsUntil);
    if (end !== undefined) cluster.timeline.after(endsAt - fault.at, end);
  });
}

function heal(cluster: Cluster, plan: Plan): void {
  const at = cluster.timeline.now;
  cluster.trace.draw('all faults are over');
  const until = plan.faultsUntil + convergenceMs(cluster.options);
  cluster.record({ type: 'phase', at, phase: 'liveness', until });
  cluster.heal();
}

/** Asks every node again and again how it is. */
function watchHealth(cluster: Cluster): void {
  const { timeline } = cluster;
  for (const { node } of cluster.nodes) {
    if (node === null || node.paused) continue;
    const { status } = node;
    if (status !== null) cluster.record(healthOf(node.id, status, timeline.now));
  }
  timeline.after(HEALTH_MS, () => watchHealth(cluster));
}

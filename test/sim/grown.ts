// A cluster in virtual time that nothing has befallen yet, for tests that lay hands on it.

import { Cluster } from '../../src/sim/cluster/cluster.ts';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import type { Fault, Plan, Shape } from '../../src/sim/plan/plan.ts';

/** A bit turns over in what n2 has stored. */
export const rot: Fault = {
  ...{ kind: 'rot', at: 0, forMs: 20, node: 'n2', peer: 'n1', amount: 0.5, seed: 7 },
};

/** The first drawn plan of a cluster of at least three nodes, all of them with disks. */
export function planOfThree(): Plan {
  for (let seed = 1; ; seed += 1) {
    const plan = drawnPlan(seed);
    const { nodes } = plan.shape;
    if (nodes.length >= 3 && nodes.every(({ durable }) => durable)) return plan;
  }
}

/** A cluster that has run for two seconds and holds some operations; `faults` are said to befall
 * it, and do not by themselves. */
export async function grown(
  more: Partial<Shape> = {},
  faults: readonly Fault[] = [],
): Promise<Cluster> {
  const { shape, ...plan } = planOfThree();
  const layout = { segmentBytes: 64 << 20 };
  const calm = { ...shape, salvages: true, arbiter: 'own' as const, layout, ...more };
  const cluster = new Cluster({ plan: { ...plan, shape: calm, faults }, traced: false });
  cluster.begin();
  await cluster.timeline.run(1_000);
  const [master] = cluster.nodes.filter(({ node }) => node?.status?.role === 'master');
  const operations = [{ op: 'append' as const, message: 'm' }];
  const at = '2026-01-01T00:00:00.000Z';
  for (let i = 0; i < 5; i += 1)
    master!.node!.write({ operations, batch: false, at, w: 'all' }, () => {});
  await cluster.timeline.run(2_000);
  return cluster;
}

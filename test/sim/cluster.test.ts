import { expect, test } from 'vitest';
import { Chance } from '../../src/sim/chance.ts';
import { Cluster } from '../../src/sim/cluster.ts';
import { drawnPlan } from '../../src/sim/drawn-plan.ts';
import { ROT } from '../../src/sim/faults/rot.ts';
import type { Plan } from '../../src/sim/plan.ts';

/** The first drawn plan of a cluster of at least three nodes, all of them with disks. */
function planOfThree(): Plan {
  for (let seed = 1; ; seed += 1) {
    const plan = drawnPlan(seed);
    const { nodes } = plan.shape;
    if (nodes.length >= 3 && nodes.every(({ durable }) => durable)) return plan;
  }
}

test('one disk only has bits that turn over, whether they have turned yet or not', () => {
  const cluster = new Cluster({ plan: planOfThree(), traced: false });
  const never = () => null;
  const end = cluster.flipBits('n1', 'flip', never);
  expect(end).toBeTypeOf('function');
  expect(cluster.flipBits('n2', 'flip', never)).toBeUndefined();
  end?.();
  expect(cluster.flipBits('n2', 'flip', never)).toBeTypeOf('function');
});

const fault = { kind: 'rot', at: 0, forMs: 20, node: 'n2', peer: 'n1', amount: 0.5, seed: 7 };

/** A cluster without faults that has run for two seconds. */
async function grown(): Promise<Cluster> {
  const { shape, ...plan } = planOfThree();
  const layout = { segmentBytes: 64 << 20 };
  const calm = { ...shape, salvages: true, arbiter: 'own' as const, layout };
  const cluster = new Cluster({ plan: { ...plan, shape: calm, faults: [] }, traced: false });
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

test('a disk that rots is the only one', async () => {
  const cluster = await grown();
  ROT.begin(cluster, fault, new Chance(7));
  expect(cluster.hits.get('rot')).toBe(1);
  expect([cluster.mayRot('n1'), cluster.mayRot('n2')]).toEqual([false, true]);
  ROT.begin(cluster, { ...fault, node: 'n1' }, new Chance(7));
  expect(cluster.hits.get('rot')).toBe(1);
});

test('damage that nothing has done is a breach, though the node mends it', async () => {
  const cluster = await grown();
  ROT.begin(cluster, fault, new Chance(7));
  await cluster.timeline.run(3_000);
  expect(cluster.hits.get('salvage')).toBe(1);
  expect(cluster.watch.breaches.map(({ judge }) => judge)).toEqual(['no damage by itself']);
});

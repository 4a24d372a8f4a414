import { expect, test } from 'vitest';
import { Cluster } from '../../src/sim/cluster.ts';
import { drawnPlan } from '../../src/sim/drawn-plan.ts';
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

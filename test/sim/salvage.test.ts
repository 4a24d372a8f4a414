// Damage in the simulator: nodes take it out of their logs as served ones do, and where that leaves
// something that nobody has, an operator gives it up.

import { describe, expect, test } from 'vitest';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import type { Fault, Plan, Shape } from '../../src/sim/plan/plan.ts';
import { tryPlan } from '../../src/sim/trial.ts';

/** The first drawn plan of a cluster of so many nodes with disks and an arbiter of its own; in
 * place of its faults, `kinds` strike, each a node, at the same time. */
function planOf(size: number, salvages: boolean, kinds: readonly [string, string][]): Plan {
  const suits = ({ arbiter, nodes, upkeep }: Shape): boolean =>
    arbiter === 'own' && !upkeep && nodes.length === size && nodes.every(({ durable }) => durable);
  for (let seed = 1; ; seed += 1) {
    const plan = drawnPlan(seed);
    if (!suits(plan.shape)) continue;
    const at = plan.faultsUntil - 600;
    const fault = (kind: string, node: string): Fault => {
      return { kind, at, forMs: 20, node, peer: 'n1', amount: 0.5, seed: 7 };
    };
    const faults = kinds.map(([kind, node]) => fault(kind, node));
    return { ...plan, shape: { ...plan.shape, salvages }, faults };
  }
}

async function run(plan: Plan) {
  const { findings, run: ran } = await tryPlan(plan, { traced: true });
  expect(findings).toEqual([]);
  const hits = (name: string): number => ran.hits.get(name) ?? 0;
  return { ...ran, hits, trace: ran.trace.join('\n') };
}

describe('G19: damage in the log of one node', { timeout: 30_000 }, () => {
  test('is taken out at its start, and fetched from the others', async () => {
    const { hits, history, trace } = await run(planOf(3, true, [['rot', 'n2']]));
    expect([hits('rot'), hits('salvage'), hits('repair')]).toEqual([1, 1, 0]);
    expect(trace).toContain('n2: has again what damage took');
    const starts = history.filter((one) => one.type === 'node' && one.event === 'start');
    const damaged = starts.filter((one) => one.type === 'node' && one.damaged === true);
    expect(damaged).toMatchObject([{ node: 'n2' }]);
  });

  test('is met by a running node where its start did not read it, and then taken out', async () => {
    const plan = planOf(3, true, [['rot', 'n2']]);
    const layout = { ...plan.shape.layout, segmentBytes: 300, tailBytes: 0, outlineBytes: 100 };
    // So long that upkeep has summed up its segments before.
    const until = plan.faultsUntil + 4_000;
    const faults = plan.faults.map((one) => ({ ...one, at: one.at + 1_000, seed: 1 }));
    const shape = { ...plan.shape, layout, upkeep: true };
    // Nobody reads there but the node itself.
    const operations = plan.operations.filter(({ type }) => type === 'write');
    const { hits, trace } = await run({ ...plan, operations, faultsUntil: until, faults, shape });
    expect([hits('rot'), hits('salvage'), hits('repair')]).toEqual([1, 1, 0]);
    expect(trace.indexOf('n2 has met damage')).toBeLessThan(trace.indexOf('all faults are over'));
    expect(trace).toMatch(/n2 has met damage[\s\S]+n2: stop[\s\S]+n2 has taken damage out/);
    expect(trace).toContain('n2: has again what damage took');
  });

  test('costs it its disk where it does not look for others', async () => {
    const { hits, trace } = await run(planOf(3, false, [['rot', 'n2']]));
    expect([hits('rot'), hits('salvage'), hits('wipe')]).toEqual([1, 0, 1]);
    expect(trace).toContain('n2: refused-start');
  });

  test('is given up by the operator where nobody has it any more', async () => {
    const plan = planOf(2, true, [
      ['rot', 'n2'],
      ['wipe', 'n1'],
    ]);
    const { hits, history, trace } = await run(plan);
    expect([hits('salvage'), hits('repair')]).toEqual([1, 1]);
    expect(trace).toContain('for n2 to give them up (replog repair --help)');
    const repairs = history.filter((one) => one.type === 'node' && one.event === 'repair');
    expect(repairs).toMatchObject([{ node: 'n2' }]);
    const phases = history.filter((one) => one.type === 'phase' && one.phase === 'liveness');
    expect(phases).toHaveLength(2);
  });
});

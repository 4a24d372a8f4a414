// A run is judged from inside and from outside, and by whether it decides anything.

import { expect, test } from 'vitest';
import { logIndex } from '../../src/core/ids.ts';
import type { Persistence } from '../../src/persistence/persistence.ts';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import { tryPlan } from '../../src/sim/trial.ts';

/** What is found where n2 reads its log in this way, in a cluster that nothing befalls. */
async function judgesWhere(read: (real: Persistence) => Persistence['read']): Promise<Set<string>> {
  const plan = { ...drawnPlan(1), faults: [] };
  const { findings } = await tryPlan(plan, {
    wrap: (real, { id }) => {
      if (id !== 'n2') return real;
      const reads = read(real);
      return new Proxy(real, {
        get: (_, name) => {
          if (name === 'read') return reads;
          const value: unknown = Reflect.get(real, name, real);
          return typeof value === 'function' ? value.bind(real) : value;
        },
      });
    },
  });
  return new Set(findings.map(({ judge }) => judge));
}

test('a node that hides the end of its log is seen from outside', async () => {
  const judges = await judgesWhere(
    (real) => (from, to) => real.read(from, logIndex(Math.max(from, to - 1))),
  );
  expect(judges).toContain('never back');
});

test('a node whose log cannot be read leaves the history undecided', async () => {
  const judges = await judgesWhere(() => () => Promise.reject(new Error('no such block')));
  expect(judges).toEqual(new Set(['comes back', 'the history decides']));
});

test('a run says something if success was heard before, during and after the faults', async () => {
  const plan = { ...drawnPlan(1), faults: [] };
  const { acknowledged, counts } = await tryPlan(plan);
  expect(counts).toBe(true);
  for (const times of Object.values(acknowledged)) expect(times).toBeGreaterThan(3);
  const early = plan.operations.filter(({ at }) => at < plan.faultsFrom);
  const short = await tryPlan({ ...plan, operations: early });
  expect([short.findings, short.counts]).toEqual([[], false]);
  // What proves that it has come back is no client's.
  expect(short.acknowledged).toMatchObject({ during: 0, after: 0 });
});

// Makes plans small: what is left fails, and nothing of it can be left out.

import { expect, test } from 'vitest';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import type { Plan } from '../../src/sim/plan/plan.ts';
import { shrink } from '../../src/sim/shrink.ts';

const base = drawnPlan(1);

/** A plan of so many faults and operations, which are told apart by when they are. */
function planOf(faults: number, operations: number): Plan {
  const [fault, operation] = [base.faults[0]!, base.operations[0]!];
  return {
    ...base,
    faults: Array.from({ length: faults }, (_, at) => ({ ...fault, at })),
    operations: Array.from({ length: operations }, (_, at) => ({ ...operation, at })),
  };
}

const times = (of: readonly { readonly at: number }[]): number[] => of.map(({ at }) => at);

test('what is left is what it takes, wherever that stood', async () => {
  const needed = { faults: [3, 11], operations: [0, 50, 99] };
  const fails = (plan: Plan): Promise<boolean> =>
    Promise.resolve(
      needed.faults.every((at) => times(plan.faults).includes(at)) &&
        needed.operations.every((at) => times(plan.operations).includes(at)),
    );
  const { plan, runs } = await shrink(planOf(16, 100), fails);
  expect({ faults: times(plan.faults), operations: times(plan.operations) }).toEqual(needed);
  expect(runs).toBeLessThan(150);
});

test('faults that only some operations need go in the second round', async () => {
  const fails = ({ faults, operations }: Plan): Promise<boolean> =>
    Promise.resolve(operations.length <= 2 || (operations.length > 2 && faults.length === 4));
  const { plan } = await shrink(planOf(4, 20), fails);
  expect([plan.faults, plan.operations]).toEqual([[], []]);
});

test('only so many runs are spent on it, and what is left then fails', async () => {
  let runs = 0;
  let last: Plan | null = null;
  const fails = (plan: Plan): Promise<boolean> => {
    runs += 1;
    const still = times(plan.operations).filter((at) => at % 2 === 0).length === 500;
    if (still) last = plan;
    return Promise.resolve(still);
  };
  const shrunk = await shrink(planOf(1, 1_000), fails);
  expect([runs, shrunk.runs]).toEqual([400, 400]);
  expect(shrunk.plan).toEqual(last);
});

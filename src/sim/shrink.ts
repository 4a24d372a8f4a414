// Makes a failing plan small: leaves out faults and operations as long as the same judge still
// objects (delta debugging, after Zeller and Hildebrandt 2002). The rule: what is left fails, and a
// bounded number of runs is spent on it.

import { drawnPlan } from './plan/drawn-plan.ts';
import type { Plan } from './plan/plan.ts';
import type { RunOptions } from './simulation.ts';
import { type Trial, tryPlan } from './trial.ts';

/** Tells whether a plan still fails in the same way. */
export type StillFails = (plan: Plan) => Promise<boolean>;

/** What was left out, and how many runs it took. */
export interface Shrunk {
  readonly plan: Plan;
  readonly runs: number;
}

/** Runs spent at most; a run takes some 30 ms. */
const RUNS_MAX = 400;

export async function shrink(plan: Plan, fails: StillFails): Promise<Shrunk> {
  let runs = 0;
  const spend = async (smaller: Plan): Promise<boolean> => {
    runs += 1;
    return runs <= RUNS_MAX && (await fails(smaller));
  };
  let small = plan;
  for (let before = -1; before !== size(small) && runs < RUNS_MAX; ) {
    before = size(small);
    const { operations } = small;
    const faults = await fewest(small.faults, (some) => spend({ ...small, faults: some }));
    small = { ...small, faults };
    const fewer = await fewest(operations, (some) => spend({ ...small, operations: some }));
    small = { ...small, operations: fewer };
  }
  return { plan: small, runs: Math.min(runs, RUNS_MAX) };
}

/** Shrinks the plan of a seed that fails, and runs the result once more with a trace. */
export async function shrunkSeed(
  seed: number,
  options: RunOptions = {},
): Promise<Shrunk & { readonly trial: Trial }> {
  const whole = drawnPlan(seed);
  const blamed = (await tryPlan(whole, options)).findings[0]?.judge;
  const { plan, runs } = await shrink(whole, async (smaller) => {
    const { findings } = await tryPlan(smaller, options);
    return findings.some(({ judge }) => judge === blamed);
  });
  return { plan, runs, trial: await tryPlan(plan, { ...options, traced: true }) };
}

function size({ faults, operations }: Plan): number {
  return faults.length + operations.length;
}

/** A part of `items`, as small as can be found, for which `fails` still holds. */
async function fewest<Item>(
  items: readonly Item[],
  fails: (some: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let rest = items;
  let pieces = 2;
  while (rest.length > 0) {
    const length = Math.ceil(rest.length / pieces);
    let found = false;
    for (let start = 0; start < rest.length; start += length) {
      const without = [...rest.slice(0, start), ...rest.slice(start + length)];
      if (!(await fails(without))) continue;
      rest = without;
      pieces = Math.max(pieces - 1, 2);
      found = true;
      break;
    }
    if (found) continue;
    if (length === 1) break;
    pieces = Math.min(2 * pieces, rest.length);
  }
  return rest;
}

// One seed of the simulator, and what its judges say of it.

import { judge } from '../../src/check/judge.ts';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import { simulate } from '../../src/sim/simulation.ts';

/** What one seed came to. */
export interface Find {
  readonly seed: number;
  /** Who found it; null: nothing was found. */
  readonly judge: string | null;
  readonly sentence: string;
}

export async function runSeed(seed: number): Promise<Find> {
  try {
    const { breaches, history } = await simulate(drawnPlan(seed));
    const { reasons, violations } = judge(history);
    const undecided = reasons.map((sentence) => ({ judge: 'the history decides', sentence }));
    const found = [...violations, ...breaches, ...undecided][0];
    if (found === undefined) return { seed, judge: null, sentence: '' };
    return { seed, judge: found.judge, sentence: found.sentence };
  } catch (error) {
    return { seed, judge: 'the run broke off', sentence: String(error) };
  }
}

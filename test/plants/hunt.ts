// Runs the simulator on seeds until its judges find something. This file is bundled together with a
// copy of the sources (planted-copy.ts) and run as a process of its own: `node hunt.mjs 1 200`, or
// a list of seeds, `node hunt.mjs 17,3,5`. Prints one JSON line per seed, and ends with the first
// find.

import { judge } from '../../src/check/judge.ts';
import { drawnPlan } from '../../src/sim/drawn-plan.ts';
import { simulate } from '../../src/sim/simulation.ts';

/** What one seed came to. */
export interface Find {
  readonly seed: number;
  /** Who found it; null: nothing was found. */
  readonly judge: string | null;
  readonly sentence: string;
}

async function run(seed: number): Promise<Find> {
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

function seedsFrom([list = '1', last]: readonly string[]): number[] {
  if (last === undefined) return list.split(',').map(Number);
  const first = Number(list);
  return Array.from({ length: Number(last) - first + 1 }, (_, i) => first + i);
}

for (const seed of seedsFrom(process.argv.slice(2))) {
  const find = await run(seed);
  process.stdout.write(`${JSON.stringify(find)}\n`);
  if (find.judge !== null && process.env.HUNT_ON === undefined) break;
}

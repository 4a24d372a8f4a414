// Plants every bug that is known to be caught, and runs the seed that is known to catch it.

import caught from './caught.json' with { type: 'json' };
import { hunt } from './planted-copy.ts';
import { type Catch, firstCatch, forEachPlant } from './search.ts';

export const CAUGHT: readonly Catch[] = caught;

/** A plan is drawn from its seed: where that has changed, the first seeds catch most plants. */
const FIRST_SEEDS = 20;

/** The names of those that were not caught again. A run longer than `limitMs` counts as a catch. */
export async function catchAgain(folder: string, limitMs: number): Promise<string[]> {
  const missed: string[] = [];
  await forEachPlant(folder, async (plant, copies) => {
    const known = CAUGHT.find(({ name }) => name === plant.name);
    // The long test goes on looking for those that are not caught yet.
    if (known === undefined) return;
    const [find] = await hunt(copies.planted, [known.seed], limitMs);
    if (find!.judge !== null) return;
    const range = { from: 1, to: FIRST_SEEDS };
    if ((await firstCatch(plant, copies, range)) === null) missed.push(plant.name);
  });
  return missed;
}

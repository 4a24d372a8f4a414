// Plants every bug that is known to be caught, and runs the seed that is known to catch it.

import caught from './caught.json' with { type: 'json' };
import { ENDLESS, hunt } from './planted-copy.ts';
import { type Catch, firstCatch, forEachPlant } from './search.ts';

export const CAUGHT: readonly Catch[] = caught;

/** A plan is drawn from its seed: where that has changed, the first seeds catch most plants. */
const FIRST_SEEDS = 20;

/** The names of those that were not caught again. A run that takes longer than `limitMs`, perhaps
 * because the machine is busy, is a catch only of a plant that is known to turn in circles. */
export async function catchAgain(folder: string, limitMs: number): Promise<string[]> {
  const missed: string[] = [];
  await forEachPlant(folder, async (plant, copies) => {
    const known = CAUGHT.find(({ name }) => name === plant.name);
    // The long test goes on looking for those that are not caught yet.
    if (known === undefined) return;
    const [find] = await hunt(copies.planted, [known.seed], limitMs);
    const undecided = find!.judge === ENDLESS && known.judge !== ENDLESS;
    if (find!.judge !== null && !undecided) return;
    const range = { from: 1, to: FIRST_SEEDS };
    if ((await firstCatch(plant, copies, range)) === null) missed.push(plant.name);
  });
  return missed;
}

// Plants every bug that is known to be caught, and runs the seed that is known to catch it: all in
// one process, in which the code that they share is warm. What does not end there as it is known
// to end is looked at by itself.

import { BANK } from './bank.ts';
import caught from './caught.json' with { type: 'json' };
import { changingCopy } from './changing-copy.ts';
import type { Plant } from './plant.ts';
import { ENDLESS, hunt, takeTurns } from './planted-copy.ts';
import { type Catch, firstCatch, forEachPlant } from './search.ts';

export const CAUGHT: readonly Catch[] = caught;

/** A plan is drawn from its seed: where that has changed, the first seeds catch most plants. */
const FIRST_SEEDS = 20;

export interface Again {
  /** The names of those that were not caught again. */
  readonly missed: readonly string[];
  /** What was found in the sources as they are, one sentence each. */
  readonly found: readonly string[];
  /** Those that had to be looked at by themselves: their seed or judge is another one now. */
  readonly changed: readonly string[];
}

/** Looks at the seeds `clean` without a plant, and at every plant. The long test goes on looking
 * for those that are not caught yet. */
export async function catchAgain(
  folder: string,
  limitMs: number,
  clean: readonly number[],
): Promise<Again> {
  const numbers = CAUGHT.map(({ name }) => BANK.findIndex((plant) => plant.name === name));
  const planted = CAUGHT.map(({ seed }, i) => `${numbers[i]}:${seed}`);
  const turns = [...clean.map((seed) => `:${seed}`), ...planted];
  const finds = await takeTurns(await changingCopy(BANK, folder), turns, limitMs);
  const found = clean.flatMap((seed, i) => {
    const { judge, sentence } = finds[i] ?? { judge: 'the run broke off', sentence: '' };
    return judge === null ? [] : [`seed ${seed}, ${judge}: ${sentence}`];
  });
  const changed = numbers
    .filter((_, i) => finds[clean.length + i]?.judge !== CAUGHT[i]!.judge)
    .map((number) => BANK[number]!);
  const missed = await missedOf(changed, folder, limitMs);
  return { missed, found, changed: changed.map(({ name }) => name) };
}

/** Those that are not caught in a copy of their own either. A run that takes longer than `limitMs`,
 * perhaps because the machine is busy, is a catch only of a plant that is known to turn in
 * circles. */
async function missedOf(
  plants: readonly Plant[],
  folder: string,
  limitMs: number,
): Promise<string[]> {
  const missed: string[] = [];
  await forEachPlant(plants, folder, async (plant, copies) => {
    const known = CAUGHT.find(({ name }) => name === plant.name)!;
    const [find] = await hunt(copies.planted, [known.seed], limitMs);
    const undecided = find!.judge === ENDLESS && known.judge !== ENDLESS;
    if (find!.judge !== null && !undecided) return;
    const range = { from: 1, to: FIRST_SEEDS };
    if ((await firstCatch(plant, copies, range)) === null) missed.push(plant.name);
  });
  return missed;
}

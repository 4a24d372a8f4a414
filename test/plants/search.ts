// Looks for the first seed that catches a plant, and does not catch the sources as they are: what
// the judges say of a seed without the plant is not the plant's doing.

import { availableParallelism } from 'node:os';
import { BANK } from './bank.ts';
import type { Plant } from './plant.ts';
import { hunt, plantedCopy } from './planted-copy.ts';
import type { Find } from './seed-run.ts';

/** How a plant was caught. */
export interface Catch {
  readonly bug: string;
  readonly name: string;
  readonly seed: number;
  readonly judge: string;
}

/** A run that takes longer than this turns in circles: virtual time stands still. */
const STUCK_MS = 120_000;

/** Seeds in one process: most plants are caught by one of the first; for the others a process that
 * goes on is faster. */
const STRIDE = 25;
const STRIDE_MAX = 1_000;

/** The first seed from `from` to `to` that catches the plant; null: none does. */
export async function firstCatch(
  plant: Plant,
  copies: { readonly planted: string; readonly clean: string },
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Catch | null> {
  for (let seed = from, stride = STRIDE; seed <= to; stride = Math.min(2 * stride, STRIDE_MAX)) {
    const range = { from: seed, to: Math.min(to, seed + stride - 1) };
    const find = (await hunt(copies.planted, range, STUCK_MS)).at(-1)!;
    if (find.judge !== null && (await isNews(find, copies.clean))) {
      return { bug: plant.bug, name: plant.name, seed: find.seed, judge: find.judge };
    }
    seed = find.seed + 1;
  }
  return null;
}

async function isNews({ judge, seed }: Find, clean: string): Promise<boolean> {
  const without = (await hunt(clean, [seed], STUCK_MS)).at(-1)!;
  return without.judge !== judge;
}

/** Does something with each of these plants, as many at a time as there are processors. */
export async function forEachPlant(
  plants: readonly Plant[],
  folder: string,
  use: (plant: Plant, copies: { planted: string; clean: string }) => Promise<void>,
): Promise<void> {
  if (plants.length === 0) return;
  const clean = await plantedCopy(null, folder, 'clean');
  const waiting = [...plants.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, plant] = next;
      const planted = await plantedCopy(plant, folder, `plant-${number}`);
      await use(plant, { planted, clean });
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
}

/** The end of docs/planted-bugs.md: what was caught, and what was not yet. */
export function tableOf(catches: readonly Catch[]): string {
  const names = new Set(catches.map(({ name }) => name));
  const open = BANK.filter(({ name }) => !names.has(name));
  const rows = catches.map(
    ({ bug, judge, name, seed }) => `| ${bug} | ${name} | ${seed} | ${judge} |`,
  );
  const head = ['| bug | planted | caught by seed | by the judge |', '| --- | --- | --- | --- |'];
  const missed =
    open.length === 0
      ? []
      : [
          '',
          'Looked for, and not caught yet:',
          '',
          ...open.map(({ bug, name }) => `- ${bug}: ${name}`),
        ];
  return `${[...head, ...rows, ...missed].join('\n')}\n`;
}

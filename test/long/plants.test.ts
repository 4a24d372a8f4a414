// Looks for the first seed that catches each planted bug, from seed 1. REPLOG_PLANTS_WRITE=1 keeps
// what it finds, for the short test and for docs/planted-bugs.md; REPLOG_PLANTS=words looks for
// some plants only, and REPLOG_PLANTS_SEEDS limits the search.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BANK } from '../plants/bank.ts';
import { type Catch, firstCatch, forEachPlant, tableOf } from '../plants/search.ts';

const KEPT = new URL('../plants/caught.json', import.meta.url);
const PAGE = new URL('../../docs/planted-bugs.md', import.meta.url);
const words = process.env.REPLOG_PLANTS ?? '';
const seeds = Number(process.env.REPLOG_PLANTS_SEEDS ?? 10_000);

test(
  'every planted bug is caught by a seed up to 10,000',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'replog-plants-'));
    const known = JSON.parse(await readFile(KEPT, 'utf8')) as Catch[];
    const caught = new Map(known.map((found) => [found.name, found]));
    const missed: string[] = [];
    try {
      const wanted = BANK.filter(({ name }) => name.includes(words));
      await forEachPlant(wanted, folder, async (plant, copies) => {
        const found = await firstCatch(plant, copies, { from: 1, to: seeds });
        if (found === null) missed.push(plant.name);
        else caught.set(plant.name, found);
        process.stderr.write(`${plant.name}: ${found?.seed ?? '-'} ${found?.judge ?? ''}\n`);
      });
    } finally {
      await rm(folder, { recursive: true });
    }
    if (process.env.REPLOG_PLANTS_WRITE === '1') await keep([...caught.values()]);
    expect(missed).toEqual([]);
  },
  24 * 3_600_000,
);

/** In the order of the bank. */
async function keep(found: readonly Catch[]): Promise<void> {
  const catches = BANK.flatMap(({ name }) => found.find((one) => one.name === name) ?? []);
  await writeFile(KEPT, `${JSON.stringify(catches, null, 2)}\n`);
  const page = await readFile(PAGE, 'utf8');
  const [before] = page.split('| bug |');
  await writeFile(PAGE, `${before}${tableOf(catches)}`);
}

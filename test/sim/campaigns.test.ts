// What computes for a minute and waits for nothing: the simulator's share of every test run, and
// the planted bugs that it must find again. All of it runs in processes that give way to every
// other (os.setPriority), so that these tests can stand beside those that are held against times.
//
// REPLOG_SEEDS=5000 runs more seeds, REPLOG_SEED=17 only one; `replog sim --seed 17 --trace` shows
// it event by event.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addTotals, noTotals, shortcomings, type Totals } from '../../src/sim/campaign.ts';
import { CAUGHT, catchAgain } from '../plants/catch-again.ts';
import { bundle } from '../setup/bundled.ts';
import { FRUGAL } from '../setup/frugal.ts';
import { standardOutput } from '../setup/giving-way.ts';

const only = process.env.REPLOG_SEED;
const seeds = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 1_000) : 1;
const first = Number(only ?? 1);

/** One for each processor of a small machine: they get what the tests beside them leave. */
const PROCESSES = 2;

/** What is in nobody's way may take its time; a copy that turns in circles is ended after this. */
const LIMIT_MS = 120_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replog-campaigns-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function campaign(): Promise<Totals> {
  const program = join(folder, 'campaign-run.mjs');
  await bundle(new URL('campaign-run.ts', import.meta.url), program);
  const last = first + seeds - 1;
  const totals = noTotals();
  const shares = Array.from({ length: PROCESSES }, async (_, i) => {
    const args = [...FRUGAL, program, `${first + i}`, `${last}`, `${PROCESSES}`];
    addTotals(totals, JSON.parse(await standardOutput(args)) as Totals);
  });
  await Promise.all(shares);
  return totals;
}

// Both at once: as long as the tests beside them wait, there is time for both.
describe.concurrent('whole clusters in virtual time', () => {
  test(
    'G1, G2, G3, G4, G7, G10, G11, G12, G15, G19: whatever goes wrong, every promise is kept',
    async () => {
      const totals = await campaign();
      for (const { findings, seed } of totals.failed) {
        const sentences = findings.map(({ judge, sentence }) => `${judge}: ${sentence}`);
        throw new Error(
          [`seed ${seed} (npx replog sim --seed ${seed} --trace)`, ...sentences].join('\n'),
        );
      }
      expect(totals.seeds).toBe(seeds);
      if (only === undefined) expect(shortcomings(totals)).toEqual([]);
    },
    Math.max(2 * LIMIT_MS, seeds * 1_000),
  );
});

describe.skipIf(only !== undefined).concurrent('the bank of planted bugs', () => {
  test(
    'every one that was caught is caught again, and without it nothing is found',
    async () => {
      // The campaign has run the first ones without a plant.
      const beyond = CAUGHT.map(({ seed }) => seed).filter((seed) => seed >= first + seeds);
      const { changed, found, missed } = await catchAgain(folder, LIMIT_MS, [...new Set(beyond)]);
      expect({ found, missed }).toEqual({ found: [], missed: [] });
      // Each costs a copy and a process of its own: `npm run test:long` finds its seed anew.
      if (changed.length > 0) process.stderr.write(`caught otherwise: ${changed.join('; ')}\n`);
    },
    5 * LIMIT_MS,
  );
});

// The simulator's share of every test run. REPLOG_SEEDS=5000 runs more, REPLOG_SEED=17 only one;
// `replog sim --seed 17 --trace` shows it event by event.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { shortcomings, type Totals } from '../../src/sim/campaign.ts';
import { bundle } from '../setup/bundled.ts';

const only = process.env.REPLOG_SEED;
const seeds = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 1_000) : 1;
const first = Number(only ?? 1);

async function campaign(): Promise<Totals> {
  const folder = await mkdtemp(join(tmpdir(), 'replog-seeds-'));
  try {
    const program = join(folder, 'campaign-run.mjs');
    await bundle(new URL('campaign-run.ts', import.meta.url), program);
    const args = [program, `${first}`, `${first + seeds - 1}`];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as Totals;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('whole clusters in virtual time', () => {
  test(
    'G1, G2, G3, G4, G7, G10, G11, G12, G15: whatever goes wrong, every promise is kept',
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
    Math.max(60_000, seeds * 1_000),
  );
});

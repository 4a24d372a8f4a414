// The simulator's share of every test run. REPLOG_SEEDS=5000 runs more, REPLOG_SEED=17 only one;
// `replog sim --seed 17 --trace` shows it event by event.

import { describe, expect, test } from 'vitest';
import { addTotals, noTotals, runSeed, shortcomings } from '../../src/sim/campaign.ts';

const only = process.env.REPLOG_SEED;
const seeds = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 1_000) : 1;
const first = Number(only ?? 1);

describe('whole clusters in virtual time', () => {
  test(
    'G1, G2, G3, G4, G7, G10, G11, G12, G15: whatever goes wrong, every promise is kept',
    async () => {
      const totals = noTotals();
      for (let seed = first; seed < first + seeds; seed += 1) {
        addTotals(totals, await runSeed(seed));
        // A run is one long turn of the event loop: here the test runner is heard.
        await new Promise(setImmediate);
        const [failed] = totals.failed;
        if (failed === undefined) continue;
        const sentences = failed.findings.map(({ judge, sentence }) => `${judge}: ${sentence}`);
        throw new Error(
          [`seed ${seed} (npx replog sim --seed ${seed} --trace)`, ...sentences].join('\n'),
        );
      }
      if (only === undefined) expect(shortcomings(totals)).toEqual([]);
    },
    Math.max(60_000, seeds * 1_000),
  );
});

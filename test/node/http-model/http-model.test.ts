// Nodes on real sockets are sent whatever comes to mind, and each answer is held against a model of
// the contract. One seed: REPLOG_SEED=7; more of them: REPLOG_SEEDS=100 (and --test-timeout), with
// `npx vitest run --project unit test/node/http-model`.

import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpRun } from './http-run.ts';

const only = process.env.REPLOG_SEED;
const seeds = Number(process.env.REPLOG_SEEDS ?? 1);
const first = Number(only ?? 1);
const last = only === undefined ? seeds : first;

const SIZES = [
  { size: 1, requests: 350 },
  { size: 3, requests: 300 },
];

describe.each(SIZES)('a cluster of $size answers as the contract says', ({ size, requests }) => {
  test(`seeds ${first} to ${last}`, async () => {
    for (let seed = first; seed <= last; seed += 1) {
      const run = await HttpRun.start(seed, size);
      onTestFinished(() => run.stop());
      for (let i = 0; i < requests && run.wrong.length === 0; i += 1) await run.step();
      await run.compare();
      await run.stop();
      expect(run.wrong, `seed ${seed} (REPLOG_SEED=${seed})`).toEqual([]);
      // A run in which nothing was written, or nothing refused, would show nothing.
      for (const status of [200, 201, 400, 404, 422]) {
        expect(run.statuses[status], `answers of ${status}`).toBeGreaterThan(0);
      }
    }
  });
});

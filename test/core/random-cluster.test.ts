import { describe, expect, test } from 'vitest';
import { RandomRun } from './random-run.ts';

// REPLOG_SEED=17 repeats one run and shows its last messages; REPLOG_RUNS=5000 looks further.
const only = process.env.REPLOG_SEED;
const runs = Number(process.env.REPLOG_RUNS ?? 200);
const first = only === undefined ? 1 : Number(only);
const last = only === undefined ? runs : first;

describe('a random cluster', () => {
  test(
    'C1, C2, C3, C6, C9, C20, C21: whatever happens, it heals, and keeps what it acknowledged',
    () => {
      let acknowledged = 0;
      let damaged = 0;
      for (let seed = first; seed <= last; seed += 1) {
        const run = new RandomRun(seed, only !== undefined);
        try {
          run.run();
        } catch (error) {
          throw new Error(`seed ${seed}: the run broke off`, { cause: error });
        }
        if (run.faults.length > 0) {
          const shown = only === undefined ? [] : run.cluster.trace;
          throw new Error(
            [`seed ${seed} (REPLOG_SEED=${seed})`, ...run.faults, ...shown].join('\n'),
          );
        }
        acknowledged += run.acknowledged.length;
        damaged += run.damaged;
      }
      // A run in which nothing happens would prove nothing.
      expect(acknowledged).toBeGreaterThan((last - first + 1) * 10);
      if (only === undefined) expect(damaged).toBeGreaterThan((last - first + 1) / 10);
    },
    runs * 500,
  );
});

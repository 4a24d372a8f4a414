import { describe, expect, test } from 'vitest';
import { RandomTurns } from './random-turns.ts';

// REPLOG_SEED=17 repeats one run and shows its last messages; REPLOG_RUNS=5000 looks further.
const only = process.env.REPLOG_SEED;
const runs = Number(process.env.REPLOG_RUNS ?? 60);
const first = only === undefined ? 1 : Number(only);
const last = only === undefined ? runs : first;

describe('arbiters that take turns', () => {
  test(
    'G24: whoever is in charge, one master acknowledges, and the next has what a majority had',
    () => {
      let acknowledged = 0;
      let replaced = 0;
      for (let seed = first; seed <= last; seed += 1) {
        const run = new RandomTurns(seed, only !== undefined);
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
        replaced += run.offices > 1 ? 1 : 0;
      }
      if (only !== undefined) return;
      // A run in which nothing happens would prove nothing.
      expect(acknowledged).toBeGreaterThan(runs * 20);
      expect(replaced).toBeGreaterThan(runs / 8);
    },
    runs * 2_000,
  );
});

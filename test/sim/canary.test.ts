// A simulator that finds nothing proves nothing: here is a bug, and it must be found, made small
// and shown.

import { expect, test } from 'vitest';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import { shrunkSeed } from '../../src/sim/shrink.ts';
import type { RunOptions } from '../../src/sim/simulation.ts';
import { tryPlan } from '../../src/sim/trial.ts';
import { EarlyPersistence } from './early-persistence.ts';

const SEEDS_MAX = 60;

const BROKEN: RunOptions = { wrap: (persistence) => new EarlyPersistence(persistence) };

test('a persistence that says "durable" too early is found, and made small', async () => {
  let seed = 1;
  let judges: string[] = [];
  for (; seed <= SEEDS_MAX && judges.length === 0; seed += 1) {
    judges = (await tryPlan(drawnPlan(seed), BROKEN)).findings.map(({ judge }) => judge);
  }
  expect(judges[0]).toBe('durable on disk');
  seed -= 1;
  const { plan, trial } = await shrunkSeed(seed, BROKEN);
  expect(trial.findings[0]?.judge).toBe('durable on disk');
  expect(plan.faults.length).toBeLessThanOrEqual(2);
  expect(plan.operations.length).toBeLessThanOrEqual(10);
  expect(trial.run.trace.some((line) => line.includes('!! durable on disk'))).toBe(true);
  expect((await tryPlan(plan)).findings, 'the same schedule without the bug').toEqual([]);
}, 300_000);

// Chaos for as long as it is meant to run, and the proof that it is not blind: bugs planted in the
// program are found, by the promise that they break.

import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { buildMutant } from '../demos/mutant.ts';
import { Belongings, ENTRY, type Line, Program } from '../process/program.ts';
import { CHAOS_PLANTS } from './chaos-plants.ts';

const belongings = new Belongings();

afterEach(() => belongings.release());

interface End extends Line {
  readonly code: number;
  readonly verdict: {
    readonly verdict: string;
    readonly violations: readonly { readonly judge: string; readonly sentence: string }[];
    readonly counts: Readonly<Record<string, number>>;
  };
  readonly failures: readonly string[];
  readonly done: Readonly<Record<string, number>>;
}

async function run(entry: string, args: readonly string[], limitMs: number): Promise<End> {
  const home = await belongings.folder();
  const env = { TMPDIR: home, REPLOG_RUN_DIR: join(home, 'run') };
  const program = new Program([...args, '--json'], env, home, entry);
  belongings.add(() => program.stop());
  const end = (await program.line(({ event }) => event === 'end', 'the end', limitMs)) as End;
  expect((await program.exited).code).toBe(end.code);
  return end;
}

const chaos = (entry: string, minutes: number, seed: number): Promise<End> =>
  run(entry, ['chaos', '--minutes', `${minutes}`, '--seed', `${seed}`], minutes * 60_000 + 180_000);

test('five minutes: at least 50 kills, nothing acknowledged is lost or doubled', async () => {
  const { code, verdict, failures, done } = await chaos(ENTRY, 5, 1);
  expect(verdict.violations).toEqual([]);
  expect([code, verdict.verdict, failures]).toEqual([0, 'OK', []]);
  expect(done.kill).toBeGreaterThanOrEqual(50);
  expect(verdict.counts.acknowledged).toBeGreaterThanOrEqual(1_000);
  expect(verdict.counts.excused).toBe(0);
}, 600_000);

describe('a planted bug is found', () => {
  test.each(CHAOS_PLANTS)(
    '$bug',
    async ({ patches, judge }) => {
      const entry = await buildMutant(await belongings.folder(), patches);
      const { code, verdict, failures } = await chaos(entry, 1, 5);
      expect(code).toBe(1);
      const found = [...verdict.violations.map((violation) => violation.judge), ...failures];
      expect(found.join('; ')).toMatch(judge);
    },
    300_000,
  );
});

// A master that knows the contract and nothing beyond it, and does not always keep to it, speaks to
// a secondary of ours on real sockets. One seed: REPLOG_SEED=7; more of them: REPLOG_SEEDS=100 (and
// --test-timeout), with `npx vitest run --project unit test/node/strangers`.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ForeignMaster } from './foreign-master.ts';

const only = process.env.REPLOG_SEED;
const seeds = Number(process.env.REPLOG_SEEDS ?? 1);
const first = Number(only ?? 1);
const last = only === undefined ? seeds : first;
const STEPS = 120;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'replog-strangers-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test.each(['memory', 'disk'])(
  'a secondary in %s owes a foreign master what the contract says',
  async (where) => {
    const warned: string[] = [];
    const note = (warning: Error) => warned.push(warning.message);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    for (let seed = first; seed <= last; seed += 1) {
      const run = new ForeignMaster(seed, where === 'memory' ? null : await newFolder());
      await run.start();
      for (let i = 0; i < STEPS && run.wrong.length === 0; i += 1) await run.step();
      await run.look();
      await run.stop();
      expect(run.wrong, `seed ${seed} (REPLOG_SEED=${seed})`).toEqual([]);
      // A run in which nothing was taken, or nothing refused, would show nothing.
      for (const answer of ['200', '400 invalid-request', '409 stale-epoch', '409 out-of-order']) {
        expect(run.statuses[`Snapshot ${answer}`], answer).toBeGreaterThan(0);
      }
    }
    expect(warned).toEqual([]);
  },
);

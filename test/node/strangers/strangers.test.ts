// A master, and secondaries, that know the contract and nothing beyond it, and do not always keep
// to it, speak to a node of ours on real sockets. One seed: REPLOG_SEED=7; more of them:
// REPLOG_SEEDS=100 (and --test-timeout), with `npx vitest run --project unit test/node/strangers`.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ForeignMaster } from './foreign-master.ts';
import { LeaderRun } from './leader-run.ts';

const only = process.env.REPLOG_SEED;
const seeds = Number(process.env.REPLOG_SEEDS ?? 1);
const first = Number(only ?? 1);
const last = only === undefined ? seeds : first;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'replog-strangers-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

beforeEach(() => {
  const warned: string[] = [];
  const note = (warning: Error) => warned.push(warning.message);
  process.on('warning', note);
  return () => {
    process.off('warning', note);
    expect(warned).toEqual([]);
  };
});

describe.each(['memory', 'disk'])('in %s', (where) => {
  test('a secondary owes a foreign master what the contract says', async () => {
    for (let seed = first; seed <= last; seed += 1) {
      const run = new ForeignMaster(seed, where === 'memory' ? null : await newFolder());
      await run.start();
      for (let i = 0; i < 120 && run.wrong.length === 0; i += 1) await run.step();
      await run.look();
      await run.stop();
      expect(run.wrong, `seed ${seed} (REPLOG_SEED=${seed})`).toEqual([]);
      // A run in which nothing was taken, or nothing refused, would show nothing.
      for (const answer of ['200', '400 invalid-request', '409 stale-epoch', '409 out-of-order']) {
        expect(run.statuses[`Snapshot ${answer}`], answer).toBeGreaterThan(0);
      }
    }
  });

  // It answers in time and truly, names nobody who has not said that it has an operation, sends
  // nothing to who has left, and brings all to everyone as soon as they are honest.
  test('a master of foreign secondaries that lie serves on', async () => {
    for (let seed = first; seed <= last; seed += 1) {
      const run = new LeaderRun(seed, where === 'memory' ? null : await newFolder());
      await run.play(20);
      expect(run.wrong, `seed ${seed} (REPLOG_SEED=${seed})`).toEqual([]);
      expect(run.client.statuses[201]).toBeGreaterThan(0);
      expect(run.others.some(({ lies }) => lies > 0)).toBe(true);
    }
  });
});

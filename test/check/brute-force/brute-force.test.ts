// The judges against a judge that tries everything: tiny histories, legal ones and ones with a slip
// in one answer. One seed: REPLOG_SEED=7; more of them: REPLOG_SEEDS=5000 (and --test-timeout) with
// `npx vitest run --project unit test/check/brute-force`.

import { expect, test } from 'vitest';
import type { HistoryRecord } from '../../../src/check/history/history.ts';
import { judge } from '../../../src/check/judge.ts';
import { Chance } from '../../../src/sim/chance.ts';
import { isExplained } from './explanation.ts';
import { slip } from './slip.ts';
import { drawnHistory } from './tiny-cluster.ts';

const only = process.env.REPLOG_SEED;
const first = Number(only ?? 1);
const seeds = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 100) : 1;
const all = Array.from({ length: seeds }, (_, i) => first + i);

const SLIPS = 5;

const shown = (seed: number, what: string, records: readonly HistoryRecord[]): string =>
  [`${what} (REPLOG_SEED=${seed})`, ...records.map((record) => JSON.stringify(record))].join('\n');

test('what a tiny cluster answers is explained, and OK', () => {
  for (const seed of all) {
    const records = drawnHistory(new Chance(seed));
    expect(isExplained(records), shown(seed, 'not explained', records)).toBe(true);
    const { verdict, violations } = judge(records);
    expect(verdict, shown(seed, `${violations[0]?.sentence}`, records)).toBe('OK');
  }
});

test('a slip is found where nothing explains it, and only there', () => {
  const missed: string[] = [];
  let impossible = 0;
  for (const seed of all) {
    const chance = new Chance(seed);
    const legal = drawnHistory(chance);
    for (let i = 0; i < SLIPS; i += 1) {
      const slipped = slip(legal, chance);
      if (slipped === null) continue;
      const { name, records } = slipped;
      const { verdict, violations } = judge(records);
      if (isExplained(records)) {
        expect(verdict, shown(seed, `${name}: ${violations[0]?.sentence}`, records)).not.toBe(
          'ILLEGAL',
        );
        continue;
      }
      impossible += 1;
      if (verdict === 'OK') missed.push(shown(seed, name, records));
    }
  }
  // The judges hold one answer against one other, and look for torn batches in the final logs only:
  // what takes three answers to be ruled out may pass.
  expect(missed.length, missed.join('\n\n')).toBeLessThanOrEqual(Math.floor(impossible / 250));
  expect(impossible).toBeGreaterThan(only === undefined ? seeds : 0);
});

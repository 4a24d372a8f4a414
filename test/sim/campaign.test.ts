// What many runs come to together.

import { describe, expect, test } from 'vitest';
import {
  addTotals,
  HIT_KINDS,
  noTotals,
  runSeed,
  SEEDS_FOR_ALL_KINDS,
  shortcomings,
  type Totals,
} from '../../src/sim/campaign.ts';
import { EarlyPersistence } from './early-persistence.ts';

/** Sums of so many seeds in which everything has happened. */
function totalsOf(seeds: number, more: Partial<Totals> = {}): Totals {
  const hits = Object.fromEntries(HIT_KINDS.map((kind) => [kind, 1]));
  return { ...noTotals(), seeds, counted: seeds, hits, ...more };
}

test('sums are those of all parts, and every failure is told', () => {
  const of = (n: number): Totals => ({
    ...{ seeds: n, counted: n + 1, events: n + 2, acknowledged: n + 3, excused: n + 4 },
    hits: { kill: n },
    failed: [{ seed: n, findings: [] }],
  });
  const totals = of(10);
  addTotals(totals, of(100));
  addTotals(totals, { ...noTotals(), hits: { power: 5 } });
  expect(totals).toEqual({
    ...{ seeds: 110, counted: 112, events: 114, acknowledged: 116, excused: 118 },
    hits: { kill: 110, power: 5 },
    failed: [
      { seed: 10, findings: [] },
      { seed: 100, findings: [] },
    ],
  });
});

describe('a campaign falls short', () => {
  test('not, when everything has happened', () => {
    expect(shortcomings(totalsOf(SEEDS_FOR_ALL_KINDS))).toEqual([]);
  });

  test.each(HIT_KINDS)('when %s has never happened in so many seeds', (kind) => {
    const totals = totalsOf(SEEDS_FOR_ALL_KINDS);
    totals.hits[kind] = 0;
    expect(shortcomings(totals)).toEqual([`never happened: ${kind}`]);
    const few = totalsOf(SEEDS_FOR_ALL_KINDS - 1);
    few.hits[kind] = 0;
    expect(shortcomings(few)).toEqual([]);
  });

  test('when too few of its runs had acknowledgements all the time', () => {
    expect(shortcomings(totalsOf(100, { counted: 90 }))).toEqual([]);
    expect(shortcomings(totalsOf(100, { counted: 89 }))).toMatchObject([
      expect.stringContaining('only 89 of 100 runs'),
    ]);
  });
});

describe('a seed', () => {
  test('is summed up', async () => {
    const totals = await runSeed(3);
    expect(totals).toMatchObject({ seeds: 1, counted: 1, failed: [] });
    expect(totals.events).toBeGreaterThan(1_000);
    expect(totals.acknowledged).toBeGreaterThan(10);
    expect(Object.values(totals.hits).some((count) => count > 0)).toBe(true);
  });

  test('has nothing among its hits that no campaign asks for', async () => {
    // In this one a node mends its damage, and an operator gives something up.
    const { hits } = await runSeed(34);
    expect([hits.salvage, hits.repair].every((count) => count! > 0)).toBe(true);
    expect(Object.keys(hits).filter((kind) => !HIT_KINDS.includes(kind))).toEqual([]);
  });

  test('fails with what was found', async () => {
    let failed: Totals['failed'] = [];
    for (let seed = 1; failed.length === 0; seed += 1) {
      const totals = await runSeed(seed, { wrap: (real) => new EarlyPersistence(real) });
      ({ failed } = totals);
      if (failed.length > 0) expect(failed).toMatchObject([{ seed }]);
    }
    expect(failed[0]!.findings[0]!.judge).toBe('durable on disk');
  });

  test('fails when the simulator itself does', async () => {
    const wrap = (): never => {
      throw new Error('not implemented');
    };
    const { failed, seeds } = await runSeed(3, { wrap });
    const sentence = expect.stringContaining('not implemented');
    expect(failed).toEqual([{ seed: 3, findings: [{ judge: 'the run ends', sentence }] }]);
    expect(seeds).toBe(1);
  });
});

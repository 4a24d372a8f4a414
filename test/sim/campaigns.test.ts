// What computes for minutes and waits for nothing: the simulator's share of every test run, and the
// planted bugs that it must find again. It was begun before all tests (test/setup/background.ts).
//
// REPLOG_SEEDS=5000 runs more seeds, REPLOG_SEED=17 only one; `replog sim --seed 17 --trace` shows
// it event by event.

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { shortcomings } from '../../src/sim/campaign.ts';
import { seedsBeyond } from '../plants/catch-again.ts';
import type { Computed } from './background.ts';

const [first, last] = inject('seeds');
const seeds = last - first + 1;

/** The machine may be busy with other things. */
const LIMIT_MS = Math.max(600_000, seeds * 1_000);

let computed: Computed;

beforeAll(async () => {
  const output = await text(connect(inject('background')));
  if (output === '') throw new Error('the campaigns broke off; why stands above');
  computed = JSON.parse(output) as Computed;
}, LIMIT_MS);

describe('whole clusters in virtual time', () => {
  test('G1, G2, G3, G4, G7, G10, G11, G12, G15: whatever goes wrong, every promise is kept', () => {
    const { totals } = computed;
    for (const { findings, seed } of totals.failed) {
      const sentences = findings.map(({ judge, sentence }) => `${judge}: ${sentence}`);
      throw new Error(
        [`seed ${seed} (npx replog sim --seed ${seed} --trace)`, ...sentences].join('\n'),
      );
    }
    expect(totals.seeds).toBe(seeds);
    if (seeds > 1) expect(shortcomings(totals)).toEqual([]);
  });
});

describe.skipIf(seeds === 1)('the bank of planted bugs', () => {
  test('every one that was caught is caught again, and without it nothing is found', () => {
    expect(computed.missed).toEqual([]);
    expect(computed.clean.filter(({ judge }) => judge !== null)).toEqual([]);
    expect(computed.clean.length).toBe(seedsBeyond(last).length);
  });
});

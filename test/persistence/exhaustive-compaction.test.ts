// The power goes after every storage call of the upkeep of a log: summaries and a compaction. Of
// what was not synced every choice is lost; every start must come to the same state.

import { describe, expect, it } from 'vitest';
import { comingAndGoing, everyCut, overwriting } from './compaction-cuts.ts';

describe('G20, B31: the power goes after every storage call of a compaction', () => {
  it.each([
    ['few keys, overwritten', overwriting, 80, 500],
    ['keys that come and go', comingAndGoing, 40, 100],
  ])(
    '%s: every start comes to the same state, and no message is gone',
    async (...of) => {
      const [, entryAt, momentsMin, triedMin] = of;
      const { gone, moments, tried, wrong } = await everyCut(entryAt);
      expect(wrong.slice(0, 10)).toEqual([]);
      expect(gone).toBeGreaterThan(0);
      expect(moments).toBeGreaterThan(momentsMin);
      expect(tried).toBeGreaterThan(triedMin);
    },
    120_000,
  );
});

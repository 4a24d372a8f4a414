// The n-th storage call of a run of 100 appends fails, for every n, in every way; so does the n-th
// change that upkeep makes, while the log is cut back.

import { describe, expect, it } from 'vitest';
import { everyCall, everyCallAndStart } from './failing-calls.ts';
import { everyCutOfUpkeep } from './failing-upkeep.ts';

const APPENDS = 100;

describe('the n-th storage call of 100 appends fails, for every n', () => {
  for (const leftover of ['half', 'lost', 'all'] as const) {
    it(`B29: with EIO, a write leaving ${leftover}: nothing is lost, writes resume`, async () => {
      const outcomes = await everyCall({ appends: APPENDS, fault: 'EIO', leftover });
      expect(outcomes.length).toBeGreaterThan(150);
      expect(outcomes.filter(({ failures }) => failures > 0).length).toBeGreaterThan(APPENDS);
      expect(outcomes.filter(({ startedTwice }) => startedTwice).length).toBeGreaterThan(5);
      expect(Math.max(...outcomes.map(({ full }) => full))).toBe(0);
    }, 120_000);
  }

  it('B29: with EIO, a write being lost, and the process is started again at once', async () => {
    expect(await everyCallAndStart(APPENDS)).toBeGreaterThan(APPENDS);
  }, 120_000);

  it('B22, B30: with ENOSPC, three times: it says so, nothing is lost, writes resume', async () => {
    const outcomes = await everyCall({
      appends: APPENDS,
      fault: 'ENOSPC',
      leftover: 'half',
      times: 3,
    });
    expect(outcomes.filter(({ full }) => full > 0).length).toBeGreaterThan(APPENDS);
    expect(outcomes.every(({ full, failures }) => full === failures)).toBe(true);
  }, 120_000);

  it('B28: with a short write, and a short one after it: nobody notices', async () => {
    const outcomes = await everyCall({ appends: APPENDS, fault: 'short', times: 2 });
    expect(outcomes.every(({ failures, startedTwice }) => failures === 0 && !startedTwice)).toBe(
      true,
    );
  }, 120_000);
});

describe('B31: the log is cut back when upkeep makes its n-th change, for every n', () => {
  it('and that or the next one fails, in every way: nothing is lost or comes back', async () => {
    const seen = await everyCutOfUpkeep({ kept: false, behind: [0, 1], everyWay: true });
    expect(seen.wrong).toEqual([]);
    expect(seen.runs).toBeGreaterThan(300);
    expect(seen.failures).toBeGreaterThan(100);
    expect(seen.powerCuts).toBeGreaterThan(100);
  }, 120_000);

  it('and one before or after that fails: nothing is lost or comes back', async () => {
    const seen = await everyCutOfUpkeep({
      kept: true,
      behind: [-3, 2, 3, 5, 8, 13, 21, 34],
      everyWay: false,
    });
    expect(seen.wrong).toEqual([]);
    expect(seen.runs).toBeGreaterThan(200);
  }, 120_000);
});

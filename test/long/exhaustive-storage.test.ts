// The exhaustive tests of storage on larger logs, and runs by chance.

import { describe, expect, test } from 'vitest';
import { Chance } from '../../src/sim/chance.ts';
import { everyBit, written } from '../persistence/bit-flips.ts';
import { everyByte } from '../persistence/byte-cuts.ts';
import { everyCall, everyCallAndStart } from '../persistence/failing-calls.ts';
import { everyPowerCut, WatchedRun } from '../persistence/power-cuts.ts';

const ONE_SEGMENT = { segmentBytes: 1 << 20, tailBytes: 1 << 20, blockBytes: 64 << 10 };
const ROLLING = { segmentBytes: 1_200, tailBytes: 512, blockBytes: 512, intervalBytes: 200 };

describe('a log cut at every byte', () => {
  test('of 200 records, each cut with a second life of its own', async () => {
    const { cuts, wrong } = await everyByte(ONE_SEGMENT, 200, 1);
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(cuts).toBeGreaterThan(17_000);
  });

  test('of 500 records', async () => {
    const { cuts, wrong } = await everyByte(ONE_SEGMENT, 500, 61);
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(cuts).toBeGreaterThan(40_000);
  });
});

describe('every bit flipped once', () => {
  test('in a log of 16 KiB in many segments', async () => {
    const writes = [1, 2, 1, 4, 1, 3, 2, 1, 5, 1, 2, 3, 1, 4, 1, 2, 1, 3, 1];
    const log = await written(writes, { ...ROLLING, segmentBytes: 2_500, tailBytes: 1 });
    const { bits, counts } = await everyBit(log, /\.seg$/);
    const { damaged = 0, 'damaged when read': later = 0, 'unknown format': unknown = 0 } = counts;
    expect(bits).toBeGreaterThan(16 * 1_024 * 8);
    expect([damaged + later + unknown, Object.keys(counts).length <= 3]).toEqual([bits, true]);
  });
});

describe('every storage call of 300 appends fails', () => {
  for (const fault of ['EIO', 'ENOSPC', 'short'] as const) {
    for (const times of [1, 2, 5]) {
      test(`with ${fault}, ${times} in a row`, async () => {
        const outcomes = await everyCall({ appends: 300, fault, times, leftover: 'prefix' });
        expect(outcomes.length).toBeGreaterThan(400);
      });
    }
  }

  test('and the process is started again at once', async () => {
    expect(await everyCallAndStart(300)).toBeGreaterThan(400);
  });
});

describe('the power goes after every storage call', () => {
  test('of runs by chance', async () => {
    const first = Math.floor(Math.random() * 1_000_000);
    for (let seed = first; seed < first + 25; seed += 1) {
      const { moments } = await byChance(seed);
      for (const power of [true, false]) {
        const seen = await everyPowerCut(moments, { options: ROLLING, power, again: true });
        expect(seen.wrong.slice(0, 5), `seed ${seed}, power ${power}`).toEqual([]);
        expect(seen.refused, `seed ${seed}, power ${power}`).toBe(0);
      }
    }
  });
});

/** Appends, cuts back, keeps bookkeeping and starts again, in any order. */
async function byChance(seed: number): Promise<WatchedRun> {
  const chance = new Chance(seed);
  const run = new WatchedRun(ROLLING);
  await run.start();
  for (let step = 1; step <= 25; step += 1) {
    const beside = chance.happens(0.3) ? run.book(step) : Promise.resolve();
    if (chance.happens(0.2)) await run.cut(chance.whole(0, Number(run.log.lastIndex)));
    await Promise.all([beside, run.append(chance.whole(0, 5), step)]);
    if (!chance.happens(0.1)) continue;
    await run.log.close();
    await run.start();
  }
  return run;
}

// The power goes after every storage call of a run that does everything: rolls segments, cuts back,
// keeps bookkeeping, starts again. Of what was not synced every choice is lost.

import { describe, expect, it } from 'vitest';
import { everyPowerCut, everySector, WatchedRun } from './power-cuts.ts';

/** Rolls often. */
const ROLLING = { segmentBytes: 1_200, tailBytes: 512, blockBytes: 512, intervalBytes: 200 };
const ONE_SEGMENT = { segmentBytes: 1 << 20, tailBytes: 1 << 20, blockBytes: 8 << 10 };

/** Does everything that a node does. */
async function everything(): Promise<InstanceType<typeof WatchedRun>> {
  const run = new WatchedRun(ROLLING);
  await run.start();
  await run.append(1);
  await run.book(1);
  for (let n = 0; n < 6; n += 1) await run.append(1 + (n % 4));
  // A secondary cuts back what a new master does not have: within a segment, and over several.
  await run.cut(13);
  await Promise.all([run.append(3, 2), run.book(2)]);
  await run.cut(5);
  await Promise.all([run.book(3), run.append(9, 3)]);
  await run.log.close();
  await run.start();
  await Promise.all([run.append(2, 3), run.book(4)]);
  // Two cuts at once, the first of what is only in memory.
  await run.cut(15);
  await run.cut(9);
  await Promise.all([run.append(4, 4), run.book(5)]);
  await run.cut(0);
  await run.persist();
  await run.append(12, 5);
  await Promise.all([run.append(3, 5), run.book(6)]);
  await run.log.close();
  return run;
}

describe('G15, B08, B24, B27, B32: the power goes after every storage call', () => {
  it('nothing acknowledged is lost, whatever of the rest is', async () => {
    const { moments } = await everything();
    const seen = await everyPowerCut(moments, { options: ROLLING, power: true, again: true });
    expect(seen.wrong.slice(0, 10)).toEqual([]);
    expect(seen.moments).toBeGreaterThan(150);
    expect(seen.states).toBeGreaterThan(150);
    expect(seen.torn).toBeGreaterThan(20);
    expect(seen.refused).toBe(0);
    // More could not all be tried.
    expect(seen.stakesMax).toBeLessThanOrEqual(8);
  }, 120_000);

  it('the process alone is killed: nothing is lost, nor when the power goes later', async () => {
    const { moments } = await everything();
    const seen = await everyPowerCut(moments, { options: ROLLING, power: false, again: true });
    expect(seen.wrong.slice(0, 10)).toEqual([]);
    expect(seen.torn).toBeGreaterThan(20);
    expect(seen.refused).toBe(0);
  }, 120_000);

  it('any sectors of a large write are lost: never taken for more than is there', async () => {
    const run = new WatchedRun(ONE_SEGMENT);
    await run.start();
    await run.append(2);
    await run.append(28);
    await run.append(1);
    const judging = { options: ONE_SEGMENT, power: true };
    const seen = await everySector(run.moments, judging);
    expect(seen.wrong.slice(0, 10)).toEqual([]);
    // Eight sectors, and whether the file is as long as if all were there.
    expect(seen.stakesMax).toBeGreaterThanOrEqual(8);
    // Without the end of a write it is cut off; with a hole in it, that could be damage to what was
    // acknowledged, and is for somebody to decide.
    expect([seen.torn, seen.refused].map((count) => count > 0)).toEqual([true, true]);
  }, 120_000);
});

// A secondary that is away while a million messages are appended: what that costs its master in
// memory, and how fast it catches up when it is back.

import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { Group } from '../process/group.ts';
import { Belongings, call, until } from '../process/program.ts';
import { load, median, residentMb } from './batches.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const COUNT = 1_000_000;
const COST_MB_MAX = 20;
const RATE_MIN = 250_000;
/** An append that waits as long while a secondary catches up is not "goes on". */
const APPEND_MS_MAX = 1_000;

/** Appends with two of three nodes; the master's resident memory in the last half of it. */
async function memoryWhileAppending(group: Group): Promise<number> {
  const pid = group.program(1).child.pid!;
  const seen: number[] = [];
  await load(group.master, COUNT, 2, () => seen.push(residentMb(pid)));
  return median(seen.slice(seen.length / 2));
}

describe.skipIf(!existsSync('/proc/self/status'))('a secondary that is away', () => {
  test('B50: costs its master little, and catches up while others write', async () => {
    const group = await Group.start(belongings, { durable: true });
    const without = await memoryWhileAppending(group);
    await group.caughtUp(120_000);
    await group.end(3, 'SIGKILL');
    await group.status(3, 'Unhealthy');
    const withDead = await memoryWhileAppending(group);

    const waits: number[] = [];
    let over = false;
    const writing = (async () => {
      while (!over) {
        const { status, ms } = await group.append('meanwhile', 1);
        expect(status).toBe(201);
        waits.push(ms);
      }
    })();
    const { lastIndex: goal } = await group.health();
    await group.start(3);
    const reached = async (): Promise<number> =>
      (await call('GET', `${group.url(3)}/health`)).body.lastIndex;
    const before = await reached();
    expect(goal - before).toBeGreaterThanOrEqual(COUNT);
    await until(reached, (index) => index > before, 'it begins to catch up');
    const startedAt = performance.now();
    await until(reached, (index) => index >= goal, 'it has caught up', 120_000);
    const rate = Math.round((goal - before) / ((performance.now() - startedAt) / 1_000));
    over = true;
    await writing;
    const longest = Math.max(...waits);
    const seen = { without, withDead, rate, appends: waits.length, median: median(waits), longest };
    process.stdout.write(`a secondary ${COUNT} behind: ${JSON.stringify(seen)}\n`);
    expect(withDead - without).toBeLessThanOrEqual(COST_MB_MAX);
    expect(longest).toBeLessThanOrEqual(APPEND_MS_MAX);
    expect(rate).toBeGreaterThanOrEqual(RATE_MIN);
  });
});

// The n-th storage call of a run of 100 appends fails, for every n, in every way. The rule: nothing
// that was acknowledged is lost, a node that is started again starts, and writes resume.

import { describe, expect, it } from 'vitest';
import { StorageFailure } from '../../src/persistence/persistence.ts';
import type { DiskPlan } from '../../src/sim/disk-fault.ts';
import { Machine } from './machine.ts';
import { Run } from './run.ts';

const ROLLING = { segmentBytes: 1_500, tailBytes: 1_024, blockBytes: 512, intervalBytes: 300 };
const APPENDS = 100;

type Failure = Omit<DiskPlan, 'at'>;

interface Outcome {
  /** Storage calls of the run. */
  readonly calls: number;
  /** The start failed, and the next one did not. */
  readonly startedTwice: boolean;
  readonly failures: number;
  readonly full: number;
}

/** Starts; a start that fails because of the disk is tried once more, by another process. */
async function start(run: Run): Promise<boolean> {
  try {
    await run.start();
    return false;
  } catch (error) {
    if (!(error instanceof StorageFailure)) throw error;
    run.machine.disk.restart(false);
    await run.start();
    return true;
  }
}

/** One hundred appends, with all that goes on beside them in the life of a node. */
async function work(run: Run): Promise<void> {
  for (let n = 1; n <= APPENDS; n += 1) {
    await run.append(1, 1 + Math.floor(n / 30));
    if (n % 20 === 0) await run.book(n);
    if (n === 40) await run.cut(37);
    if (n === 80) await run.cut(46);
  }
}

async function fail(at: number, failure: Failure): Promise<Outcome> {
  const machine = new Machine(ROLLING);
  const run = new Run(machine);
  machine.disk.failAt({ at, ...failure });
  const startedTwice = await start(run);
  await work(run);
  const { calls } = machine.disk;
  // Whether the failed call is the last thing that is asked of the disk, or the process goes on.
  await run.log.close().catch((error: unknown) => {
    if (!(error instanceof StorageFailure)) throw error;
  });
  for (const power of [false, true]) {
    machine.disk.restart(power);
    await run.start();
    await run.append(1, 9);
  }
  return { calls, startedTwice, failures: run.failures, full: run.full };
}

async function everyCall(failure: Failure): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let n = 1; ; n += 1) {
    const outcome = await fail(n, failure).catch((error: unknown) => {
      throw new Error(`call ${n}: ${error}`, { cause: error });
    });
    outcomes.push(outcome);
    if (n > outcome.calls) return outcomes;
  }
}

describe('the n-th storage call of 100 appends fails, for every n', () => {
  for (const leftover of ['half', 'lost', 'all'] as const) {
    it(`B29: with EIO, a write leaving ${leftover}: nothing is lost, writes resume`, async () => {
      const outcomes = await everyCall({ fault: 'EIO', leftover });
      expect(outcomes.length).toBeGreaterThan(150);
      expect(outcomes.filter(({ failures }) => failures > 0).length).toBeGreaterThan(APPENDS);
      expect(outcomes.filter(({ startedTwice }) => startedTwice).length).toBeGreaterThan(5);
      expect(Math.max(...outcomes.map(({ full }) => full))).toBe(0);
    }, 30_000);
  }

  it('B29: with EIO, a write being lost, and the process is started again at once', async () => {
    let starts = 0;
    for (let n = 1; ; n += 1) {
      const { disk } = new Machine(ROLLING);
      const run = new Run(new Machine(ROLLING, {}, disk), 1);
      disk.failAt({ at: n, fault: 'EIO', leftover: 'lost' });
      await start(run);
      const ended = await work(run).then(
        () => true,
        (error: unknown) => error instanceof StorageFailure,
      );
      expect(ended).toBe(true);
      if (disk.hits.size === 0) break;
      starts += 1;
      // What is found now may be in the system's cache only, which no longer knows that it is not
      // on the disk.
      disk.restart(false);
      await run.start();
      await run.append(1, 9);
      disk.restart(true);
      await run.start().catch((error: unknown) => {
        throw new Error(`call ${n}: ${error}`, { cause: error });
      });
    }
    expect(starts).toBeGreaterThan(APPENDS);
  }, 30_000);

  it('B22, B30: with ENOSPC, three times: it says so, nothing is lost, writes resume', async () => {
    const outcomes = await everyCall({ fault: 'ENOSPC', leftover: 'half', times: 3 });
    expect(outcomes.filter(({ full }) => full > 0).length).toBeGreaterThan(APPENDS);
    expect(outcomes.every(({ full, failures }) => full === failures)).toBe(true);
  }, 30_000);

  it('B28: with a short write, and a short one after it: nobody notices', async () => {
    const outcomes = await everyCall({ fault: 'short', times: 2 });
    expect(outcomes.every(({ failures, startedTwice }) => failures === 0 && !startedTwice)).toBe(
      true,
    );
  }, 30_000);
});

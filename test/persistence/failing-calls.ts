// A run in which the n-th storage call fails, for every n. The rule: nothing that was acknowledged
// is lost, a node that is started again starts, and writes resume.

import { StorageFailure } from '../../src/persistence/persistence.ts';
import type { DiskPlan } from '../../src/sim/disk/disk-fault.ts';
import { Machine } from './machine.ts';
import { Run } from './run.ts';

const ROLLING = { segmentBytes: 1_500, tailBytes: 1_024, blockBytes: 512, intervalBytes: 300 };

/** Higher than any that a run reaches: epochs never fall along a log. */
const LAST_EPOCH = 1_000;

/** How it fails, and how long the run is. */
export interface Failure extends Omit<DiskPlan, 'at'> {
  readonly appends: number;
}

export interface Outcome {
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

/** Appends, with all that goes on beside them in the life of a node. */
async function work(run: Run, appends: number): Promise<void> {
  for (let n = 1; n <= appends; n += 1) {
    await run.append(1, 1 + Math.floor(n / 30));
    if (n % 20 === 0) await run.book(n);
    if (n % 80 === 40) await run.cut(Number(run.log.lastIndex) - 3);
    if (n % 80 === 0) await run.cut(Number(run.log.lastIndex) - 31);
  }
}

async function fail(at: number, failure: Failure): Promise<Outcome> {
  const machine = new Machine(ROLLING);
  const run = new Run(machine);
  machine.disk.failAt({ ...failure, at });
  const startedTwice = await start(run);
  await work(run, failure.appends);
  const { calls } = machine.disk;
  // Whether the failed call is the last thing that is asked of the disk, or the process goes on.
  await run.log.close().catch((error: unknown) => {
    if (!(error instanceof StorageFailure)) throw error;
  });
  for (const power of [false, true]) {
    machine.disk.restart(power);
    await run.start();
    await run.append(1, LAST_EPOCH);
  }
  return { calls, startedTwice, failures: run.failures, full: run.full };
}

/** One outcome for each call, and one for a run in which none failed. */
export async function everyCall(failure: Failure): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let n = 1; ; n += 1) {
    const outcome = await fail(n, failure).catch((error: unknown) => {
      throw new Error(`call ${n}: ${error}`, { cause: error });
    });
    outcomes.push(outcome);
    if (n > outcome.calls) return outcomes;
  }
}

/**
 * A write fails and is lost though it can be read, and the process is killed and started again at
 * once; then the power goes. For every call; returns how many there were.
 */
export async function everyCallAndStart(appends: number): Promise<number> {
  let starts = 0;
  for (let n = 1; ; n += 1) {
    const { disk } = new Machine(ROLLING);
    const run = new Run(new Machine(ROLLING, {}, disk), 1);
    disk.failAt({ at: n, fault: 'EIO', leftover: 'lost' });
    await start(run);
    const ended = await work(run, appends).then(
      () => true,
      (error: unknown) => error instanceof StorageFailure,
    );
    if (!ended) throw new Error(`call ${n}: not a failure of the disk`);
    if (disk.hits.size === 0) break;
    starts += 1;
    // What is found now may be in the system's cache only, which no longer knows that it is not
    // on the disk.
    disk.restart(false);
    await run.start();
    await run.append(1, LAST_EPOCH);
    disk.restart(true);
    await run.start().catch((error: unknown) => {
      throw new Error(`call ${n}: ${error}`, { cause: error });
    });
  }
  return starts;
}

// Every disk call of a small run fails once, in every way: nothing that was acknowledged is lost,
// nothing that was not written is found, and the log goes on.

import { describe, expect, it } from 'vitest';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import type { LogIndex } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';
import { DamagedLog, type Persistence, StorageFailure } from '../../src/persistence/persistence.ts';
import { segmentName } from '../../src/persistence/segment/segment-file.ts';
import type { DiskPlan } from '../../src/sim/disk/disk-fault.ts';
import { at, entriesOf, entryAt } from './entries.ts';
import { Machine } from './machine.ts';

const COUNT = 30;
/** So many of them are cut off on the way, out of three segments. */
const CUT = 16;
const LAST = COUNT - CUT;

/** Rolls often, so that the run also makes and leaves files. */
const ROLLING = { segmentBytes: 1_200, tailBytes: 512, blockBytes: 512, intervalBytes: 200 };

interface Run {
  /** What the log held when it was last known to be durable. */
  acknowledged: Entry[];
  /** What was appended after that. */
  pending: Entry[];
  full: number;
  failures: number;
}

/** Appends COUNT entries one by one, cuts the log back once, and retries what fails. */
async function work(log: Persistence, run: Run): Promise<void> {
  for (let step = 1; step <= COUNT; step += 1) {
    const next = at(log.lastIndex + 1);
    run.pending.push(entryAt(next, `step ${step}`));
    log.append(run.pending.slice(-1));
    // Two at a time now and then, so that a write holds more than one record.
    if (step % 3 === 1) continue;
    await persisted(log, step, run);
    if (step === 20) {
      const after = at(log.lastIndex - CUT);
      truncated(log, after);
      // Until a later persist has answered, both what was and what is may be found.
      await persisted(log, 100, run, run.acknowledged.slice(0, after));
    }
  }
}

/** Cutting may have to read, and may be asked for again when that failed. */
function truncated(log: Persistence, after: LogIndex): void {
  const { lastIndex, hash } = log;
  try {
    log.truncate(after);
  } catch (error) {
    expect(error).toBeInstanceOf(StorageFailure);
    expect([log.lastIndex, log.hash]).toEqual([lastIndex, hash]);
    log.truncate(after);
  }
}

async function persisted(log: Persistence, id: number, run: Run, then?: Entry[]): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1) {
    try {
      await log.persist(id, log.lastIndex);
      run.acknowledged = [...(then ?? run.acknowledged), ...run.pending];
      run.pending = [];
      return;
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error;
      run.failures += 1;
      if (error.full) run.full += 1;
      const { code } = error.cause as { code: string };
      if (code === 'EPOWER') throw error;
    }
  }
  throw new Error('no persist ever worked');
}

async function attempt(machine: Machine, plan: DiskPlan): Promise<{ run: Run; calls: number }> {
  const run: Run = { acknowledged: [], pending: [], full: 0, failures: 0 };
  machine.disk.failAt(plan);
  const log = machine.open();
  await log
    .recover(() => undefined)
    .then(() => work(log, run))
    .then(() => log.close())
    .catch((error: unknown) => {
      if (!(error instanceof StorageFailure)) throw error;
    });
  return { run, calls: machine.disk.calls };
}

function check(run: Run, entries: readonly Entry[], cutUnderWay: boolean): void {
  const shown = entries.map((entry) => JSON.stringify(entry));
  const promised = run.acknowledged.map((entry) => JSON.stringify(entry));
  const possible = [...run.acknowledged, ...run.pending].map((entry) => JSON.stringify(entry));
  // A cut may have been carried out though nobody was told.
  const least = cutUnderWay ? promised.length - CUT : promised.length;
  expect(shown.length).toBeGreaterThanOrEqual(least);
  expect(shown).toEqual(possible.slice(0, shown.length));
}

/** Two lives after the failure: what is found, and what is found behind what is then appended. */
async function twoLives(machine: Machine, run: Run, power: boolean, cut: boolean): Promise<void> {
  machine.disk.restart(power);
  const first = await machine.recover();
  check(run, first.entries, cut);
  const behind = entryAt(first.entries.length + 1, 'behind');
  first.log.append([behind]);
  await first.log.persist(1, behind.index);
  machine.disk.restart(true);
  const second = await machine.recover();
  expect(second.entries).toEqual([...first.entries, behind]);
}

async function everyCall(
  fault: DiskPlan['fault'],
  leftover: NonNullable<DiskPlan['leftover']>,
  times = 1,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (let n = 1; ; n += 1) {
    const machine = new Machine(ROLLING);
    const { run, calls } = await attempt(machine, { at: n, fault, leftover, times });
    if (calls < n) return runs;
    runs.push(run);
    const cut = run.acknowledged.length === 20 && run.pending.length === 0;
    for (const power of [false, true]) {
      if (power && fault !== 'power') continue;
      const again = new Machine(ROLLING);
      const repeated = await attempt(again, { at: n, fault, leftover, times });
      await twoLives(again, repeated.run, power, cut);
    }
  }
}

describe('when the n-th disk call fails, for every n', () => {
  for (const leftover of ['nothing', 'half', 'zeros', 'cached', 'lost', 'all'] as const) {
    it(`with EIO, a write leaving ${leftover}: nothing acknowledged is lost`, async () => {
      const runs = await everyCall('EIO', leftover);
      expect(runs.some((run) => run.failures > 0 && run.acknowledged.length === LAST)).toBe(true);
    });
  }

  for (const leftover of ['nothing', 'half', 'zeros', 'cached', 'all'] as const) {
    it(`because the power goes, a write leaving ${leftover}: nothing is lost`, async () => {
      await everyCall('power', leftover);
    });
  }

  it('with ENOSPC: it says so, and nothing acknowledged is lost', async () => {
    const runs = await everyCall('ENOSPC', 'half', 3);
    expect(runs.some((run) => run.full > 0)).toBe(true);
    expect(runs.every((run) => run.full === run.failures)).toBe(true);
  });

  it('with a short write: nobody notices', async () => {
    const runs = await everyCall('short', 'half');
    expect(runs.every((run) => run.failures === 0 && run.acknowledged.length === LAST)).toBe(true);
  });
});

describe('after a failed write', () => {
  it('a disk that stays full loses nothing, and goes on when there is room', async () => {
    const machine = new Machine(ROLLING);
    const { log } = await machine.recover();
    log.append(entriesOf(1, 3));
    await log.persist(1, at(3));
    log.append(entriesOf(4, 20));
    machine.disk.failAt({ at: 1, fault: 'ENOSPC', times: 1_000 });
    for (let tries = 0; tries < 3; tries += 1) {
      await expect(log.persist(2, at(20))).rejects.toMatchObject({ full: true });
      expect((await log.read(at(1), at(20))).count).toBe(20);
    }
    machine.disk.failAt(null);
    await log.persist(2, at(20));
    machine.disk.restart(true);
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 20));
  });

  it('a failing disk is read again before anything is written behind it', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 3));
    await log.persist(1, at(3));
    log.append(entriesOf(4, 4));
    machine.disk.failAt({ at: 1, fault: 'EIO', leftover: 'all' });
    await expect(log.persist(2, at(4))).rejects.toBeInstanceOf(StorageFailure);
    await log.persist(2, at(4));
    const calls = machine.disk.trace.map((call) => call.split(' ')[0]);
    const retry = calls.slice(calls.indexOf('write') + 1);
    expect(retry).toEqual(['close', 'open', 'read', 'truncate', 'sync', 'write']);
  });

  it('what a start writes again is durable, or the start fails; room is not needed', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 5));
    await log.persist(1, at(5));
    machine.disk.restart(false);
    const failing = (code: string) => {
      machine.disk.faults = ({ kind, path }) =>
        kind === 'write' && path.endsWith('.seg')
          ? { kind: 'fail', code, leftover: 'nothing' }
          : null;
    };
    failing('EIO');
    await expect(machine.recover()).rejects.toThrow(StorageFailure);
    failing('ENOSPC');
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 5));
  });

  it('B24: so is all of a first write that failed, its file header too', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 5));
    // The system shows it until the power goes, and no sync brings it to the disk.
    machine.disk.failAt({ at: 2, fault: 'EIO', leftover: 'lost' });
    await expect(log.persist(1, at(5))).rejects.toBeInstanceOf(StorageFailure);
    expect(machine.disk.latest).toBe(`write ${segmentName(1)}`);
    for (const powerCut of [false, true]) {
      machine.disk.restart(powerCut);
      expect((await machine.recover()).entries).toEqual(entriesOf(1, 5));
    }
  });

  it('B30: what it left does not come to stand behind what is written in its place', async () => {
    // In a file that was there before, and in one that the failed write has made.
    for (const before of [3, 0]) {
      const machine = new Machine();
      const { log } = await machine.recover();
      log.append(entriesOf(1, before));
      await log.persist(1, at(before));
      log.append(entriesOf(before + 1, 9));
      const call = before === 0 ? 2 : 1;
      machine.disk.failAt({ at: call, fault: 'EIO', leftover: 'all' });
      await expect(log.persist(2, at(9))).rejects.toBeInstanceOf(StorageFailure);
      expect(machine.disk.latest).toBe(`write ${segmentName(1)}`);
      log.truncate(at(4));
      log.append([entryAt(5, 'shorter', 2)]);
      await log.persist(3, at(5));
      machine.disk.restart(true);
      const { entries } = await machine.recover();
      expect(entries).toEqual([...entriesOf(1, 4), entryAt(5, 'shorter', 2)]);
    }
  });

  it.each(['open', 'read', 'truncate', 'sync'] as const)(
    'B30: nor does it where the %s fails that is to take it away: that is done again',
    async (failing) => {
      const machine = new Machine();
      const { log } = await machine.recover();
      log.append(entriesOf(1, 3));
      await log.persist(1, at(3));
      log.append(entriesOf(4, 9));
      machine.disk.failAt({ at: 1, fault: 'EIO', leftover: 'all' });
      await expect(log.persist(2, at(9))).rejects.toBeInstanceOf(StorageFailure);
      log.truncate(at(3));
      log.append([entryAt(4, 'shorter', 2)]);
      machine.disk.faults = ({ kind }) => (kind === failing ? { kind: 'fail', code: 'EIO' } : null);
      await expect(log.persist(3, at(4))).rejects.toBeInstanceOf(StorageFailure);
      machine.disk.faults = () => null;
      await log.persist(4, at(4));
      machine.disk.restart(true);
      const { entries } = await machine.recover();
      expect(entries).toEqual([...entriesOf(1, 3), entryAt(4, 'shorter', 2)]);
    },
  );

  it('what was durable and is not any more is reported as damage', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 3));
    await log.persist(1, at(3));
    log.append(entriesOf(4, 4));
    machine.disk.failAt({ at: 1, fault: 'EIO' });
    await expect(log.persist(2, at(4))).rejects.toBeInstanceOf(StorageFailure);
    const bytes = machine.disk.content(segmentName(1));
    bytes[100]! ^= 4;
    machine.disk.place(segmentName(1), bytes);
    await expect(log.persist(2, at(4))).rejects.toMatchObject({ name: 'DamagedLog', offset: 32 });
  });

  it('damage met after a failed write can be told from an end by the next start', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 3));
    await log.persist(1, at(3));
    const { length } = machine.disk.content(segmentName(1));
    log.append(entriesOf(4, 4));
    machine.disk.failAt({ at: 1, fault: 'EIO', leftover: 'all' });
    await expect(log.persist(2, at(4))).rejects.toBeInstanceOf(StorageFailure);
    machine.disk.overwrite(segmentName(1), Buffer.alloc(length), 0);
    await expect(log.persist(2, at(4))).rejects.toBeInstanceOf(DamagedLog);
    machine.disk.restart(false);
    await expect(machine.recover()).rejects.toBeInstanceOf(DamagedLog);
  });

  it('bookkeeping is the old or the new, whichever call the power goes in', async () => {
    for (let n = 1; ; n += 1) {
      const machine = new Machine();
      const { log } = await machine.recover();
      const memory = { cluster: 'old', epoch: 1, acceptedEpoch: 1, arbiter: null } as never;
      const next = { cluster: 'new', epoch: 2, acceptedEpoch: 1, arbiter: null } as never;
      await log.remember(memory);
      machine.disk.failAt({ at: n, fault: 'power' });
      const saved = await log.remember(next).then(
        () => true,
        () => false,
      );
      machine.disk.restart(true);
      const { found } = await machine.recover();
      if (saved) expect(found.memory).toEqual(next);
      else expect([memory, next]).toContainEqual(found.memory);
      if (saved) return;
    }
  });

  it('bookkeeping that a start has read is there after the power went, too', async () => {
    const old = { ...BLANK_MEMORY, cluster: 'old' };
    const next = { ...BLANK_MEMORY, cluster: 'new' };
    const read = new Set<string | null>();
    for (let n = 1, saved = false; !saved; n += 1) {
      const machine = new Machine();
      const { log } = await machine.recover();
      await log.remember(old);
      // The process ends at this call; what it has written is seen by the next one all the same.
      machine.disk.failAt({ at: n, fault: 'power' });
      saved = await log.remember(next).then(
        () => true,
        () => false,
      );
      machine.disk.restart(false);
      const { found } = await machine.recover();
      read.add(found.memory!.cluster);
      machine.disk.restart(true);
      expect((await machine.recover()).found.memory).toEqual(found.memory);
    }
    expect(read).toEqual(new Set(['old', 'new']));
  });
});

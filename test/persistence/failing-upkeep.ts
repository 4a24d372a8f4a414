// A run in which one change to the disk fails that upkeep makes, or whoever writes beside it and
// after it, while the log is cut back at another. The rule: as in failing-calls.ts, nothing that
// was cut off comes back, and of the rest nothing goes but what is superseded.

import assert from 'node:assert/strict';
import { StorageFailure } from '../../src/persistence/persistence.ts';
import type { FakeDisk, Survival } from '../../src/sim/disk/disk.ts';
import type { DiskCall, DiskFault } from '../../src/sim/disk/disk-fault.ts';
import { entriesOf } from './folded-log.ts';
import { KeptRun } from './kept-run.ts';
import type { Ledger } from './ledger.ts';
import { Machine, SMALL } from './machine.ts';
import { keyed } from './request-runs.ts';

const OPTIONS = { ...SMALL, outlineBytes: 400 };

const HOW = ['EIO', 'EIO, done', 'EIO, twice', 'power', 'ENOSPC', 'EIO, then power'] as const;
const LEFT = ['nothing', 'all', 'every other'] as const;

/** So many entries are cut off: none, some of those in memory, of those that compaction rewrites,
 * all. */
const CUT_BACK = [0, 1, 5, 12, 20, 30, 999];

const CHANGES = ['write', 'truncate', 'sync', 'rename', 'remove', 'syncFolder'];
const NEED_ROOM = ['write', 'rename', 'open'];
const NAMES_OR_SYNCS = ['rename', 'sync', 'syncFolder'];

/** Lets whatever waits happen before a call to the disk ends. */
const later = (_: number, run: () => void): void => {
  setImmediate(run);
};

/** Higher than any that a run reaches: epochs never fall along a log. */
const LAST_EPOCH = 1_000;

/** What befalls the n-th change, and maybe one behind it. */
interface Mishap {
  readonly at: number;
  /** Done: though it was done. Twice: so does the next call that makes something durable, or gives
   * a file its name. */
  readonly how: (typeof HOW)[number];
  /** What is left of what was not synced when the power goes. */
  readonly left: (typeof LEFT)[number];
}

/** When the log is cut back, and to where. */
interface CutPlan {
  /** When this change begins. */
  readonly at: number;
  readonly after: number;
}

interface Plan {
  readonly cut: CutPlan;
  readonly mishap: Mishap;
}

/** Changes to the disk: when upkeep had nothing more to do for the first time, and at last. */
interface Changes {
  first: number;
  all: number;
}

/** A folder with a log in which there is something to compact. */
interface Beginning {
  readonly disk: FakeDisk;
  readonly ledger: Ledger;
  readonly lastIndex: number;
}

/** `kept`: whether upkeep has been there before. */
async function beginning(count: number, kept: boolean): Promise<Beginning> {
  const machine = new Machine(OPTIONS, { later });
  const run = new KeptRun(machine);
  await run.start();
  for (const entries of entriesOf(keyed(count))) {
    run.take(entries);
    await run.persist();
  }
  if (kept) await run.upkeep(Math.floor(count / 2));
  const lastIndex = Number(run.log.lastIndex);
  await run.log.close();
  return { disk: machine.disk, ledger: run.ledger, lastIndex };
}

/** Calls after which the disk is another one, or is sure to be. */
function isChange({ kind, mode }: DiskCall): boolean {
  if (kind === 'open') return mode !== 'read';
  return CHANGES.includes(kind);
}

/** `nth`: which change the call is. */
function faultsOf({ at, how }: Mishap): (nth: number, kind: DiskCall['kind']) => DiskFault | null {
  const code = how === 'ENOSPC' ? how : 'EIO';
  const leftover = how === 'EIO, done' ? 'all' : 'half';
  const fail = { kind: 'fail', code, leftover } as const;
  let again = how === 'EIO, twice' || how === 'EIO, then power';
  return (nth, kind) => {
    if (nth === at && how === 'power') return { kind: 'power' };
    if (nth === at) return how === 'ENOSPC' && !NEED_ROOM.includes(kind) ? null : fail;
    if (nth < at || !again) return null;
    if (how === 'EIO, twice' && !NAMES_OR_SYNCS.includes(kind)) return null;
    again = false;
    return how === 'EIO, twice' ? fail : { kind: 'power' };
  };
}

/** Upkeep, a cut and writes beside it, then more of both. */
async function work(run: KeptRun, { cut, mishap }: Plan, seen: Changes): Promise<void> {
  const { disk } = run.machine;
  const faults = faultsOf(mishap);
  let cutting: Promise<void> | null = null;
  const cutNow = async (): Promise<void> => {
    await run.cut(cut.after);
    run.put(2, 2);
    await run.persist();
  };
  disk.faults = (call) => {
    if (!isChange(call)) return null;
    seen.all += 1;
    if (seen.all === cut.at && cutting === null) {
      cutting = Promise.resolve().then(cutNow);
      cutting.catch(() => undefined);
    }
    return faults(seen.all, call.kind);
  };
  await run.upkeep(Number(run.log.lastIndex));
  seen.first = seen.all;
  cutting ??= cutNow();
  await cutting;
  await run.verify();
  for (let n = 0; n < 3; n += 1) {
    run.put(6, 3);
    await run.persist();
  }
  await run.book(1);
  await run.upkeep(Number(run.log.lastIndex));
  await run.verify();
  await run.close();
}

function survival(left: Mishap['left']): Survival {
  let asked = 0;
  return () => {
    asked += 1;
    return left === 'all' || (left === 'every other' && asked % 2 === 0) ? 'all' : 'nothing';
  };
}

/** One run, and two starts; throws at whatever is wrong. `disk`: a copy of where it begins. */
async function life(disk: FakeDisk, from: Beginning, plan: Plan): Promise<Changes> {
  const run = new KeptRun(
    new Machine(OPTIONS, {}, disk, 'mishap '),
    from.ledger.copy(),
    plan.mishap.at,
  );
  await run.start();
  const seen = { first: 0, all: 0 };
  const ended = await work(run, plan, seen).then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof StorageFailure) || !disk.off) throw error;
      return false;
    },
  );
  for (const power of [!ended, true]) {
    disk.restart(power, survival(plan.mishap.left));
    await run.start();
    await run.append(1, LAST_EPOCH);
    await run.upkeep(Number(run.log.lastIndex));
    await run.verify();
  }
  await run.log.close();
  assert.deepEqual(run.reports, []);
  return seen;
}

/** Of what every run has one. */
export interface Variety {
  /** Whether upkeep has been there before. */
  readonly kept: boolean;
  /** So many changes behind the one at which the log is cut back, one fails. */
  readonly behind: readonly number[];
  /** Whether it fails in every way; else in one after the other. */
  readonly everyWay: boolean;
}

/** What was seen, so that a test can tell whether it saw anything. */
export interface Seen {
  runs: number;
  /** Calls that failed with the power on. */
  failures: number;
  powerCuts: number;
  readonly wrong: string[];
}

/** Cuts the log back when upkeep makes its n-th change, for every n, to one place after the other.
 */
export async function everyCutOfUpkeep({ kept, behind, everyWay }: Variety): Promise<Seen> {
  const from = await beginning(45, kept);
  const seen: Seen = { runs: 0, failures: 0, powerCuts: 0, wrong: [] };
  const never = Number.POSITIVE_INFINITY;
  const undisturbed: Plan = {
    cut: { at: never, after: from.lastIndex },
    mishap: { at: never, how: 'EIO', left: 'all' },
  };
  const changes = await life(from.disk.copy({ later }), from, undisturbed);
  for (let at = 1; at <= changes.first; at += 1) {
    for (const failing of behind.map((more) => at + more)) {
      const ways = everyWay ? HOW : [HOW[(at + failing) % HOW.length]!];
      for (const how of ways) {
        const { runs } = seen;
        seen.runs += 1;
        const after = Math.max(from.lastIndex - CUT_BACK[(runs * 3) % CUT_BACK.length]!, 0);
        const plan = {
          cut: { at, after },
          mishap: { at: failing, how, left: LEFT[runs % LEFT.length]! },
        };
        const disk = from.disk.copy({ later });
        await life(disk, from, plan).catch((error: unknown) => {
          seen.wrong.push(`${JSON.stringify(plan)}: ${error}`);
        });
        seen.failures += disk.hits.get('fail') ?? 0;
        seen.powerCuts += disk.hits.get('power') ?? 0;
      }
    }
  }
  return seen;
}

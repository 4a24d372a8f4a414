// Runs of a log in which the power goes after every storage call, in every way. The rule: a run is
// made once; each moment of it is a copy of the disk, in which whatever was not synced is lost or
// not, and which is then started twice.

import type { SegmentedLogOptions } from '../../src/persistence/log/segmented-log.ts';
import { DamagedLog } from '../../src/persistence/persistence.ts';
import type { AtStake, FakeDisk } from '../../src/sim/disk/disk.ts';
import type { Leftover } from '../../src/sim/disk/leftover.ts';
import { entryAt } from './entries.ts';
import type { Ledger } from './ledger.ts';
import { Machine } from './machine.ts';
import { keptAside, Run } from './run.ts';

/** Ends a call of a disk after all that begins at the same time has begun. */
export const soon = queueMicrotask;

/** A moment in a run: the disk with all that is under way, and what was promised. */
interface Moment {
  readonly call: string;
  readonly disk: FakeDisk;
  readonly ledger: Ledger;
}

/** A log that is used, and whose every moment between two storage calls is kept. */
export class WatchedRun extends Run {
  readonly moments: Moment[] = [];

  constructor(options: SegmentedLogOptions) {
    // Called when a call has begun and not ended: what it writes may be lost, or may not.
    const later = (_: number, run: () => void): void => {
      this.moments.push(momentOf(this.machine.disk, this.ledger));
      soon(run);
    };
    super(new Machine(options, { later }));
  }
}

/** How moments are judged. */
export interface Judging {
  readonly options: SegmentedLogOptions;
  /** Whether the power goes; else the process alone is killed. */
  readonly power: boolean;
  /** Whether, where a write was under way, the power also goes in the start after that,
   * with all that is then at stake kept or lost together. */
  readonly again?: boolean;
  /** Whether all that is at stake has one fate, to save time; else each thing has its own. */
  readonly together?: boolean;
}

/** What was seen, so that a test can tell whether it saw anything. */
export interface Seen {
  /** Between two storage calls. */
  moments: number;
  /** Different disks and promises that were started from. */
  states: number;
  /** Most things that were at stake at once. */
  stakesMax: number;
  /** States in which a torn write was cut off. */
  torn: number;
  /** States that were refused as damaged, with every file left as it was. */
  refused: number;
  readonly wrong: string[];
}

const LEFT = {
  name: ['nothing', 'all'],
  cut: ['nothing', 'all'],
  write: ['nothing', 'half', 'zeros', 'all'],
} as const satisfies Record<string, readonly Leftover[]>;

/** Lets the power go in every moment, in every way, and starts twice. */
export async function everyPowerCut(
  moments: readonly Moment[],
  judging: Judging,
  tried: Set<string> = new Set(),
): Promise<Seen> {
  const seen = { moments: moments.length, states: 0, stakesMax: 0, torn: 0, refused: 0, wrong: [] };
  for (const { call, disk, ledger } of moments) {
    const stakes = disk.atStake();
    const writing = stakes.some(({ what }) => what?.kind === 'write');
    const how = writing ? judging : { ...judging, again: false };
    seen.stakesMax = Math.max(seen.stakesMax, stakes.length);
    for (const fate of fates(stakes, judging.together === true)) {
      const left = [...fate];
      const after = disk.copy();
      after.restart(judging.power, () => left.shift() ?? 'nothing');
      await judge(after, `${call}, ${fate.join()}`, ledger, how, seen, tried);
    }
  }
  return seen;
}

/**
 * Like `everyPowerCut` with only the sectors of the writes under way at stake: each of them is lost
 * or not, whatever becomes of the others. Names and cuts are kept.
 */
export async function everySector(moments: readonly Moment[], judging: Judging): Promise<Seen> {
  const seen = { moments: moments.length, states: 0, stakesMax: 0, torn: 0, refused: 0, wrong: [] };
  const tried = new Set<string>();
  for (const { call, disk, ledger } of moments) {
    if (!disk.atStake().some(({ what }) => what?.kind === 'write')) continue;
    let more = 0;
    for (let choice = 0; choice < 1 << more || choice === 0; choice += 1) {
      let asked = 0;
      const random = (): number => {
        asked += 1;
        return (choice >> (asked - 1)) & 1 ? 0 : 1;
      };
      const after = disk.copy({ random });
      after.restart(judging.power, ({ what }) => (what?.kind === 'write' ? 'sectors' : 'all'));
      // Whether the file is longer than its sectors is asked only where the last ones are lost.
      more = Math.max(more, asked);
      seen.stakesMax = Math.max(seen.stakesMax, asked);
      await judge(after, `${call}, sectors ${choice}`, ledger, judging, seen, tried);
    }
  }
  return seen;
}

function momentOf(disk: FakeDisk, ledger: Ledger): Moment {
  return { call: disk.latest, disk: disk.copy(), ledger: ledger.copy() };
}

/** Every combination of what may be left of each thing; `together`: of all things alike. */
export function* fates(stakes: readonly AtStake[], together: boolean): Generator<Leftover[]> {
  const [first, ...rest] = stakes;
  if (first === undefined) {
    yield [];
  } else if (together) {
    for (const left of LEFT.write) yield stakes.map(() => left);
  } else {
    for (const others of fates(rest, false)) {
      for (const left of LEFT[first.what?.kind ?? 'name']) yield [left, ...others];
    }
  }
}

async function judge(
  disk: FakeDisk,
  what: string,
  ledger: Ledger,
  judging: Judging,
  seen: Seen,
  tried: Set<string>,
): Promise<void> {
  const state = JSON.stringify([ledger, disk.atStake(), fingerprint(disk)]);
  if (tried.has(state)) return;
  tried.add(state);
  seen.states += 1;
  if (judging.again === true) {
    const moments = await interruptible(disk, ledger, judging);
    const deeper = await everyPowerCut(
      moments,
      { options: judging.options, power: true, together: true },
      tried,
    );
    seen.states += deeper.states;
    seen.torn += deeper.torn;
    seen.stakesMax = Math.max(seen.stakesMax, deeper.stakesMax);
    seen.wrong.push(...deeper.wrong.map((failure) => `${what}; then ${failure}`));
  }
  const failure = await twoLives(disk, ledger, judging, seen).catch(String);
  if (failure !== null) seen.wrong.push(`${what}: ${failure}`);
}

/** The moments of a start. */
async function interruptible(disk: FakeDisk, ledger: Ledger, { options }: Judging) {
  const moments: Moment[] = [];
  const copy = disk.copy({
    later: (_, run) => {
      moments.push(momentOf(copy, ledger));
      soon(run);
    },
  });
  await new Machine(options, {}, copy, 'interrupted').recover();
  return moments;
}

/** All that matters on a disk. The lock of a dead process does not. */
export function fingerprint(disk: FakeDisk): string {
  return [...disk.contents()]
    .filter(([name]) => !name.startsWith('lock-'))
    .map(([name, bytes]) => `${name} ${bytes.toString('latin1')}`)
    .sort()
    .join();
}

/** Starts, judges, appends; the power goes again; starts again. */
async function twoLives(
  disk: FakeDisk,
  ledger: Ledger,
  { options }: Judging,
  seen: Seen,
): Promise<string | null> {
  const machine = new Machine(options, {}, disk, 'later');
  const before = fingerprint(disk);
  const first = await machine.recover().catch((error: unknown) => {
    if (error instanceof DamagedLog) return error;
    throw error;
  });
  if (first instanceof DamagedLog) {
    seen.refused += 1;
    return fingerprint(disk) === before ? null : 'changed though refused';
  }
  const { memory, cutBytes } = first.found;
  if (cutBytes > 0) seen.torn += 1;
  const failure = ledger.judge({ entries: first.entries, memory, aside: keptAside(disk) });
  if (failure !== null) return failure;
  const behind = entryAt(Number(first.log.lastIndex) + 1, 'behind', 1_000);
  first.log.append([behind]);
  await first.log.persist(1, behind.index);
  disk.restart(true);
  const second = await machine.recover();
  const expected = [...first.entries, behind].map((entry) => JSON.stringify(entry));
  const found = second.entries.map((entry) => JSON.stringify(entry));
  if (found.join() !== expected.join()) return 'the second start found something else';
  if (second.found.cutBytes > 0) return 'the first start did not cut off what was torn';
  if (JSON.stringify(second.found.memory) !== JSON.stringify(memory)) return 'other bookkeeping';
  return null;
}

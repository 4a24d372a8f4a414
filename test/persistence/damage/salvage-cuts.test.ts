// The power goes after every storage call of a start that takes damage out, and of a repair, and
// once more in the next one. The rule: of what was not synced every choice is lost.

import { describe, expect, test } from 'vitest';
import { cutDamage, needsRepair } from '../../../src/persistence/damage/repair.ts';
import { checkFolder } from '../../../src/persistence/damage/verify.ts';
import type { ProcessTable } from '../../../src/persistence/disk/process-table.ts';
import { StorageFailure } from '../../../src/persistence/persistence.ts';
import type { FakeDisk } from '../../../src/sim/disk/disk.ts';
import { at, entriesOf } from '../entries.ts';
import { Node } from '../folded-log.ts';
import { Machine, SMALL } from '../machine.ts';
import { placed } from '../outline-starts.ts';
import { fates, fingerprint, soon } from '../power-cuts.ts';
import { flip, indexes, machineWith, SALVAGING, segments, upTo } from '../salvaging.ts';

const COUNT = 26;

/** The last segment has an outline, too. */
const OPTIONS = { ...SALVAGING, outlineBytes: 200 };

/** Processes so far: no two of them are the same. */
let lives = 0;
const nextLife = (): string => {
  lives += 1;
  return `life ${lives} `;
};
const tool = (started = nextLife()): ProcessTable => ({
  self: () => ({ pid: 9, started }),
  lives: () => false,
});

type Act = (disk: FakeDisk) => Promise<unknown>;

const salvage: Act = async (disk) => {
  const { log } = await new Machine(OPTIONS, {}, disk, nextLife()).recover();
  await log.close();
};
const repair: Act = (disk) => cutDamage(disk.mount(), tool());

/** What power cuts leave of the disk, at every call of `act` and in every way. */
async function* leftOf(disk: FakeDisk, act: Act, tried: Set<string>): AsyncGenerator<FakeDisk> {
  const moments: FakeDisk[] = [];
  const copy = disk.copy({
    later: (_, run) => {
      moments.push(copy.copy());
      soon(run);
    },
  });
  await act(copy);
  for (const moment of moments) {
    for (const fate of fates(moment.atStake(), false)) {
      const left = [...fate];
      const after = moment.copy();
      after.restart(true, () => left.shift() ?? 'nothing');
      const state = fingerprint(after);
      if (tried.has(state)) continue;
      tried.add(state);
      yield after;
    }
  }
}

/** A log with a summary of every closed segment, in which one record is damaged. */
async function damagedAt(index: number): Promise<FakeDisk> {
  const machine = await machineWith(COUNT, OPTIONS);
  const node = await new Node(machine.open()).start(true);
  await node.upkeep(0);
  await node.log.close();
  expect(segments(machine)).toHaveLength(3);
  expect(machine.disk.names().filter((name) => name.endsWith('.sum'))).toHaveLength(3);
  flip(machine, index);
  return placed(machine.disk.contents());
}

const asideIn = (disk: FakeDisk): string =>
  [...disk.contents()]
    .filter(([name]) => /^damaged-.*seg$/.test(name))
    .map(([, bytes]) => bytes.toString('latin1'))
    .join();

describe.each([
  ['in the middle', 9],
  ['in the last segment', 25],
  ['at its beginning', 24],
])('where the power goes at any call, and again, damage %s', (_, index) => {
  const whole = (disk: FakeDisk): void => {
    const aside = asideIn(disk);
    for (let later = index + 1; later <= COUNT; later += 1) {
      expect(aside).toContain(`"message ${later}"`);
    }
  };

  test.each([
    ['a start', salvage],
    ['a repair', repair],
  ])(
    '%s leaves what the next one ends',
    async (act, run) => {
      const tried = new Set<string>();
      const judge = async (disk: FakeDisk): Promise<void> => {
        await run(disk);
        disk.restart(true);
        whole(disk);
        if (act === 'a repair') expect(needsRepair(await checkFolder(disk.mount()))).toBe(false);
        const { entries, found } = await new Machine(SMALL, {}, disk, nextLife()).recover();
        expect(indexes(entries)).toEqual(upTo(index - 1));
        const lost = act === 'a repair' ? undefined : { upTo: COUNT, open: false };
        expect(found.memory?.lost ?? undefined).toEqual(lost && expect.objectContaining(lost));
      };
      for await (const once of leftOf(await damagedAt(index), run, tried)) {
        for await (const twice of leftOf(once, run, tried)) await judge(twice);
        await judge(once);
      }
      expect(tried.size).toBeGreaterThan(2);
    },
    60_000,
  );
});

describe('what was found of a write that had failed, and of which damage took the rest', () => {
  /** The last write, of four entries, is in the system's cache alone, and the last but one of them
   * is damaged. `count`: of the entries before it. */
  async function foundInCache(count: number): Promise<FakeDisk> {
    const machine = await machineWith(count, OPTIONS);
    const { log } = await machine.recover();
    machine.disk.faults = ({ kind, path }) =>
      kind === 'write' && path.endsWith('.seg')
        ? { kind: 'fail', code: 'EIO', leftover: 'lost' }
        : null;
    log.append(entriesOf(count + 1, count + 4));
    await expect(log.persist(1, at(count + 4))).rejects.toThrow(StorageFailure);
    machine.disk.restart(false);
    const name = segments(machine).at(-1)!;
    const place = machine.disk.content(name).indexOf(`"message ${count + 3}"`);
    machine.disk.flip(name, place * 8);
    return machine.disk;
  }

  test.each([
    ['a start', 'behind others', salvage, 25],
    ['a start', 'at the beginning of a segment', salvage, 23],
    ['a repair', 'behind others', repair, 25],
    ['a repair', 'at the beginning of a segment', repair, 23],
  ])('is there for good once it was found: %s, %s', async (_, __, act, count) => {
    const disk = await foundInCache(count);
    await act(disk);
    disk.restart(true);
    const { entries } = await new Machine(SALVAGING, {}, disk, nextLife()).recover();
    expect(indexes(entries)).toEqual(upTo(count + 2));
  });
});

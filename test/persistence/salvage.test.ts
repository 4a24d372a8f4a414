// Damage in the middle of a log, where there are others to fetch from: the log before it is kept,
// everything else set aside, and it is never forgotten that something was lost.

import { describe, expect, test } from 'vitest';
import { BLANK_MEMORY, type Memory } from '../../src/core/effects.ts';
import { epoch, logIndex } from '../../src/core/ids.ts';
import { LeftBehind } from '../../src/persistence/left-behind.ts';
import { DamagedLog, UnknownFormat } from '../../src/persistence/persistence.ts';
import { withLoss } from '../../src/persistence/salvage.ts';
import { openSegmentedLog } from '../../src/persistence/segmented-log.ts';
import { at, entriesOf, entryAt } from './entries.ts';
import { Machine, SMALL } from './machine.ts';

const SALVAGING = { ...SMALL, salvage: () => true };
const REMEMBERED: Memory = {
  ...BLANK_MEMORY,
  cluster: 'c',
  epoch: epoch(4),
  acceptedEpoch: epoch(3),
};

/** A machine whose log holds `count` entries in several segments. */
async function machineWith(count: number, options = SALVAGING): Promise<Machine> {
  const machine = new Machine(options);
  const { log } = await machine.recover();
  for (let i = 1; i <= count; i += 1) {
    log.append([entryAt(i)]);
    await log.persist(i, at(i));
  }
  await log.remember(REMEMBERED);
  await log.close();
  return machine;
}

const segments = (machine: Machine): string[] =>
  [...machine.disk.contents().keys()].filter((name) => /^log-.*seg$/.test(name)).sort();

/** Where the record of an entry begins in its file. */
function placeOf(machine: Machine, message: string): { name: string; at: number } {
  for (const name of segments(machine)) {
    const found = machine.disk.content(name).indexOf(`"message":"${message}"`);
    if (found >= 0) return { name, at: found };
  }
  throw new Error(`${message} is nowhere`);
}

/** Changes one byte of an entry's text. */
function flip(machine: Machine, index: number): string {
  const { name, at: place } = placeOf(machine, `message ${index}`);
  const bytes = machine.disk.content(name);
  bytes[place] = bytes[place]! ^ 4;
  machine.disk.place(name, bytes);
  return name;
}

const indexes = (entries: readonly { index: number }[]): number[] =>
  entries.map(({ index }) => index);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('salvage', () => {
  test('an end that nobody knows stays unknown, whatever a later damage leaves', () => {
    const remains = { files: [], upTo: 5, epoch: 3, points: [], readable: 0 };
    const [once, known] = [true, false].map((open) => withLoss(null, { ...remains, open }, 3));
    expect([once, known].map((memory) => memory?.lost?.open)).toEqual([true, false]);
    const twice = withLoss(once!, { ...remains, open: false }, 3);
    expect(twice.lost).toMatchObject({ upTo: 5, open: true });
  });

  test('keeps what is before the damage, and says how far the log had gone', async () => {
    const machine = await machineWith(40);
    expect(segments(machine).length).toBeGreaterThan(3);
    const damaged = flip(machine, 20);
    const before = machine.disk.contents();
    const { log, entries, found } = await machine.recover();
    expect(indexes(entries)).toEqual(upTo(19));
    expect(found.lastIndex).toBe(19);
    expect(found.damage).toMatchObject({ file: damaged });
    expect(found.memory).toMatchObject({
      ...REMEMBERED,
      lost: { epoch: 3, upTo: 40, open: false },
    });
    expect(found.memory!.lost!.points!.map(({ index }) => index)).toEqual([20, 40]);
    const later = [...before.keys()].filter((name) => name >= damaged && name.endsWith('.seg'));
    for (const name of later) {
      expect(machine.disk.content(`damaged-${name}`), name).toEqual(before.get(name));
    }
    await log.close();
  });

  test('the log goes on behind it, across a restart and another damage', async () => {
    const machine = await machineWith(40);
    flip(machine, 20);
    const { log } = await machine.recover();
    log.append(entriesOf(20, 30));
    await log.persist(1, at(30));
    await log.close();
    const again = await machine.recover();
    expect(indexes(again.entries)).toEqual(upTo(30));
    expect(again.found.damage).toBeUndefined();
    expect(again.found.memory?.lost).toMatchObject({ upTo: 40 });
    await again.log.close();
    flip(machine, 25);
    const third = await machine.recover();
    expect(indexes(third.entries)).toEqual(upTo(24));
    expect(third.found.memory?.lost).toMatchObject({ upTo: 40 });
    await third.log.close();
  });

  test('without others to fetch from the folder stays as it is', async () => {
    const machine = await machineWith(40, { ...SMALL, salvage: () => false });
    flip(machine, 20);
    const before = machine.disk.contents();
    await expect(machine.recover()).rejects.toThrow(DamagedLog);
    expect(machine.disk.contents()).toEqual(before);
  });

  test('a segment of a later format behind the damage: nothing is touched', async () => {
    const machine = await machineWith(40);
    flip(machine, 5);
    const last = segments(machine).at(-1)!;
    const bytes = machine.disk.content(last);
    bytes.writeUInt32LE(99, 8);
    machine.disk.place(last, bytes);
    const before = machine.disk.contents();
    await expect(machine.recover()).rejects.toThrow(UnknownFormat);
    expect(machine.disk.contents()).toEqual(before);
  });

  test('a segment that is missing: those behind it are set aside', async () => {
    const machine = await machineWith(40);
    const names = segments(machine);
    const gone = Number(names[2]!.slice(4, 20));
    await machine.disk.mount().remove(names[2]!);
    await machine.disk.mount().syncFolder();
    const { log, entries, found } = await machine.recover();
    expect(indexes(entries)).toEqual(upTo(gone - 1));
    expect(found.memory?.lost).toMatchObject({ upTo: 40, open: false });
    expect(segments(machine)).toEqual(names.slice(0, 2));
    await log.close();
  });

  test('an end that cannot be read: nobody knows how far the log went', async () => {
    const machine = await machineWith(40);
    const last = segments(machine).at(-1)!;
    const bytes = machine.disk.content(last);
    bytes.fill(0x5a, 32);
    machine.disk.place(last, bytes);
    const { log, found } = await machine.recover();
    const first = Number(last.slice(4, 20));
    expect(found.memory?.lost).toMatchObject({ upTo: first, open: true });
    await log.close();
  });

  test('power may fail at every call: what was lost is known, and a prefix is kept', async () => {
    for (let call = 1; call < 1_000; call += 1) {
      const machine = await machineWith(24);
      flip(machine, 9);
      machine.disk.failAt({ at: call, fault: 'power' });
      const failed = await machine.recover().catch(() => null);
      machine.disk.restart(true);
      const { log, entries, found } = await machine.recover();
      expect(indexes(entries), `call ${call}`).toEqual(upTo(8));
      expect(found.memory?.lost, `call ${call}`).toMatchObject({ upTo: 24, open: false });
      await log.close();
      if (failed !== null) return;
    }
    throw new Error('it never succeeded');
  });
});

describe('what is left behind', () => {
  async function damagedAt(index: number, count = 40) {
    const machine = await machineWith(count);
    flip(machine, index);
    const { log } = await machine.recover();
    return { machine, log, left: new LeftBehind(machine.disk.mount()) };
  }

  const point = (log: { lastIndex: number; hash: number }) => ({
    index: logIndex(log.lastIndex),
    hash: log.hash,
  });

  test('goes on once the hole is filled with what stood there, and not before', async () => {
    const { log, left } = await damagedAt(20);
    expect(await left.after(point(log), 100, 1 << 20)).toEqual([]);
    log.append([entryAt(20)]);
    const entries: number[] = [];
    for (let more = true; more; ) {
      const found = await left.after(point(log), 5, 1 << 20);
      more = found.length > 0;
      expect(found.length).toBeLessThanOrEqual(5);
      log.append(found);
      entries.push(...indexes(found));
    }
    expect(entries).toEqual(upTo(40).slice(20));
    await log.close();
  });

  test('not if something else stands there now', async () => {
    const { log, left } = await damagedAt(20);
    log.append([entryAt(20, 'another message')]);
    expect(await left.after(point(log), 100, 1 << 20)).toEqual([]);
    await log.close();
  });

  test('not from an entry that is damaged itself', async () => {
    const machine = await machineWith(40);
    flip(machine, 20);
    flip(machine, 30);
    const { log } = await machine.recover();
    log.append([entryAt(20)]);
    const left = new LeftBehind(machine.disk.mount());
    const found: number[] = [];
    for (let more = true; more; ) {
      const next = await left.after(point(log), 100, 1 << 20);
      more = next.length > 0;
      log.append(next);
      found.push(...indexes(next));
    }
    expect(found).toEqual(upTo(29).slice(20));
    await log.close();
  });
});

test('a log that is whole is not touched by the wish to salvage', async () => {
  const machine = await machineWith(10);
  const before = segments(machine).map((name) => machine.disk.content(name));
  const log = openSegmentedLog(machine.disk.mount(), SALVAGING);
  const { damage, memory } = await log.recover(() => undefined);
  await log.close();
  expect([damage, memory?.lost]).toEqual([undefined, undefined]);
  expect(segments(machine).map((name) => machine.disk.content(name))).toEqual(before);
});

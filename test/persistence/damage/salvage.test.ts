// Damage in the middle of a log, where there are others to fetch from: the log before it is kept,
// everything else set aside, and it is never forgotten that something was lost.

import { describe, expect, test } from 'vitest';
import type { Memory } from '../../../src/core/effects.ts';
import { epoch } from '../../../src/core/ids.ts';
import type { Remains } from '../../../src/persistence/damage/remains.ts';
import { withLoss as lossAt } from '../../../src/persistence/damage/salvage.ts';
import { openSegmentedLog } from '../../../src/persistence/log/segmented-log.ts';
import { DamagedLog, UnknownFormat } from '../../../src/persistence/persistence.ts';
import { segmentName } from '../../../src/persistence/segment/segment-file.ts';
import { at, entriesOf, entryAt } from '../entries.ts';
import { Node } from '../folded-log.ts';
import { laterFormat } from '../later-format.ts';
import { Machine, SMALL } from '../machine.ts';
import {
  flip,
  flipHeader,
  indexes,
  machineWith,
  REMEMBERED,
  SALVAGING,
  segments,
  upTo,
} from '../salvaging.ts';

const ZEROS = Buffer.alloc(9);
const PLACE = { file: 'log-1.seg', offset: 463 };
const withLoss = (memory: Memory | null, remains: Remains, lastEpoch: number): Memory =>
  lossAt(memory, remains, lastEpoch, PLACE);

describe('salvage', () => {
  test('an end that nobody knows stays unknown, whatever a later damage leaves', () => {
    const remains = { files: [], upTo: 5, epoch: 3, points: [], readable: 0 };
    const [once, known] = [true, false].map((open) => withLoss(null, { ...remains, open }, 3));
    expect([once, known].map((memory) => memory?.lost?.open)).toEqual([true, false]);
    const twice = withLoss(once!, { ...remains, open: false }, 3);
    expect(twice.lost).toMatchObject({ upTo: 5, open: true });
  });

  test('what was lost before is not forgotten, and the highest epoch counts', () => {
    const remains = { files: [], open: false, readable: 0 };
    const points = (...of: number[]) => of.map((index) => ({ index: at(index), hash: index }));
    const once = withLoss(REMEMBERED, { ...remains, upTo: 9, epoch: 7, points: points(8, 9) }, 3);
    expect(once.lost).toMatchObject({ epoch: 7, upTo: 9 });
    const twice = withLoss(once, { ...remains, upTo: 5, epoch: 2, points: points(4, 5) }, 3);
    expect(twice.lost).toMatchObject({ epoch: 7, upTo: 9, points: points(4, 5, 8, 9) });
    const many = points(...upTo(12));
    const last = withLoss(twice, { ...remains, upTo: 12, epoch: 2, points: many }, 3);
    expect(last.lost!.points).toHaveLength(8);
    expect(last.lost!.place).toEqual(PLACE);
    const later = { file: 'log-2.seg', offset: 9 };
    const again = lossAt(last, { ...remains, upTo: 12, epoch: 2, points: many }, 3, later);
    expect(again.lost!.place).toEqual(later);
    expect(last.lost!.points!.at(-1)).toEqual({ index: 12, hash: 12 });
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

  test('a damaged end was written: the log had gone as far as that', async () => {
    const machine = await machineWith(40);
    flip(machine, 20);
    flip(machine, 40);
    const { log, found } = await machine.recover();
    expect(found.memory?.lost).toMatchObject({ upTo: 40, open: false });
    await log.close();
  });

  test.each([
    ['a header and nothing behind it', 39, (end: Buffer) => end.subarray(0, 32)],
    ['half a header', 39, (end: Buffer) => end.subarray(0, 16)],
    ['zeros', 39, (end: Buffer) => Buffer.alloc(end.length)],
    ['zeros behind its end', 40, (end: Buffer) => Buffer.concat([end, Buffer.alloc(99)])],
  ])('an interrupted last write is not lost: %s', async (_, upTo, torn) => {
    const machine = await machineWith(40);
    flip(machine, 20);
    const name = segments(machine).at(-1)!;
    const bytes = machine.disk.content(name);
    const text = Buffer.byteLength(JSON.stringify(entryAt(40)));
    const end = bytes.length - 32 - text;
    machine.disk.place(name, Buffer.concat([bytes.subarray(0, end), torn(bytes.subarray(end))]));
    const { log, found } = await machine.recover();
    expect(found.memory?.lost).toMatchObject({ upTo, open: false });
    await log.close();
  });

  test('an interrupted write tells of its epoch, too', async () => {
    const machine = await machineWith(39);
    const { log } = await machine.recover();
    log.append([{ ...entryAt(40), epoch: epoch(5) }]);
    await log.persist(1, at(40));
    await log.close();
    flipHeader(machine, 39);
    const name = segments(machine).at(-1)!;
    const bytes = machine.disk.content(name);
    machine.disk.place(name, bytes.subarray(0, bytes.length - 9));
    const { found, log: again } = await machine.recover();
    expect(found.memory?.lost).toMatchObject({ epoch: 5, upTo: 39, open: false });
    await again.close();
  });

  test('so was all before a segment of which nothing was written', async () => {
    const machine = await machineWith(40);
    const begins = 41;
    machine.disk.place(segmentName(begins), Buffer.alloc(0));
    flipHeader(machine, begins - 1);
    const { found, log } = await machine.recover();
    expect(found.memory?.lost).toMatchObject({ upTo: begins - 1, open: false });
    await log.close();
  });

  test.each([
    ['a header and nothing behind it', (end: Buffer) => end.subarray(0, 32)],
    ['a text that ends in zeros', (end: Buffer) => Buffer.concat([end.subarray(0, -9), ZEROS])],
  ])('what stands right before an interrupted write was durable: %s', async (_, torn) => {
    for (const [writes, lost] of [
      [1, 39],
      [2, 38],
    ] as const) {
      const machine = await machineWith(40 - writes);
      const { log } = await machine.recover();
      log.append(entriesOf(41 - writes, 40));
      await log.persist(1, at(40));
      await log.close();
      flipHeader(machine, 39);
      const name = segments(machine).at(-1)!;
      const bytes = machine.disk.content(name);
      const text = Buffer.byteLength(JSON.stringify(entryAt(40)));
      const end = bytes.length - 32 - text;
      machine.disk.place(name, Buffer.concat([bytes.subarray(0, end), torn(bytes.subarray(end))]));
      const { found, log: again } = await machine.recover();
      expect(found.memory?.lost, `${writes} in a write`).toMatchObject({ upTo: lost, open: false });
      await again.close();
    }
  });

  test('what goes on behind it is durable, though the power goes', async () => {
    for (const index of [9, 15, 20]) {
      const machine = await machineWith(24);
      flip(machine, index);
      const { log } = await machine.recover();
      log.append(entriesOf(index, 30));
      await log.persist(1, at(30));
      machine.disk.restart(true);
      const { entries, found } = await machine.recover();
      expect([index, found.damage, indexes(entries)]).toEqual([index, undefined, upTo(30)]);
    }
  });

  test('what goes on behind it is another write, also where damage has cut one', async () => {
    const machine = new Machine(SALVAGING);
    const { log } = await machine.recover();
    log.append(entriesOf(1, 3));
    await log.persist(1, at(3));
    await log.close();
    flip(machine, 3);
    const { log: salvaged } = await machine.recover();
    salvaged.append(entriesOf(3, 5));
    await salvaged.persist(1, at(5));
    await salvaged.close();
    const { entries, found } = await machine.recover();
    expect([found.damage, indexes(entries)]).toEqual([undefined, upTo(5)]);
  });

  test('of two damages in one segment both copies are kept', async () => {
    const machine = await machineWith(40);
    const name = flip(machine, 20);
    flip(machine, 21);
    const first = machine.disk.content(name);
    await (await machine.recover()).log.close();
    expect(flip(machine, 19)).toBe(name);
    const second = machine.disk.content(name);
    await (await machine.recover()).log.close();
    expect(machine.disk.content(`damaged-${name}`)).toEqual(first);
    expect(machine.disk.content(`damaged-${name}`.replace('.seg', '-2.seg'))).toEqual(second);
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
    machine.disk.place(last, laterFormat(machine.disk.content(last)));
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

  test.each([
    ['in the middle', 9, 24],
    ['in the last segment', 15, 22],
  ])(
    'power may fail at any call, damage %s: the rest is aside, and the loss known',
    async (_, index, count) => {
      const begun = await machineWith(count);
      const node = await new Node(begun.open()).start(true);
      await node.upkeep(0);
      await node.log.close();
      flip(begun, index);
      let starts = 0;
      for (let way = 0; way < 4; way += 1) {
        for (let call = 1, failed = true; failed; call += 1) {
          const machine = new Machine(SALVAGING, {}, begun.disk.copy(), 'start ');
          machine.disk.failAt({ at: call, fault: 'power' });
          failed = await machine.recover().then(
            () => false,
            () => true,
          );
          // Of the names and writes at stake none, every other, the first ones, the last ones, …
          let asked = way * 3;
          machine.disk.restart(true, () =>
            way > 0 && (asked++ >> (way % 3)) & 1 ? 'all' : 'nothing',
          );
          const { log, entries, found } = await machine.recover();
          const where = `call ${call}, way ${way}`;
          expect(indexes(entries), where).toEqual(upTo(index - 1));
          expect(found.memory?.lost, where).toMatchObject({ upTo: count, open: false });
          const aside = [...machine.disk.contents()].filter(([name]) =>
            /^damaged-.*seg$/.test(name),
          );
          const texts = aside.map(([, bytes]) => bytes.toString('latin1')).join();
          for (let later = index + 1; later <= count; later += 1)
            expect(texts, where).toContain(`"message ${later}"`);
          await log.close();
          starts += 1;
        }
      }
      expect(starts).toBeGreaterThan(100);
    },
  );
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

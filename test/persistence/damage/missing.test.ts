// Segments that are gone though what was made of them is there: that is damage, and nothing else
// that a crash may leave is taken for it.

import { describe, expect, test } from 'vitest';
import { cutDamage } from '../../../src/persistence/damage/repair.ts';
import { checkFolder } from '../../../src/persistence/damage/verify.ts';
import type { SegmentedLogOptions } from '../../../src/persistence/log/segmented-log.ts';
import { DamagedLog } from '../../../src/persistence/persistence.ts';
import { encodeFileHeader } from '../../../src/persistence/segment/segment-file.ts';
import { foldedBy } from '../../../src/persistence/upkeep/folded.ts';
import { at, entriesOf, entryAt } from '../entries.ts';
import { Node } from '../folded-log.ts';
import { Machine, SMALL } from '../machine.ts';

/** Outlines are continued at nearly every write. */
const OUTLINED = { ...SMALL, outlineBytes: 200 };
const TOOL = { self: () => ({ pid: 9, started: 'x' }), lives: () => false };

/** A log of 40 messages whose closed segments all have their summary. */
async function machineWith(options: SegmentedLogOptions = OUTLINED): Promise<Machine> {
  const machine = new Machine(options);
  const node = await new Node(machine.open()).start(false);
  for (let index = 1; index <= 40; index += 1) await node.write([entryAt(index)]);
  await node.upkeep(0);
  await node.log.close();
  return machine;
}

const namesIn = (machine: Machine, ending: string): string[] =>
  [...machine.disk.contents().keys()].filter((name) => name.endsWith(ending)).sort();

const firstIn = (name: string): number => Number(name.slice(4, 20));

async function without(machine: Machine, ...names: string[]): Promise<void> {
  const disk = machine.disk.mount();
  for (const name of names) await disk.remove(name);
  await disk.syncFolder();
}

describe('the end of the log that is gone', () => {
  /** A log of one segment in as many writes as entries; `durable` bytes are so by its outline. */
  async function oneSegment() {
    const machine = new Machine({ ...OUTLINED, segmentBytes: 100_000 });
    const node = await new Node(machine.open()).start(false);
    for (let index = 1; index <= 12; index += 1) await node.write([entryAt(index)]);
    await node.log.close();
    const name = namesIn(machine, '.seg')[0]!;
    return { machine, name, bytes: machine.disk.content(name) };
  }

  test.each([false, true])(
    'is damage wherever the file ends; a start in brief: %s',
    async (brief) => {
      const { machine, name, bytes } = await oneSegment();
      for (let length = bytes.length - 1; length > 0; length -= 1) {
        machine.disk.place(name, bytes.subarray(0, length));
        const start = new Node(machine.open()).start(brief);
        await expect(start, `${length}`).rejects.toMatchObject({ name: 'DamagedLog', file: name });
        expect(machine.disk.content(name)).toHaveLength(length);
      }
      machine.disk.place(name, bytes);
      expect((await machine.recover()).entries).toEqual(entriesOf(1, 12));
    },
  );

  test('is told with what is left of it, and known to be lost by a node with others', async () => {
    const { machine, name, bytes } = await oneSegment();
    machine.disk.place(name, bytes.subarray(0, 1_000));
    const { damage, lastIndex } = await checkFolder(machine.disk.mount());
    expect(damage).toMatchObject({ file: name, offset: damage!.keepBytes, remains: { upTo: 12 } });
    expect(damage!.what).toContain(`ends too early, at byte ${damage!.keepBytes}`);
    expect(damage!.remains!.open).toBe(true);
    const others = { ...OUTLINED, segmentBytes: 100_000, salvage: () => true };
    const salvaging = new Machine(others, {}, machine.disk, 'later ');
    for (const isDamaged of [true, false]) {
      const { log, entries, found } = await salvaging.recover();
      expect(entries).toEqual(entriesOf(1, lastIndex));
      expect(found.damage !== undefined).toBe(isDamaged);
      expect(found.memory?.lost).toMatchObject({ upTo: 12, open: true });
      await log.close();
    }
  });

  test('is none where the log was cut back, whatever a power cut leaves of that', async () => {
    let isOver = false;
    for (let call = 1; !isOver; call += 1) {
      const { machine } = await oneSegment();
      const { log } = await machine.recover();
      machine.disk.failAt({ at: call, fault: 'power' });
      log.truncate(at(5));
      isOver = await log.persist(1, at(5)).then(
        () => true,
        () => false,
      );
      for (const names of [false, true]) {
        const disk = machine.disk.copy();
        disk.restart(true, ({ path }) => ((path === null) === names ? 'all' : 'nothing'));
        const after = new Machine(OUTLINED, {}, disk, 'after ');
        expect([5, 12]).toContain((await after.recover()).entries.length);
      }
    }
  });
});

describe('a segment that is gone', () => {
  test('is damage that names its file, whichever it is, and nothing is changed', async () => {
    const names = namesIn(await machineWith(), '.seg');
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) {
      const machine = await machineWith();
      await without(machine, name);
      const before = machine.disk.contents();
      const { damage, lastIndex } = await checkFolder(machine.disk.mount());
      const upTo = name === names.at(-1) ? expect.any(Number) : 40;
      expect(damage).toMatchObject({ file: name, offset: 0, keepBytes: 0, remains: { upTo } });
      expect(damage!.what).toContain(`${name} is gone`);
      expect(damage!.remains!.open).toBe(name === names.at(-1));
      if (name === names.at(-1)) {
        expect(damage!.remains!.upTo).toBeGreaterThan(firstIn(name));
        expect(damage!.what).toContain(`up to ${damage!.remains!.upTo}`);
      }
      expect(lastIndex).toBe(firstIn(name) - 1);
      await expect(machine.recover()).rejects.toThrow(DamagedLog);
      expect(machine.disk.contents()).toEqual(before);
    }
  });

  test('also one whose first records stood behind a hole', async () => {
    const machine = new Machine(OUTLINED);
    const { log } = await machine.recover();
    log.append(entriesOf(1, 2));
    await log.persist(1, at(2));
    log.append([entryAt(5)], [{ index: at(5), hash: 77 }]);
    await log.persist(2, at(5));
    log.append(entriesOf(6, 7));
    await log.persist(3, at(7));
    await log.close();
    const name = namesIn(machine, '.seg').at(-1)!;
    expect(firstIn(name)).toBe(3);
    await without(machine, name);
    const { damage } = await checkFolder(machine.disk.mount());
    expect(damage).toMatchObject({ file: name, remains: { upTo: 7 } });
  });

  test('also where all are', async () => {
    const machine = await machineWith();
    const names = namesIn(machine, '.seg');
    await without(machine, ...names);
    const { damage, entries } = await checkFolder(machine.disk.mount());
    expect([damage?.file, entries]).toEqual([names[0], 0]);
    await expect(machine.recover()).rejects.toThrow(DamagedLog);
  });

  test('a node with others to ask notes what is lost, once, and goes on', async () => {
    const machine = await machineWith({ ...OUTLINED, salvage: () => true });
    const name = namesIn(machine, '.seg').at(-1)!;
    await without(machine, name);
    const { log, found } = await machine.recover();
    expect(found.lastIndex).toBe(firstIn(name) - 1);
    const upTo = found.memory!.lost!.upTo;
    expect(upTo).toBeGreaterThan(found.lastIndex);
    expect(found.memory!.lost!.open).toBe(true);
    log.append(entriesOf(firstIn(name), 40));
    await log.persist(1, at(40));
    await log.close();
    const again = await machine.recover();
    expect(again.found.damage).toBeUndefined();
    expect(again.entries).toHaveLength(40);
  });

  test('so, too, one whose file is there, but has been emptied', async () => {
    const left = [Buffer.alloc(0), Buffer.alloc(99), encodeFileHeader(1, 0).subarray(0, 9)];
    for (const bytes of left) {
      const machine = await machineWith({ ...OUTLINED, salvage: () => true });
      const name = namesIn(machine, '.seg').at(-1)!;
      machine.disk.place(name, bytes);
      const { damage, lastIndex } = await checkFolder(machine.disk.mount());
      expect(damage).toMatchObject({ file: name, offset: 0, remains: { open: true } });
      expect(damage!.what).toContain(`${name} holds no entry any more`);
      expect(lastIndex).toBe(firstIn(name) - 1);
      const { log, found } = await machine.recover();
      expect(found.memory!.lost).toMatchObject({ upTo: damage!.remains!.upTo, open: true });
      await log.close();
      expect(machine.disk.content(`damaged-${name}`)).toEqual(bytes);
      expect((await machine.recover()).found.damage).toBeUndefined();
    }
  });

  test('a cut gives it up', async () => {
    const machine = await machineWith();
    const names = namesIn(machine, '.seg');
    await without(machine, names[2]!);
    const { kept } = await cutDamage(machine.disk.mount(), TOOL);
    expect(kept).toEqual(names.slice(3).map((name) => `damaged-${name}`));
    const { damage, lastIndex } = await checkFolder(machine.disk.mount());
    expect([damage, lastIndex]).toEqual([null, firstIn(names[2]!) - 1]);
    expect((await machine.recover()).entries).toHaveLength(lastIndex);
  });
});

describe('no damage is', () => {
  test('the outline of a first write that never became durable', async () => {
    const machine = new Machine(OUTLINED);
    const { log } = await machine.recover();
    log.append(entriesOf(1, 5));
    await log.persist(1, at(5));
    machine.disk.restart(false);
    const [segment, outline] = [namesIn(machine, '.seg')[0]!, namesIn(machine, '.sum')[0]!];
    expect(machine.disk.content(outline).length).toBeGreaterThan(100);
    await without(machine, segment);
    expect((await checkFolder(machine.disk.mount())).damage).toBeNull();
    const again = await machine.recover();
    expect(again.entries).toEqual([]);
    expect(namesIn(machine, '.sum')).toEqual([]);
    await again.log.close();
  });

  test('the summary of a segment that compaction has put into another', async () => {
    const machine = await machineWith();
    const names = namesIn(machine, '.seg');
    const bytes = machine.disk.content(names[1]!.replace('.seg', '.sum'));
    const late = 'log-0000000000000002.sum';
    machine.disk.place(late, bytes);
    expect((await checkFolder(machine.disk.mount())).damage).toBeNull();
    const { log, entries } = await machine.recover();
    expect(entries).toHaveLength(40);
    expect(namesIn(machine, '.sum')).not.toContain(late);
    await log.close();
  });

  test('the summary of a segment whose one record is the last one of another', async () => {
    const machine = await machineWith();
    const name = namesIn(machine, '.sum')[1]!;
    const whole = new Machine({});
    const { log } = await whole.recover();
    log.append(entriesOf(1, firstIn(name)));
    await log.persist(1, at(firstIn(name)));
    await log.close();
    whole.disk.place(name, machine.disk.content(name));
    expect((await checkFolder(whole.disk.mount())).damage).toBeNull();
    // Nor is one of another file.
    whole.disk.place('log-0000000000000039.sum', machine.disk.content(name));
    expect((await checkFolder(whole.disk.mount())).damage).toBeNull();
  });

  test('what a power cut leaves of a log that is cut back, at whichever call', async () => {
    const run = async (machine: Machine): Promise<void> => {
      const { log } = await machine.recover();
      log.truncate(at(9));
      log.append([entryAt(10, 'another', 2)]);
      await log.persist(1, at(10));
      await log.close();
    };
    const begun = await machineWith();
    const counted = new Machine(OUTLINED, {}, begun.disk.copy());
    counted.disk.failAt(null);
    await run(counted);
    const { calls } = counted.disk;
    expect(calls).toBeGreaterThan(40);
    const ends = new Set<number>();
    for (let n = 1; n <= calls; n += 1) {
      for (let way = 0; way < 8; way += 1) {
        const machine = new Machine(OUTLINED, {}, begun.disk.copy());
        machine.disk.failAt({ at: n, fault: 'power', leftover: 'all' });
        await run(machine).catch(() => undefined);
        // Of the names that are at stake every other, the first ones, the last ones, …
        let asked = way * 3;
        machine.disk.restart(true, () => ((asked++ >> (way % 3)) & 1 ? 'all' : 'nothing'));
        const { lastIndex } = (await machine.recover()).found;
        ends.add(lastIndex);
      }
    }
    expect(ends.size).toBeGreaterThan(3);
  }, 60_000);

  test('a segment that is cut off while it is summarised', async () => {
    for (let n = 1; n <= 7; n += 1) {
      const machine = new Machine(SMALL);
      const node = await new Node(machine.open()).start(false);
      for (let index = 1; index <= 40; index += 1) await node.write([entryAt(index)]);
      let calls = 0;
      await new Promise<void>((resolve) => {
        node.log.startUpkeep({
          compactTo: () => at(0),
          ...foldedBy(node.folds),
          requestsOf: () => null,
          after: (_, run) => {
            calls += 1;
            if (calls === n) node.log.truncate(at(2));
            // By then it has ended what it had begun, and found the log as it is now.
            if (calls === n + 10) resolve();
            setImmediate(run);
            return () => undefined;
          },
          damaged: () => undefined,
          broken: () => undefined,
        });
      });
      await node.log.close();
      const { damage, lastIndex } = await checkFolder(machine.disk.mount());
      expect([n, damage, lastIndex]).toEqual([n, null, 2]);
    }
  });
});

// Looking at a folder, and mending it where nobody can be asked.

import { describe, expect, test } from 'vitest';
import { BLANK_MEMORY } from '../../../src/core/effects.ts';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { cutDamage, needsRepair } from '../../../src/persistence/damage/repair.ts';
import { checkFolder } from '../../../src/persistence/damage/verify.ts';
import { refuseIfInUse } from '../../../src/persistence/disk/lock.ts';
import type { ProcessTable } from '../../../src/persistence/disk/process-table.ts';
import { FolderInUse, UnknownFormat } from '../../../src/persistence/persistence.ts';
import { at, entryAt } from '../entries.ts';
import { laterFormat } from '../later-format.ts';
import { Machine } from '../machine.ts';

const TOOL: ProcessTable = { self: () => ({ pid: 9, started: 'x' }), lives: () => false };
const MEMORY = { ...BLANK_MEMORY, cluster: 'c', epoch: epoch(2), acceptedEpoch: epoch(2) };

async function machineWith(entries: readonly Entry[]): Promise<Machine> {
  const machine = new Machine();
  const { log } = await machine.recover();
  for (const entry of entries) {
    log.append([entry]);
    await log.persist(entry.index, entry.index);
  }
  await log.remember(MEMORY);
  await log.close();
  return machine;
}

const messages = (count: number): Entry[] =>
  Array.from({ length: count }, (_, i) => entryAt(i + 1, undefined, i < 15 ? 1 : 2));

function flip(machine: Machine, text: string): { file: string; offset: number } {
  for (const [name, bytes] of machine.disk.contents()) {
    const offset = name.startsWith('log-') ? bytes.indexOf(text) : -1;
    if (offset < 0) continue;
    bytes[offset] = bytes[offset]! ^ 1;
    machine.disk.place(name, bytes);
    return { file: name, offset };
  }
  throw new Error(`${text} is nowhere`);
}

describe('verify', () => {
  test('counts what is there, and changes nothing', async () => {
    const common = { at: '2024-05-01T12:00:00.000Z', epoch: epoch(2) };
    const entries: Entry[] = [
      ...messages(20),
      { ...common, index: logIndex(21), op: 'put', key: 'a', value: '1', idempotencyKey: 'k' },
      { ...common, index: logIndex(22), op: 'put', key: 'b', value: '1' },
      { ...common, index: logIndex(23), op: 'remove', key: 'a' },
    ];
    const machine = await machineWith(entries);
    const before = machine.disk.contents();
    let read = 0;
    const check = await checkFolder(machine.disk.mount(), {
      onRead: (bytes) => {
        read += bytes;
      },
    });
    const segments = [...before].filter(([name]) => name.startsWith('log-'));
    const bytes = segments.reduce((sum, [, content]) => sum + content.length, 0);
    expect(check).toMatchObject({
      segments: segments.length,
      bytes,
      entries: 23,
      firstIndex: 1,
      lastIndex: 23,
      messages: 20,
      keys: 1,
      idempotencyKeys: 1,
      epochs: [
        { epoch: 1, first: 1 },
        { epoch: 2, first: 16 },
      ],
      tornBytes: 0,
      damage: null,
      lost: null,
      memory: MEMORY,
    });
    expect(read).toBeGreaterThanOrEqual(bytes);
    expect(machine.disk.contents()).toEqual(before);
  });

  test('a torn tail is no damage, and stays', async () => {
    const machine = await machineWith(messages(20));
    const name = [...machine.disk.contents().keys()]
      .filter((file) => file.startsWith('log-'))
      .sort()
      .at(-1)!;
    machine.disk.place(name, machine.disk.content(name).subarray(0, -10));
    const before = machine.disk.contents();
    const check = await checkFolder(machine.disk.mount());
    expect(check).toMatchObject({ lastIndex: 19, damage: null });
    expect(check.tornBytes).toBeGreaterThan(30);
    expect(machine.disk.contents()).toEqual(before);
  });

  test('nor is a first write that did not get far, whose file the next start removes', async () => {
    const machine = await machineWith([]);
    machine.disk.place('log-0000000000000001.seg', Buffer.from('replog'));
    const before = machine.disk.contents();
    expect(await checkFolder(machine.disk.mount())).toMatchObject({ tornBytes: 6, damage: null });
    expect(machine.disk.contents()).toEqual(before);
  });

  test('damage: file, place, and what can still be read behind it', async () => {
    const machine = await machineWith(messages(30));
    const { file, offset } = flip(machine, '"message 12"');
    const before = machine.disk.contents();
    const { damage, lastIndex, entries } = await checkFolder(machine.disk.mount());
    expect([lastIndex, entries]).toEqual([11, 11]);
    expect(damage).toMatchObject({ file, remains: { upTo: 30, open: false, readable: 18 } });
    expect(offset - damage!.offset).toBeLessThan(200);
    expect(damage!.what).toContain(file);
    expect(machine.disk.contents()).toEqual(before);
  });

  test('a batch that damage has cut is named', async () => {
    const machine = await machineWith([
      entryAt(1),
      { ...entryAt(2), batch: 3 },
      entryAt(3),
      entryAt(4),
    ]);
    expect((await checkFolder(machine.disk.mount())).tornBatch).toBeNull();
    flip(machine, '"message 4"');
    expect((await checkFolder(machine.disk.mount())).tornBatch).toBe(2);
  });

  test('damaged bookkeeping is damage, too', async () => {
    const machine = await machineWith(messages(3));
    machine.disk.place('memory.json', Buffer.from('{}'));
    const { damage, memory, lastIndex } = await checkFolder(machine.disk.mount());
    expect(damage).toMatchObject({ file: 'memory.json', remains: null });
    expect([memory, lastIndex]).toEqual([null, 3]);
  });

  test('a later format is refused', async () => {
    const machine = await machineWith(messages(3));
    const [name] = [...machine.disk.contents().keys()].filter((file) => file.startsWith('log-'));
    machine.disk.place(name!, laterFormat(machine.disk.content(name!)));
    await expect(checkFolder(machine.disk.mount())).rejects.toThrow(UnknownFormat);
    const other = await machineWith(messages(3));
    other.disk.place('memory.json', Buffer.from('{"format":99}'));
    await expect(checkFolder(other.disk.mount())).rejects.toThrow(UnknownFormat);
  });

  test('a folder in use is noticed without a trace', async () => {
    const machine = await machineWith(messages(3));
    const { log } = await machine.recover();
    const before = machine.disk.contents();
    const living = { ...TOOL, lives: () => true };
    await expect(refuseIfInUse(machine.disk.mount(), living)).rejects.toThrow(FolderInUse);
    expect(machine.disk.contents()).toEqual(before);
    await log.close();
    await expect(refuseIfInUse(machine.disk.mount(), living)).resolves.toBeUndefined();
  });
});

describe('repair', () => {
  test('cuts before the damage, keeps the rest, and the node starts', async () => {
    const machine = await machineWith(messages(30));
    const { file } = flip(machine, '"message 12"');
    const damaged = machine.disk.content(file);
    const { before, kept } = await cutDamage(machine.disk.mount(), TOOL);
    expect(needsRepair(before)).toBe(true);
    expect(kept).toContain(`damaged-${file}`);
    expect(machine.disk.content(`damaged-${file}`)).toEqual(damaged);
    const after = await checkFolder(machine.disk.mount());
    expect(after).toMatchObject({ lastIndex: 11, damage: null, lost: null, memory: MEMORY });
    expect(needsRepair(after)).toBe(false);
    const { log, found } = await machine.recover();
    log.append([entryAt(12, 'new', 2)]);
    await log.persist(1, at(12));
    await log.close();
    expect(found.lastIndex).toBe(11);
    expect((await machine.recover()).entries).toHaveLength(12);
  });

  test('all or nothing of a batch: the log ends before it', async () => {
    const batch = [{ ...entryAt(18, undefined, 2), batch: 9 }, ...messages(26).slice(18)];
    const machine = await machineWith([...messages(17), ...batch, entryAt(27, undefined, 2)]);
    const { file } = flip(machine, '"message 24"');
    const { before, kept } = await cutDamage(machine.disk.mount(), TOOL);
    expect([before.lastIndex, before.tornBatch]).toEqual([23, 18]);
    expect(kept).toContain(`damaged-${file}`);
    const after = await checkFolder(machine.disk.mount());
    expect(after).toMatchObject({ lastIndex: 17, tornBatch: null, damage: null });
    expect((await machine.recover()).entries).toHaveLength(17);
  });

  test('the batch is cut where it stands, not in a file whose name would suit it', async () => {
    const machine = await machineWith([
      entryAt(1),
      { ...entryAt(2), batch: 9 },
      ...messages(4).slice(2),
    ]);
    const file = 'log-0000000000000001.seg';
    const stray = 'log-0000000000000002.seg';
    machine.disk.place(stray, machine.disk.content(file));
    const { kept } = await cutDamage(machine.disk.mount(), TOOL);
    expect(kept).toEqual([`damaged-${file}`, `damaged-${stray}`]);
    const { damage, lastIndex } = await checkFolder(machine.disk.mount());
    expect([damage, lastIndex]).toEqual([null, 1]);
  });

  test('so, too, where an earlier damage took the end of the batch', async () => {
    const machine = await machineWith([{ ...entryAt(1), batch: 3 }, entryAt(2)]);
    const { log } = await machine.recover();
    await log.remember({ ...MEMORY, lost: { epoch: epoch(2), upTo: logIndex(9), open: false } });
    await log.close();
    const { kept } = await cutDamage(machine.disk.mount(), TOOL);
    expect(kept).toEqual(['damaged-log-0000000000000001.seg']);
    const after = await checkFolder(machine.disk.mount());
    expect(after).toMatchObject({ lastIndex: 0, tornBatch: null, lost: null });
  });

  test('gives up what an earlier damage took', async () => {
    const machine = await machineWith(messages(5));
    const { log } = await machine.recover();
    await log.remember({ ...MEMORY, lost: { epoch: epoch(2), upTo: logIndex(9), open: false } });
    await log.close();
    expect(needsRepair(await checkFolder(machine.disk.mount()))).toBe(true);
    await cutDamage(machine.disk.mount(), TOOL);
    const { lost, lastIndex } = await checkFolder(machine.disk.mount());
    expect([lost, lastIndex]).toEqual([null, 5]);
  });

  test('makes damaged bookkeeping anew; the node has to catch up before it counts', async () => {
    const machine = await machineWith(messages(20));
    machine.disk.place('memory.json', Buffer.from('{}'));
    flip(machine, '"message 12"');
    await cutDamage(machine.disk.mount(), TOOL);
    const { damage, memory, lastIndex } = await checkFolder(machine.disk.mount());
    expect([damage, lastIndex]).toEqual([null, 11]);
    expect(memory).toMatchObject({ cluster: null, epoch: 1, lost: { upTo: 11, open: true } });
    expect(machine.disk.content('damaged-memory.json').toString()).toBe('{}');
  });

  test('leaves a part of a batch at the end of a whole log: others may have the rest', async () => {
    const machine = await machineWith([entryAt(1), { ...entryAt(2), batch: 3 }, entryAt(3)]);
    expect((await checkFolder(machine.disk.mount())).tornBatch).toBe(2);
    expect((await cutDamage(machine.disk.mount(), TOOL)).kept).toEqual([]);
    expect((await checkFolder(machine.disk.mount())).lastIndex).toBe(3);
  });

  test('does nothing to a folder that is whole, or in use', async () => {
    const machine = await machineWith(messages(20));
    const before = machine.disk.contents();
    expect((await cutDamage(machine.disk.mount(), TOOL)).kept).toEqual([]);
    expect(machine.disk.contents()).toEqual(before);
    const { log } = await machine.recover();
    const living = { ...TOOL, lives: () => true };
    await expect(cutDamage(machine.disk.mount(), living)).rejects.toThrow(FolderInUse);
    await log.close();
  });
});

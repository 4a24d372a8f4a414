// Damage in a closed segment, whoever meets it, is seen by the next start as well.

import { describe, expect, it } from 'vitest';
import { DamagedLog, StorageFailure } from '../../../src/persistence/persistence.ts';
import { at, entryAt } from '../entries.ts';
import { firstOf, flip, refusedFor, segmentsOf } from '../flipped-segment.ts';
import { entriesOf, Node, written } from '../folded-log.ts';
import { Machine, SMALL } from '../machine.ts';
import { keyed, plain } from '../request-runs.ts';

describe('G22: the check in the background', () => {
  it('finds damage that the start did not read, and the next start sees it', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, plain(80));
    await node.upkeep(0);
    await node.log.close();
    const name = segmentsOf(machine)[1]!;
    flip(machine, name);
    const brief = await new Node(machine.open()).start(true);
    await brief.upkeep(0);
    expect(brief.reports).toMatchObject([{ name: 'DamagedLog', file: name }]);
    await brief.log.close();
    await expect(new Node(machine.open()).start(true)).rejects.toMatchObject({ file: name });
  });
});

describe('no damage is', () => {
  it('a closed segment whose end is still to be written', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, plain(3));
    const { lastIndex } = node.log;
    node.log.append(entriesOf(plain(40)).flat().slice(lastIndex));
    await node.upkeep(0);
    expect(node.reports).toEqual([]);
    await node.log.persist(100, node.log.lastIndex);
    await node.log.close();
    expect(await refusedFor(machine)).toBeNull();
  });
});

describe('damage that a read meets', () => {
  const noted = (error: unknown): string => (error as Error).name;
  /** A log on a disk that answers a call per turn; `name` is a closed segment's. */
  async function beginning() {
    const machine = new Machine(SMALL, { later: (_, run) => setImmediate(run) });
    const node = await written(machine, plain(40));
    const name = segmentsOf(machine)[1]!;
    return { machine, node, name, first: firstOf(name) };
  }

  it('is seen by the next start, whatever upkeep was doing', async () => {
    let turns = 0;
    for (let idle = false; !idle; turns += 1) {
      const { machine, node, name, first } = await beginning();
      const working = node.upkeep(0).then(() => {
        idle = true;
      });
      await turnsOf(turns);
      const over: boolean = idle;
      flip(machine, name);
      const read = Promise.resolve(node.log.read(first, at(first + 3)));
      expect(await read.then(() => 'read', noted)).toBe('DamagedLog');
      await working;
      await node.log.close();
      expect([turns, await refusedFor(machine)]).toEqual([turns, name]);
      idle = over;
    }
    expect(turns).toBeGreaterThan(30);
  });

  it('is no damage if it was in the reading alone', async () => {
    const { machine, node, name, first } = await beginning();
    flip(machine, name);
    await expect(node.log.read(first, at(first + 3))).rejects.toThrow(DamagedLog);
    flip(machine, name);
    await node.upkeep(0);
    expect(node.reports).toEqual([]);
    expect(machine.disk.names()).toContain(name.replace(/seg$/, 'sum'));
    await node.log.close();
  });

  it('is told once each time, and only while it is part of the log', async () => {
    const told: DamagedLog[] = [];
    const machine = new Machine({ ...SMALL, damaged: (error) => told.push(error) });
    const { log } = await written(machine, plain(40));
    const name = segmentsOf(machine)[1]!;
    const first = firstOf(name);
    flip(machine, name);
    const read = () => Promise.resolve(log.read(first, at(first + 3))).then(() => 'read', noted);
    expect(await read()).toBe('DamagedLog');
    expect(told).toMatchObject([{ file: name }]);
    const release = machine.disk.hold('read');
    const late = read();
    await turn();
    log.truncate(at(first - 1));
    release();
    expect(await late).toBe('DamagedLog');
    expect(told).toHaveLength(1);
    await log.close();
  });

  it('is told where a cut meets it, too', async () => {
    const told: DamagedLog[] = [];
    const machine = new Machine({ ...SMALL, damaged: (error) => told.push(error) });
    const { log } = await written(machine, plain(40));
    const name = segmentsOf(machine)[1]!;
    flip(machine, name);
    expect(() => log.truncate(at(firstOf(name) + 1))).toThrow(DamagedLog);
    expect(told).toMatchObject([{ file: name }]);
    await log.close();
  });

  it('fails with the disk if the summary stays; its removal outlasts a power cut', async () => {
    const { machine, node: before, name, first } = await beginning();
    await before.upkeep(0);
    await before.log.close();
    const node = await new Node(machine.open()).start(true);
    flip(machine, name);
    const fails = { kind: 'fail', code: 'EIO' } as const;
    machine.disk.faults = ({ kind }) => (kind === 'remove' ? fails : null);
    await expect(node.log.read(first, at(first + 3))).rejects.toThrow(StorageFailure);
    machine.disk.faults = null;
    await expect(node.log.read(first, at(first + 3))).rejects.toThrow(DamagedLog);
    machine.disk.cutPower();
    machine.disk.restart(true);
    expect(await refusedFor(machine)).toBe(name);
  });

  it('fails a close with the disk; the folder is held until the last write is over', async () => {
    const { machine, node: before, name, first } = await beginning();
    await before.upkeep(0);
    await before.log.close();
    const { log } = await new Node(machine.open()).start(true);
    const lock = (): boolean => machine.disk.names().some((one) => one.startsWith('lock-'));
    flip(machine, name);
    const fails = { kind: 'fail', code: 'EIO' } as const;
    machine.disk.faults = ({ kind, path }) =>
      kind === 'remove' && path.endsWith('.sum') ? fails : null;
    const release = machine.disk.hold('write');
    log.append([entryAt(Number(log.lastIndex) + 1)]);
    const persisted = log.persist(1, log.lastIndex);
    expect(() => log.truncate(at(first + 1))).toThrow(DamagedLog);
    const closing = log.close().then(() => 'closed', noted);
    await Promise.race([closing, turnsOf(20)]);
    expect(lock()).toBe(true);
    release();
    await persisted;
    expect([await closing, lock()]).toEqual(['StorageFailure', false]);
  });

  it('fails a close also where a later cut failed for another reason', async () => {
    const { machine, node: before, name, first } = await beginning();
    await before.upkeep(0);
    await before.log.close();
    const { log } = await new Node(machine.open()).start(true);
    flip(machine, name);
    const fails = { kind: 'fail', code: 'EIO' } as const;
    machine.disk.faults = ({ kind, path }) =>
      kind === 'remove' && path.endsWith('.sum') ? fails : null;
    const release = machine.disk.hold('remove');
    expect(() => log.truncate(at(first + 1))).toThrow(DamagedLog);
    // Nothing is found out by this one.
    machine.disk.lose(name);
    expect(() => log.truncate(at(first + 1))).toThrow();
    const closing = log.close().then(() => 'closed', noted);
    expect(await Promise.race([closing, turnsOf(20)])).toBeUndefined();
    release();
    expect(await closing).toBe('StorageFailure');
  });

  it('is seen by the next start where compaction or a cut meets it', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(100));
    const { lastIndex } = node.log;
    await node.upkeep(0);
    await node.log.close();
    const [, name] = segmentsOf(machine);
    flip(machine, name!);

    const compacting = await new Node(machine.open()).start(true);
    await compacting.upkeep(lastIndex);
    expect(compacting.reports).toMatchObject([{ file: name }]);
    await compacting.log.close();
    expect(await refusedFor(machine)).toBe(name);

    const again = new Machine(SMALL);
    const other = await written(again, keyed(100));
    await other.upkeep(0);
    await other.log.close();
    flip(again, name!);
    const cutting = await new Node(again.open()).start(true);
    const release = again.disk.hold('remove');
    const after = at(firstOf(name!) + 1);
    expect(() => cutting.log.truncate(after)).toThrow(expect.objectContaining({ file: name }));
    let closed = false;
    const closing = cutting.log.close().then(() => {
      closed = true;
    });
    await turn();
    expect(closed).toBe(false);
    release();
    await closing;
    expect(await refusedFor(again)).toBe(name);
  });
});

describe('a segment that is gone while the log is open', () => {
  /** A log of which a closed segment is gone; `name` is that. */
  async function without(requests = plain(80)) {
    const machine = new Machine(SMALL);
    const before = await written(machine, requests);
    await before.upkeep(0);
    await before.log.close();
    const node = await new Node(machine.open()).start(true);
    const name = segmentsOf(machine)[1]!;
    machine.disk.lose(name);
    return { machine, node, name, first: firstOf(name) };
  }

  it('is damage for who reads it, and for the next start', async () => {
    const { machine, node, name, first } = await without();
    const read = (): Promise<unknown> => Promise.resolve(node.log.read(first, at(first + 3)));
    const missing = { name: 'DamagedLog', file: name, message: expect.stringContaining('is gone') };
    await expect(read()).rejects.toMatchObject(missing);
    // Its summary may be all that tells of it.
    expect(machine.disk.names()).toContain(name.replace(/seg$/, 'sum'));
    await node.log.close();
    expect(await refusedFor(machine)).not.toBeNull();
  });

  it('is damage for the check in the background, for compaction and for a cut', async () => {
    const checked = await without();
    await checked.node.upkeep(0);
    expect(checked.node.reports).toMatchObject([{ name: 'DamagedLog', file: checked.name }]);
    await checked.node.log.close();
    const compacted = await without(keyed(100));
    await compacted.node.upkeep(compacted.node.log.lastIndex);
    expect(compacted.node.reports).toMatchObject([{ file: compacted.name }]);
    await compacted.node.log.close();
    const { node, name, first } = await without();
    expect(() => node.log.truncate(at(first + 1))).toThrow(expect.objectContaining({ file: name }));
    await node.log.close();
  });

  it('is damage for a cut that leaves a part of it, and nothing takes its place', async () => {
    const { machine, node, name } = await without();
    const [first] = segmentsOf(machine);
    const between = at(firstOf(first!) + 1);
    // Where the cut is to go is read at once; the file goes before it is carried out.
    node.log.truncate(between);
    machine.disk.lose(first!);
    const missing = { name: 'DamagedLog', file: first };
    await expect(node.log.persist(1, between)).rejects.toMatchObject(missing);
    expect(segmentsOf(machine)).not.toContain(first);
    machine.disk.place(first!, Buffer.alloc(40));
    await expect(node.log.persist(1, between)).rejects.toMatchObject(missing);
    expect(machine.disk.content(first!)).toHaveLength(40);
    expect(name).not.toBe(first);
    await node.log.close();
  });

  it('is damage for a cut that ends with it, before what tells of it is gone', async () => {
    const { machine, node, name } = await without();
    const files = segmentsOf(machine);
    const next = files.find((one) => one > name)!;
    node.log.truncate(at(firstOf(next) - 1));
    const missing = { name: 'DamagedLog', file: name };
    await expect(node.log.persist(1, node.log.lastIndex)).rejects.toMatchObject(missing);
    expect(segmentsOf(machine)).toEqual(files);
    await node.log.close();
    expect(await refusedFor(machine)).not.toBeNull();
  });

  it('is no damage if it was cut off while it was to be read', async () => {
    const { node, first } = await without();
    const read = Promise.resolve(node.log.read(first, at(first + 3)));
    node.log.truncate(at(first - 1));
    await expect(read).rejects.toThrow(StorageFailure);
    await node.log.persist(1, node.log.lastIndex);
    await node.upkeep(0);
    expect(node.reports).toEqual([]);
    await node.log.close();
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function turnsOf(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

// Segments that compaction has put into another one: their files go, and whatever is interrupted or
// fails meanwhile, nobody takes them for a part of the log again.

import { describe, expect, it } from 'vitest';
import { checkFolder } from '../../src/persistence/damage/verify.ts';
import { DamagedLog, StorageFailure, UnknownFormat } from '../../src/persistence/persistence.ts';
import { encodeFileHeader, FILE_HEADER_BYTES } from '../../src/persistence/segment/segment-file.ts';
import type { Leftover } from '../../src/sim/disk/leftover.ts';
import { at, entryAt } from './entries.ts';
import { entriesOf, Node, written } from './folded-log.ts';
import { laterFormat } from './later-format.ts';
import { Machine, SMALL } from './machine.ts';
import { keyed } from './request-runs.ts';

/** A log of which compaction puts several segments together. */
async function machineWith(): Promise<Machine> {
  const machine = new Machine(SMALL);
  await (await written(machine, keyed(70))).log.close();
  return machine;
}

const LENGTH = entriesOf(keyed(70)).flat().length;

/** Number of the call to the disk that first removes a segment which compaction has replaced. */
async function firstRemoval(): Promise<number> {
  const machine = await machineWith();
  const node = await new Node(machine.open()).start(false);
  machine.disk.failAt(null);
  await node.upkeep(LENGTH);
  await node.log.close();
  const { trace } = machine.disk;
  const renamed = trace.findIndex((call) => /^rename .*seg$/.test(call));
  return trace.findIndex((call, i) => i > renamed && /^remove .*seg$/.test(call)) + 1;
}

describe('a segment that compaction has replaced', () => {
  it('goes at a start only when what replaces it is there for good', async () => {
    const removal = await firstRemoval();
    expect(removal).toBeGreaterThan(1);
    const ended = await machineWith();
    const node = await new Node(ended.open()).start(false);
    const { lastIndex, hash } = node.log;
    // The process ends when the new file has its name, which no sync has covered yet.
    ended.disk.failAt({ at: removal - 2, fault: 'power' });
    await node.upkeep(LENGTH);
    ended.disk.restart(false);
    let starts = 0;
    for (let way = 0; way < 8; way += 1) {
      for (let call = 1, failed = true; failed; call += 1) {
        const machine = new Machine(SMALL, {}, ended.disk.copy(), 'start ');
        machine.disk.failAt({ at: call, fault: 'power' });
        failed = await machine.recover().then(
          () => false,
          () => true,
        );
        // Of the names that are at stake every other, the first ones, the last ones, …
        let asked = way * 3;
        machine.disk.restart(true, () => ((asked++ >> (way % 3)) & 1 ? 'all' : 'nothing'));
        const { log } = await machine.recover();
        expect([way, call, log.lastIndex, log.hash]).toEqual([way, call, lastIndex, hash]);
        starts += 1;
      }
    }
    expect(starts).toBeGreaterThan(100);
  });

  it('is no part of a log that is cut back before the file could be removed', async () => {
    const machine = await machineWith();
    const node = await new Node(machine.open()).start(false);
    machine.disk.faults = ({ kind, path }) =>
      kind === 'remove' && /^log-.*seg$/.test(path) ? { kind: 'fail', code: 'EIO' } : null;
    await node.upkeep(LENGTH);
    machine.disk.faults = null;
    const { trace } = machine.disk;
    const kept = trace.findLast((call) => /^remove .*seg$/.test(call))!.slice('remove '.length);
    expect(machine.disk.names()).toContain(kept);
    const after = at(Number(kept.slice(4, 20)) - 1);
    node.log.truncate(after);
    const added = entryAt(after + 1, 'another', 9);
    node.log.append([added]);
    await node.log.persist(1_000, at(after + 1));
    machine.disk.restart(false);
    const { entries, found } = await machine.recover();
    expect([found.lastIndex, entries.at(-1)]).toEqual([after + 1, added]);
  });

  it('is not one that stands under the name of another: that is damage, and stays', async () => {
    const machine = await compacted();
    const [whole, last] = [segments(machine)[0]!, segments(machine).at(-1)!];
    const within = 'log-0000000000000002.seg';
    await machine.disk.mount().rename(last, within);
    await machine.disk.mount().remove(last.replace('.seg', '.sum'));
    const before = machine.disk.contents();
    const { damage } = await checkFolder(machine.disk.mount());
    expect(damage).toMatchObject({ file: within, offset: 0, remains: { upTo: LENGTH } });
    await expect(machine.recover()).rejects.toThrow(DamagedLog);
    machine.disk.place(within, laterFormat(machine.disk.content(within)));
    await expect(machine.recover()).rejects.toThrow(UnknownFormat);
    // What compaction has left has its own name, or a header of which nothing is known.
    for (const left of [Buffer.alloc(9), renumbered(machine.disk.content(whole), 2)]) {
      machine.disk.place(within, left);
      expect((await checkFolder(machine.disk.mount())).damage).toBeNull();
    }
    machine.disk.place(within, before.get(within)!);
    expect(machine.disk.contents()).toEqual(before);
  });

  it('goes at a start, before the log can be cut back to where it would count again', async () => {
    const machine = await compacted();
    const [whole] = segments(machine);
    const within = 'log-0000000000000002.seg';
    machine.disk.place(within, renumbered(machine.disk.content(whole!), 2));
    machine.disk.place(within.replace('.seg', '.sum'), Buffer.from('of nothing'));
    const { log, found } = await machine.recover();
    expect(machine.disk.names().filter((name) => name.startsWith('log-0000000000000002'))).toEqual(
      [],
    );
    log.truncate(at(1));
    await log.persist(1, at(1));
    await log.close();
    const again = await machine.recover();
    expect([found.lastIndex, again.found.lastIndex]).toEqual([LENGTH, 1]);
  });

  it('stays where the start is refused for damage, and goes where it is not', async () => {
    const machine = await compacted();
    const within = 'log-0000000000000002.seg';
    machine.disk.place(within, renumbered(machine.disk.content(segments(machine)[0]!), 2));
    for (const first of ['2', '3']) {
      machine.disk.place(`log-000000000000000${first}.sum`, Buffer.from('of nothing'));
    }
    machine.disk.place(segments(machine).at(-1)!, Buffer.alloc(99, 'x'));
    const before = machine.disk.contents();
    await expect(machine.recover()).rejects.toThrow(DamagedLog);
    expect(machine.disk.contents()).toEqual(before);
    const salvaging = new Machine({ ...SMALL, salvage: () => true }, {}, machine.disk, 'later ');
    const { found, log } = await salvaging.recover();
    expect(found.damage).toBeDefined();
    expect(machine.disk.names().filter((name) => /^log-0+[23]\./.test(name))).toEqual([]);
    await log.close();
  });
});

/** All of the log but what is cut off, when compaction cannot put its first file in place.
 * `leftover`: of the renaming. */
async function cutWhileRenameFails(after: number, times: number, leftover: Leftover = 'nothing') {
  const told: DamagedLog[] = [];
  const damaged = (error: DamagedLog) => told.push(error);
  const machine = new Machine({ ...SMALL, damaged }, { later: (_, run) => setImmediate(run) });
  const node = await written(machine, keyed(70));
  let failures = 0;
  machine.disk.faults = ({ kind, path }) => {
    if (kind !== 'rename' || !path.endsWith('.seg.tmp') || failures === times) return null;
    failures += 1;
    if (failures === 1) queueMicrotask(() => node.log.truncate(at(after)));
    return { kind: 'fail', code: 'EIO', leftover };
  };
  await node.upkeep(LENGTH);
  return { machine, node, told, failures };
}

describe('a cut that comes while a compacted segment is to take its name, which fails', () => {
  it.each([
    ['has done nothing', 'nothing'],
    ['was done all the same', 'all'],
  ] as const)(
    'and %s: cuts what is in the log, wherever it does',
    async (_, leftover) => {
      for (let after = 0; after < LENGTH; after += 1) {
        const { machine, node, told, failures } = await cutWhileRenameFails(after, 1, leftover);
        const { log } = node;
        const before = Number(log.lastIndex);
        const added = [1, 2, 3].map((n) => entryAt(before + n, 'added', 1_000));
        log.append(added);
        await log.persist(1_000, log.lastIndex);
        const there = (await log.read(at(1), log.lastIndex)).entries();
        const { lastIndex, hash } = log;
        await log.close();
        expect([after, failures, node.reports, told]).toEqual([after, 1, [], []]);
        expect(before).toBeLessThanOrEqual(after);
        expect(there.slice(-3)).toEqual(added);
        const { entries, found, log: again } = await machine.recover();
        expect([after, found.lastIndex, again.hash]).toEqual([after, lastIndex, hash]);
        expect(entries).toEqual(there);
        await again.close();
      }
    },
    60_000,
  );

  it('is not done before that is, and reads fail for the disk alone', async () => {
    let readable = 0;
    for (const after of [0, 12, LENGTH - 20, LENGTH - 1]) {
      const { machine, node, told } = await cutWhileRenameFails(after, Number.POSITIVE_INFINITY);
      const { log } = node;
      await expect(log.persist(1_000, log.lastIndex)).rejects.toThrow(StorageFailure);
      if (log.lastIndex > 0) {
        await expect(log.read(at(1), at(1))).rejects.toThrow(StorageFailure);
        readable += 1;
      }
      // Its place is found in the new file, by whatever name.
      log.truncate(at(6));
      await expect(log.persist(1_001, log.lastIndex)).rejects.toThrow(StorageFailure);
      const killed = machine.disk.copy();
      killed.restart(false);
      machine.disk.faults = null;
      // Nobody has to wait until upkeep looks again.
      if (log.lastIndex > 0) expect((await log.read(at(1), at(1))).entries()).toHaveLength(1);
      await log.persist(1_002, log.lastIndex);
      const { lastIndex, hash } = log;
      await log.close();
      expect([after, node.reports, told]).toEqual([after, [], []]);
      const { log: cut } = await machine.recover();
      expect([after, cut.lastIndex, cut.hash]).toEqual([after, lastIndex, hash]);
      await cut.close();
      // Nobody was told of the cut.
      const { found } = await new Machine(SMALL, {}, killed, 'later ').recover();
      expect([after, found.lastIndex]).toEqual([after, LENGTH]);
    }
    expect(readable).toBeGreaterThan(1);
  });
});

describe('a compacted segment that takes its name in a call that fails', () => {
  /** The renaming was done all the same; `blind`: so many calls that begin to look at that fail. */
  async function renamedUnheard(blind: number) {
    const told: DamagedLog[] = [];
    const damaged = (error: DamagedLog) => told.push(error);
    const machine = new Machine({ ...SMALL, damaged });
    const node = await written(machine, keyed(70));
    let renamings = 0;
    let failures = 0;
    machine.disk.faults = ({ kind, path }) => {
      if (kind === 'rename' && path.endsWith('.seg.tmp')) {
        renamings += 1;
        return renamings === 1 ? { kind: 'fail', code: 'EIO', leftover: 'all' } : null;
      }
      if (renamings === 0 || failures === blind) return null;
      failures += 1;
      return { kind: 'fail', code: 'EIO' };
    };
    await node.upkeep(LENGTH);
    return { machine, node, told, failures };
  }

  it.each([0, 1, 2, 3, 5])('is the log, also where %d looks at it fail', async (blind) => {
    const { machine, node, told, failures } = await renamedUnheard(blind);
    const { log } = node;
    const { lastIndex, hash } = log;
    const there = (await log.read(at(1), lastIndex)).entries();
    expect([failures, node.reports, told]).toEqual([blind, [], []]);
    expect(there.length).toBeLessThan(LENGTH / 2);
    const names = segments(machine);
    await log.close();
    const again = await machine.recover();
    expect([again.found.lastIndex, again.log.hash]).toEqual([lastIndex, hash]);
    expect(again.entries).toEqual(there);
    expect(segments(machine)).toEqual(names);
    await again.log.close();
  });

  it('is not in the place of others where somebody has taken its file away', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(70));
    machine.disk.faults = ({ kind, path }) => {
      if (kind === 'rename' && path.endsWith('.seg.tmp')) machine.disk.lose(path);
      return null;
    };
    await node.upkeep(LENGTH);
    expect(node.reports).toEqual([]);
    const { lastIndex } = node.log;
    expect((await node.log.read(at(1), lastIndex)).count).toBe(LENGTH);
    await node.log.close();
    const { entries } = await machine.recover();
    expect(entries).toHaveLength(LENGTH);
  });
});

/** A log of which compaction has put several segments together. */
async function compacted(): Promise<Machine> {
  const machine = await machineWith();
  const node = await new Node(machine.open()).start(false);
  await node.upkeep(LENGTH);
  await node.log.close();
  return machine;
}

const segments = (machine: Machine): string[] =>
  machine.disk
    .names()
    .filter((name) => /^log-.*seg$/.test(name))
    .sort();

/** The same segment for another place in the log. */
function renumbered(bytes: Buffer, first: number): Buffer {
  return Buffer.concat([encodeFileHeader(first, 1), bytes.subarray(FILE_HEADER_BYTES)]);
}

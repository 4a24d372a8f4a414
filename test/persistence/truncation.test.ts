// What is cut off the log is kept aside, and gone from the log for good.

import { describe, expect, it } from 'vitest';
import { StorageFailure } from '../../src/persistence/persistence.ts';
import { recordSize } from '../../src/persistence/record/record.ts';
import { FILE_HEADER_BYTES } from '../../src/persistence/segment/segment-file.ts';
import { at, entriesOf, entryAt } from './entries.ts';
import { firstOf, flip, segmentsOf } from './flipped-segment.ts';
import { Node, written } from './folded-log.ts';
import { Machine, SMALL } from './machine.ts';
import { OUTLINED, seen } from './outline-starts.ts';
import { plain } from './request-runs.ts';

/** Lets everything happen that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const lines = (bytes: Buffer) =>
  bytes
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

describe('what is cut off', () => {
  it('is kept aside, from disk and from memory alike', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 40));
    await log.persist(1, at(40));
    log.append(entriesOf(41, 44));
    log.truncate(at(7));
    await log.persist(2, at(7));
    expect(lines(machine.disk.content('aside-8-44.jsonl'))).toEqual(entriesOf(8, 44));
    machine.disk.restart(true);
    expect(lines(machine.disk.content('aside-8-44.jsonl'))).toEqual(entriesOf(8, 44));
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 7));
  });

  it('may leave what has no file yet', async () => {
    const machine = new Machine(SMALL);
    const { log } = await machine.recover();
    log.append(entriesOf(1, 3));
    await log.persist(1, at(3));
    log.append(entriesOf(4, 60));
    log.truncate(at(50));
    await log.persist(2, at(50));
    await log.close();
    expect(segmentsOf(machine).length).toBeGreaterThan(3);
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 50));
  });

  it('is kept aside for good also where no file of the log goes', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 3));
    await log.persist(1, at(3));
    log.truncate(at(2));
    await log.persist(2, at(2));
    machine.disk.restart(true);
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 2));
    expect(lines(machine.disk.content('aside-3-3.jsonl'))).toEqual(entriesOf(3, 3));
  });

  it('is kept aside in portions, however much it is', async () => {
    const machine = new Machine({});
    const { log } = await machine.recover();
    const large = (index: number) => entryAt(index, String(index).repeat(200_000));
    const entries = Array.from({ length: 9 }, (_, i) => large(i + 1));
    log.append(entries);
    await log.persist(1, at(9));
    // What is behind it is in memory alone.
    log.append([...Array(16).keys()].map((i) => large(i + 10)));
    log.truncate(at(1));
    await log.persist(2, at(1));
    const kept = lines(machine.disk.content('aside-2-25.jsonl'));
    expect(kept.slice(0, 8)).toEqual(entries.slice(1));
    expect(kept).toHaveLength(24);
    await log.close();
  });

  /** A log that a start took by its summaries, one segment of which is damaged. */
  async function unnoticed() {
    const machine = new Machine(SMALL);
    const before = await written(machine, plain(80));
    await before.upkeep(0);
    await before.log.close();
    const name = segmentsOf(machine)[1]!;
    flip(machine, name);
    const bytes = machine.disk.content(name);
    const { log } = await new Node(machine.open()).start(true);
    return { machine, log, name, bytes, lastIndex: log.lastIndex };
  }

  it('goes, whatever is damaged in it: that file is kept as it is', async () => {
    const { machine, log, name, bytes, lastIndex } = await unnoticed();
    log.truncate(at(0));
    await log.persist(1, at(0));
    await log.close();
    machine.disk.restart(true);
    expect(machine.disk.content(`damaged-${name}`)).toEqual(bytes);
    const kept = lines(machine.disk.content(`aside-1-${lastIndex}.jsonl`)) as { index: number }[];
    expect(kept[0]).toMatchObject({ index: 1 });
    expect(kept.at(-1)).toMatchObject({ index: lastIndex });
    expect(kept.length).toBeLessThan(lastIndex);
    expect((await machine.recover()).entries).toEqual([]);
  });

  it('is not damaged because the disk fails at reading it', async () => {
    const { machine, log } = await unnoticed();
    let failures = 2;
    machine.disk.faults = ({ kind, path }) => {
      if (kind !== 'read' || !path.startsWith('log-') || failures === 0) return null;
      failures -= 1;
      return { kind: 'fail', code: 'EIO' };
    };
    log.truncate(at(0));
    await expect(log.persist(1, at(0))).rejects.toThrow(StorageFailure);
    expect([...machine.disk.contents().keys()].join()).not.toContain('damaged-');
    await log.close();
  });

  it('is kept as it is once, also where the disk fails at what comes after', async () => {
    const { machine, log, name } = await unnoticed();
    let failures = 3;
    machine.disk.faults = ({ kind, path }) => {
      if (kind !== 'rename' || !path.startsWith('aside-') || failures === 0) return null;
      failures -= 1;
      return { kind: 'fail', code: 'EIO' };
    };
    log.truncate(at(0));
    for (let id = 1; failures > 0; id += 1) {
      await expect(log.persist(id, at(0))).rejects.toThrow(StorageFailure);
    }
    await log.persist(9, at(0));
    await log.close();
    const copies = [...machine.disk.contents().keys()].filter((one) => one.includes('damaged-'));
    expect(copies).toEqual([`damaged-${name}`]);
  });

  it('twice is kept twice', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    for (const epoch of [1, 2]) {
      log.append(entriesOf(1, 3, epoch));
      await log.persist(epoch, at(3));
      log.truncate(at(0));
    }
    await log.close();
    expect(lines(machine.disk.content('aside-1-3.jsonl'))).toEqual(entriesOf(1, 3, 1));
    expect(lines(machine.disk.content('aside-1-3-2.jsonl'))).toEqual(entriesOf(1, 3, 2));
    expect((await machine.recover()).entries).toEqual([]);
  });

  it('can still be read by whoever asked before', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 60));
    await log.persist(1, at(60));
    const reading = log.read(at(1), at(30));
    log.truncate(at(2));
    log.append(entriesOf(3, 9, 2));
    await log.persist(2, at(9));
    expect((await reading).entries()).toEqual(entriesOf(1, 30));
    expect((await log.read(at(1), at(9))).entries()).toEqual([
      ...entriesOf(1, 2),
      ...entriesOf(3, 9, 2),
    ]);
  });

  it('is read by nobody who asks later, though its file was open', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 60));
    await log.persist(1, at(60));
    const first = firstOf(segmentsOf(machine)[1]!);
    const some = async () => (await log.read(first, at(first + 2))).entries();
    expect(await some()).toEqual(entriesOf(first, first + 2));
    log.truncate(at(first - 1));
    log.append(entriesOf(first, 60, 2));
    await log.persist(2, at(60));
    // A new file has the name by now.
    expect(await some()).toEqual(entriesOf(first, first + 2, 2));
    await log.close();
  });

  it('while it is being written does not spoil what is written', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 9));
    const writing = log.persist(1, at(9));
    await Promise.resolve();
    log.truncate(at(4));
    log.append(entriesOf(5, 12, 2));
    await writing;
    await log.persist(2, at(12));
    const entries = [...entriesOf(1, 4), ...entriesOf(5, 12, 2)];
    machine.disk.restart(true);
    expect((await machine.recover()).entries).toEqual(entries);
  });

  it('is not taken for what stands in its place now, before it is gone from the disk', async () => {
    const machine = new Machine();
    const before = await new Node(machine.open()).start(false);
    await before.write(entriesOf(1, 60));
    await before.upkeep(0);
    await before.log.close();
    const node = await new Node(machine.open()).start(true);
    const second = machine.disk.names().filter((name) => name.endsWith('.seg'))[1]!;
    const first = Number(/\d+/.exec(second));
    // The cut waits for whoever reads.
    const release = machine.disk.hold('read');
    const reading = node.log.read(at(1), at(2));
    node.log.truncate(at(first - 1));
    node.log.append(entriesOf(first, 60, 2));
    const upkeep = node.upkeep(0);
    for (let n = 0; n < 20; n += 1) await turn();
    release();
    await reading;
    await node.log.persist(2, at(60));
    await upkeep;
    expect(node.reports).toEqual([]);
    await node.log.close();
    // A summary of what had stood there would tell of other epochs.
    expect(await seen(machine.disk, true)).toEqual(await seen(machine.disk, false));
  });

  it('goes from the disk when no outline of it is being written any more', async () => {
    const waiting: (() => void)[] = [];
    const later = (ms: number, run: () => void): void => {
      if (ms > 0) waiting.push(run);
      else run();
    };
    const machine = new Machine(OUTLINED, { later });
    const { log } = await machine.recover();
    machine.disk.failAt(null);
    machine.disk.faults = ({ kind, path }) =>
      kind === 'write' && path.endsWith('.sum') ? { kind: 'slow', ms: 1 } : null;
    log.append(entriesOf(1, 40));
    await log.persist(1, at(40));
    log.truncate(at(0));
    const cut = log.persist(2, at(0));
    for (let n = 0; n < 20; n += 1) await turn();
    expect(waiting).toHaveLength(1);
    expect(machine.disk.trace.filter((call) => call.startsWith('remove'))).toEqual([]);
    waiting[0]!();
    await cut;
    expect(machine.disk.names().filter((name) => name.endsWith('.sum'))).toEqual([]);
    await log.close();
  });

  it('is told of by no outline that comes back when the power goes', async () => {
    const machine = new Machine(OUTLINED);
    const { log } = await machine.recover();
    for (let last = 1; last <= 7; last += 1) {
      log.append(entriesOf(last, last));
      await log.persist(last, at(last));
    }
    const sum = (name: string) => name.endsWith('.sum');
    expect([segmentsOf(machine).length, machine.disk.names().filter(sum).length]).toEqual([1, 1]);
    log.truncate(at(2));
    await log.persist(8, at(2));
    // Of names nothing is left that was not durable; of what stands in files, all.
    machine.disk.restart(true, ({ path, what }) =>
      path === null && what === null ? 'nothing' : 'all',
    );
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 2));
  });

  it('goes when no summary of it is being written any more', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, plain(80));
    const release = machine.disk.hold('write');
    const upkeep = node.upkeep(0);
    while (!/^write .*sum/.test(machine.disk.latest)) await turn();
    node.log.truncate(at(0));
    const cut = node.log.persist(1_000, at(0));
    for (let n = 0; n < 20; n += 1) await turn();
    release();
    await cut;
    await upkeep;
    expect(node.reports).toEqual([]);
    await node.log.close();
    // A summary alone would tell of a segment that is missing.
    expect(machine.disk.names().filter((name) => name.startsWith('log-'))).toEqual([]);
    expect((await machine.recover()).entries).toEqual([]);
  });

  it('is not said to be missing, whichever one name alone outlasts the power', async () => {
    const wrong: string[] = [];
    for (let call = 1, done = false; !done; call += 1) {
      const machine = new Machine(OUTLINED);
      const node = await written(machine, plain(30));
      await node.upkeep(0);
      machine.disk.failAt({ at: call, fault: 'power' });
      node.log.truncate(at(0));
      done = await node.log.persist(1_000, at(0)).then(
        () => true,
        () => false,
      );
      const names = machine.disk.atStake().filter(({ path }) => path === null).length;
      for (let only = 0; only <= names; only += 1) {
        const disk = machine.disk.copy();
        let asked = 0;
        disk.restart(true, ({ path }) => (path !== null || asked++ === only ? 'all' : 'nothing'));
        await new Machine(OUTLINED, {}, disk, 'later ').recover().catch((error: Error) => {
          wrong.push(`${call}, ${only}: ${error.message}`);
        });
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is not looked for in a file that ends before it: that is damage', async () => {
    const machine = new Machine({ ...SMALL, intervalBytes: 1 << 20 });
    const { log } = await machine.recover();
    log.append(entriesOf(1, 60));
    await log.persist(1, at(60));
    const name = segmentsOf(machine)[1]!;
    const first = firstOf(name);
    const kept = FILE_HEADER_BYTES + recordSize(machine.disk.content(name), FILE_HEADER_BYTES);
    machine.disk.shorten(name, kept);
    expect(() => log.truncate(at(first + 2))).toThrow(`an early end in ${name} at byte ${kept}`);
    expect(log.lastIndex).toBe(60);
    await log.close();
  });

  it('B25: removes nothing behind a file that ends before it: that is damage', async () => {
    const machine = new Machine({ ...SMALL, tailBytes: 1 << 20 });
    const { log } = await machine.recover();
    log.append(entriesOf(1, 60));
    await log.persist(1, at(60));
    const names = segmentsOf(machine);
    machine.disk.shorten(names[1]!, FILE_HEADER_BYTES);
    // Where it is to be cut is known from memory.
    log.truncate(at(firstOf(names[2]!) - 1));
    await expect(log.persist(2, at(60))).rejects.toMatchObject({ name: 'DamagedLog' });
    expect(segmentsOf(machine)).toEqual(names);
    expect(machine.disk.content(names[1]!)).toHaveLength(FILE_HEADER_BYTES);
    await log.close();
  });

  it('stays in the files until there is room for the copy', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 9));
    await log.persist(1, at(9));
    log.truncate(at(4));
    machine.disk.failAt({ at: 1, fault: 'ENOSPC', times: 1_000 });
    await expect(log.persist(2, at(4))).rejects.toBeInstanceOf(StorageFailure);
    expect((await log.read(at(1), log.lastIndex)).entries()).toEqual(entriesOf(1, 4));
    machine.disk.failAt(null);
    await log.persist(2, at(4));
    expect(lines(machine.disk.content('aside-5-9.jsonl'))).toEqual(entriesOf(5, 9));
    machine.disk.restart(true);
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 4));
  });
});

// Segments that were cut back, once they are closed again: all that is done with a closed segment
// is done with them.

import { describe, expect, it } from 'vitest';
import { DamagedLog } from '../../src/persistence/persistence.ts';
import type { DiskCall } from '../../src/sim/disk/disk-fault.ts';
import { at, entriesOf as entriesFrom, entryAt } from './entries.ts';
import { firstOf, flip, segmentsOf } from './flipped-segment.ts';
import { entriesOf, Node, written } from './folded-log.ts';
import { KeptRun } from './kept-run.ts';
import { Machine, SMALL } from './machine.ts';
import { keyed, plain } from './request-runs.ts';

/** Lets everything happen that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Writes the requests, and takes back an entry behind the first 30 of them. */
async function cutBack(machine: Machine): Promise<Node> {
  const node = await new Node(machine.open()).start(false);
  const all = entriesOf(keyed(100));
  for (const entries of all.slice(0, 30)) await node.write(entries);
  const after = node.log.lastIndex;
  node.log.append([entryAt(after + 1)]);
  await node.log.persist(1_000, at(after + 1));
  node.log.truncate(after);
  for (const entries of all.slice(30)) await node.write(entries);
  return node;
}

describe('a segment that was cut back', () => {
  it('is compacted once it is closed again, and so are those behind it', async () => {
    const node = await cutBack(new Machine(SMALL));
    const { lastIndex } = node.log;
    await node.upkeep(lastIndex);
    expect(node.reports).toEqual([]);
    expect((await node.log.read(at(1), lastIndex)).count).toBeLessThan(lastIndex / 2);
    await node.log.close();
  });

  it('is damaged where a read meets damage in what is left of it', async () => {
    const told: DamagedLog[] = [];
    const machine = new Machine({ ...SMALL, damaged: (error) => told.push(error) });
    const { log } = await cutBack(machine);
    const name = segmentsOf(machine).findLast((segment) => firstOf(segment) <= 30)!;
    flip(machine, name);
    const read = Promise.resolve(log.read(firstOf(name), at(30)));
    await expect(read).rejects.toThrow(DamagedLog);
    expect(told).toMatchObject([{ file: name }]);
    await log.close();
  });

  it('is missing where its file is gone', async () => {
    const machine = new Machine(SMALL);
    const { log } = await cutBack(machine);
    const name = segmentsOf(machine).findLast((segment) => firstOf(segment) <= 30)!;
    await machine.disk.mount().remove(name);
    const read = Promise.resolve(log.read(firstOf(name), at(30)));
    await expect(read).rejects.toMatchObject({ name: 'DamagedLog', file: name });
    await log.close();
  });

  it('is not damaged where what was cut off is', async () => {
    const told: DamagedLog[] = [];
    const machine = new Machine({ ...SMALL, damaged: (error) => told.push(error) });
    const { log } = await written(machine, plain(40));
    const name = segmentsOf(machine)[1]!;
    const first = firstOf(name);
    flip(machine, name);
    const release = machine.disk.hold('read');
    const read = Promise.resolve(log.read(first, at(first + 1)));
    await turn();
    // Damaged is the record behind that.
    log.truncate(first);
    release();
    await expect(read).rejects.toThrow(DamagedLog);
    expect(told).toEqual([]);
    await log.close();
  });
});

describe('a compaction', () => {
  it('is given up where the last segment alone is cut back meanwhile', async () => {
    const all = entriesOf(keyed(65));
    let moments = 0;
    for (let over = false; !over; moments += 1) {
      const machine = new Machine(SMALL, { later: (_, run) => setImmediate(run) });
      const node = await written(machine, keyed(65));
      // Has a segment of its own, and the whole end of the log that is kept in memory.
      node.log.append([entryAt(all.length + 1, 'large'.repeat(600))]);
      await node.log.persist(999, at(all.length + 1));
      const kept = all.length - 2;
      let idle = false;
      const working = node.upkeep(all.length).then(() => {
        idle = true;
      });
      for (let i = 0; i < moments; i += 1) await turn();
      over = idle;
      node.log.truncate(at(kept));
      await node.log.persist(1_000, at(kept));
      await working;
      const { lastIndex, hash } = node.log;
      await node.log.close();
      const { log } = await machine.recover();
      expect([moments, log.lastIndex, log.hash]).toEqual([moments, lastIndex, hash]);
      expect(lastIndex).toBeLessThanOrEqual(kept);
      await log.close();
    }
    expect(moments).toBeGreaterThan(50);
  }, 60_000);
});

describe('an outline that is being written', () => {
  it('does not outlast the segment that is cut off, nor tell of what is', async () => {
    const later = (turns: number, run: () => void): void => {
      setImmediate(() => (turns > 0 ? later(turns - 1, run) : run()));
    };
    const isOutline = (path: string): boolean => path.endsWith('.sum');
    const latencyMs = ({ kind, path }: DiskCall) =>
      isOutline(path) && kind !== 'remove' ? 100 : 0;
    let lacking = 0;
    for (let after = 0; after < 30; after += 1) {
      const machine = new Machine({ ...SMALL, outlineBytes: 200 }, { later, latencyMs });
      const run = new KeptRun(machine);
      await run.start();
      for (let n = 0; n < 30; n += 1) await run.append(1);
      const outlines = machine.disk.names().filter(isOutline);
      if (outlines.length < segmentsOf(machine).length) lacking += 1;
      await run.cut(after);
      // Nothing comes in its place: what stands alone tells of a segment that is gone.
      await run.persist();
      await run.log.close();
      for (const _ of ['by the outlines', 'by all records']) {
        machine.disk.restart(false);
        await run.start();
        await run.log.close();
      }
    }
    // The cut came before what was to be written of an outline by then.
    expect(lacking).toBeGreaterThan(0);
  });
});

describe('a segment behind which all is gone', () => {
  it('is followed by what comes then, at whatever moment of a compaction', async () => {
    const all = entriesOf(keyed(40));
    const end = all.length;
    let moments = 0;
    for (let over = false; !over; moments += 1) {
      const machine = new Machine(SMALL, { later: (_, run) => setImmediate(run) });
      const node = await new Node(machine.open()).start(false);
      for (const entries of all) await node.write(entries);
      // Has a segment of its own, and the whole end of the log that is kept in memory.
      node.log.append([entryAt(end + 1, 'large'.repeat(600))]);
      await node.log.persist(1_000, at(end + 1));
      let idle = false;
      const working = node.upkeep(end).then(() => {
        idle = true;
      });
      for (let i = 0; i < moments; i += 1) await turn();
      over = idle;
      node.log.truncate(at(end));
      const added = entryAt(end + 1, 'small', 2);
      node.log.append([added]);
      await node.log.persist(1_001, at(end + 1));
      await working;
      expect([moments, node.reports]).toEqual([moments, []]);
      const { hash } = node.log;
      await node.log.close();
      const { log, entries } = await machine.recover();
      expect([moments, entries.at(-1), log.hash]).toEqual([moments, added, hash]);
      await log.close();
    }
    expect(moments).toBeGreaterThan(50);
  }, 60_000);

  it('has a summary again once it is closed again: the cut has removed it', async () => {
    const machine = new Machine(SMALL, { later: (_, run) => setImmediate(run) });
    const run = new KeptRun(machine);
    await run.start();
    await run.append(40);
    await run.upkeep(0);
    const [, second, third] = segmentsOf(machine);
    const summary = second!.replace('.seg', '.sum');
    expect(machine.disk.names()).toContain(summary);
    await run.cut(firstOf(third!) - 1);
    await run.append(40);
    expect(machine.disk.names()).not.toContain(summary);
    await run.upkeep(0);
    expect(machine.disk.names()).toContain(summary);
    await run.log.close();
  });

  it('takes no more after a start by its summary: its last write may be cut', async () => {
    const machine = new Machine(SMALL);
    const node = await new Node(machine.open()).start(false);
    node.log.append(entriesFrom(1, 3));
    await node.log.persist(1, at(3));
    node.log.truncate(at(2));
    node.log.append(entriesFrom(3, 20));
    await node.log.persist(2, at(20));
    await node.upkeep(0);
    await node.log.close();
    const [first, ...later] = segmentsOf(machine);
    expect(machine.disk.names()).toContain(first!.replace('.seg', '.sum'));
    // What is behind it is lost to damage; then the power goes in the first write of what follows.
    for (const name of later) await machine.disk.mount().remove(name);
    for (const name of later) await machine.disk.mount().remove(name.replace('.seg', '.sum'));
    machine.disk.place(later[0]!, Buffer.alloc(0));
    const brief = await new Node(machine.open()).start(true);
    expect(Number(brief.log.lastIndex)).toBe(2);
    await brief.write(entriesFrom(3, 4));
    await brief.log.close();
    const { entries } = await machine.recover();
    expect(entries).toEqual([...entriesFrom(1, 2), ...entriesFrom(3, 4)]);
  });
});

// Compaction changes nothing but what the log takes on disk, whoever reads meanwhile and whenever
// the power goes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogIndex } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';
import { at } from './entries.ts';
import { entriesOf, Node, type Request, requests, written } from './folded-log.ts';
import { Machine, SMALL } from './machine.ts';
import { keyed, plain } from './request-runs.ts';

describe('G20: compaction', () => {
  it('changes no state, no index, no payload and no hash, and keeps every message', async () => {
    let saved = 0;
    await fc.assert(
      fc.asyncProperty(requests, fc.nat(1_000), async (all, share) => {
        const machine = new Machine(SMALL);
        const node = await written(machine, all);
        const { lastIndex } = node.log;
        const limit = Math.floor((lastIndex * share) / 1_000);
        await node.upkeep(limit);
        expect(node.reports).toEqual([]);
        const before = entriesOf(all).flat();
        const left = (await node.log.read(at(1), lastIndex)).entries();
        saved += before.length - left.length;
        checkLeft(before, left, limit);
        await node.log.close();
        const whole = await new Node(machine.open()).start(false);
        await whole.log.close();
        const brief = await new Node(machine.open()).start(true);
        expect(brief.state()).toEqual(whole.state());
        const { epochs, ...state } = brief.state() as Record<string, unknown>;
        const { epochs: _, ...wanted } = node.state() as Record<string, unknown>;
        expect(state).toEqual(wanted);
        expect(epochs).toEqual(epochsOf(before));
        await brief.log.close();
      }),
      { numRuns: 40 },
    );
    expect(saved).toBeGreaterThan(0);
  });

  it('is not noticed whichever call to the disk the power or the process ends at', async () => {
    const all = keyed(70);
    const before = entriesOf(all).flat();
    const prepare = async (): Promise<[Machine, Node]> => {
      const machine = new Machine(SMALL);
      await (await written(machine, all)).log.close();
      return [machine, await new Node(machine.open()).start(false)];
    };
    const [counted, complete] = await prepare();
    counted.disk.failAt(null);
    await complete.upkeep(before.length);
    const { calls } = counted.disk;
    expect(calls).toBeGreaterThan(50);
    for (let n = 1; n <= calls; n += 1) {
      for (const leftover of [n % 3 === 0 ? ('half' as const) : ('all' as const)]) {
        const [machine, node] = await prepare();
        const wanted = node.state();
        machine.disk.failAt({ at: n, fault: 'power', leftover });
        await node.upkeep(before.length);
        machine.disk.restart(n % 2 === 0);
        const again = await new Node(machine.open()).start(true);
        if (JSON.stringify(again.state()) !== JSON.stringify(wanted)) {
          expect([n, leftover, again.state()]).toEqual([n, leftover, wanted]);
        }
        // What was left behind does not stand in the way of the next try.
        await again.upkeep(before.length);
        expect(again.reports).toEqual([]);
        const left = (await again.log.read(at(1), again.log.lastIndex)).entries();
        checkLeft(before, left, before.length);
        expect(left.length).toBeLessThan(before.length / 2);
        await again.log.close();
      }
    }
  }, 60_000);

  it('goes no further than every member has come, and not at all while one is new', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(100));
    node.compactTo = 0;
    await node.upkeep(0);
    expect((await node.log.read(at(1), node.log.lastIndex)).count).toBe(node.log.lastIndex);
    await node.log.close();
  });

  it('waits for every member to have what supersedes: a log may be cut back', async () => {
    const machine = new Machine(SMALL);
    const all = keyed(100);
    const node = await written(machine, all);
    const { lastIndex } = node.log;
    const whole = async (): Promise<number> => (await node.log.read(at(1), lastIndex)).count;
    await node.upkeep(lastIndex - 1, lastIndex);
    expect(await whole()).toBe(lastIndex);
    await node.log.close();
    const again = await new Node(machine.open()).start(false);
    await again.upkeep(lastIndex, lastIndex);
    expect((await again.log.read(at(1), lastIndex)).count).toBeLessThan(lastIndex / 2);
    await again.log.close();
  });

  it('is done as soon as they have it, if that does not take them long', async () => {
    const node = await written(new Machine(SMALL), keyed(100));
    const { lastIndex } = node.log;
    let looks = 0;
    Object.defineProperty(node, 'compactTo', {
      set: () => undefined,
      get: () => {
        looks += 1;
        return looks > 8 ? lastIndex : lastIndex - 1;
      },
    });
    await node.upkeep(lastIndex - 1, lastIndex);
    expect((await node.log.read(at(1), lastIndex)).count).toBeLessThan(lastIndex / 2);
    await node.log.close();
  });

  it('leaves a file in its place until whoever reads it has ended', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(100));
    const { lastIndex } = node.log;
    const renamed = () => machine.disk.trace.filter((call) => /^rename .*seg$/.test(call));
    const release = machine.disk.hold('read');
    const reading = node.log.read(at(1), at(3));
    const working = node.upkeep(lastIndex);
    for (let n = 0; n < 100; n += 1) await turn();
    expect(machine.disk.names().filter((name) => name.endsWith('.seg.tmp'))).toHaveLength(1);
    expect(renamed()).toEqual([]);
    release();
    await reading;
    await working;
    expect(renamed().length).toBeGreaterThan(0);
    await node.log.close();
  });

  it('gives no file its name before those of earlier ones are durable', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, [
      ...plain(60),
      ...keyed(60),
      ...plain(60),
      ...keyed(60),
      ...plain(60),
    ]);
    machine.disk.failAt(null);
    await node.upkeep(node.log.lastIndex);
    await node.log.close();
    const calls = machine.disk.trace;
    let renames = 0;
    for (const [i, call] of calls.entries()) {
      if (!/^rename .*seg$/.test(call)) continue;
      renames += 1;
      const written = calls.findLastIndex((one, at) => at < i && /^sync .*seg.tmp$/.test(one));
      expect(calls.slice(written, i)).toContain('syncFolder');
    }
    expect(renames).toBeGreaterThan(1);
  });

  it('is given up where the log is cut back meanwhile, at whatever moment', async () => {
    const all = keyed(60);
    const before = entriesOf(all).flat();
    // Stays for its idempotency key: no log is cut back to where something is missing.
    const kept = 21;
    let turns = 0;
    for (let over = false; !over; turns += 2) {
      const machine = new Machine(SMALL, { later: (_, run) => setImmediate(run) });
      const node = await written(machine, all);
      let idle = false;
      const working = node.upkeep(before.length).then(() => {
        idle = true;
      });
      for (let i = 0; i < turns; i += 1) await turn();
      over = idle;
      node.log.truncate(at(kept));
      await node.log.persist(1_000, at(kept));
      await working;
      expect([turns, node.reports]).toEqual([turns, []]);
      const { hash } = node.log;
      await node.log.close();
      const { log, entries } = await machine.recover();
      expect([turns, log.lastIndex, log.hash]).toEqual([turns, kept, hash]);
      const there = before.slice(0, kept).map((entry) => JSON.stringify(entry));
      for (const entry of entries) expect(there, `${turns}`).toContain(JSON.stringify(entry));
      await log.close();
    }
    expect(turns).toBeGreaterThan(50);
  }, 60_000);

  it('is cut back, wherever, while a compacted file waits for its name', async () => {
    const all = keyed(60);
    const { length } = entriesOf(all).flat();
    for (let kept = 1; kept < length; kept += 1) {
      const machine = new Machine(SMALL);
      const node = await written(machine, all);
      const release = machine.disk.hold('read');
      const reading = node.log.read(at(1), at(3));
      const working = node.upkeep(length);
      for (let n = 0; n < 100; n += 1) await turn();
      expect(machine.disk.names().filter((name) => name.endsWith('.seg.tmp'))).toHaveLength(1);
      node.log.truncate(at(kept));
      release();
      await Promise.allSettled([reading]);
      await working;
      expect([kept, node.reports]).toEqual([kept, []]);
      await node.log.close();
    }
  });

  it('lets who reads meanwhile have every entry that stays', async () => {
    const machine = new Machine(SMALL);
    const all = keyed(150);
    const node = await written(machine, all);
    const { lastIndex } = node.log;
    let over = false;
    const working = node.upkeep(lastIndex).then(() => {
      over = true;
    });
    let reads = 0;
    while (!over) {
      const chunk = await node.log.read(at(1), lastIndex);
      checkLeft(entriesOf(all).flat(), chunk.entries(), lastIndex);
      reads += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await working;
    expect(reads).toBeGreaterThan(10);
    await node.log.close();
  });

  /** Every other operation is superseded: what stays fills several segments. */
  const half = Array.from({ length: 140 }, (_, i): Request => {
    const step = { op: 'put', key: i % 2 === 0 ? 1 : i, size: 30 } as const;
    return { step, named: false, turn: 1 };
  });
  it.each([
    ['many segments put together', keyed(100)],
    ['one segment after the other', half],
  ])('lets who is in the middle of reading have them too: %s', async (_, requests) => {
    const machine = new Machine(SMALL, { later: (_, run) => setImmediate(run) });
    const all = entriesOf(requests);
    const node = await written(machine, requests);
    const { lastIndex } = node.log;
    let over = false;
    const working = node.upkeep(lastIndex).then(() => {
      over = true;
    });
    const readings: Promise<void>[] = [];
    while (!over) {
      const reading = Promise.resolve(node.log.read(at(1), lastIndex));
      readings.push(reading.then((chunk) => checkLeft(all.flat(), chunk.entries(), lastIndex)));
      await turn();
    }
    await working;
    await Promise.all(readings);
    expect(node.reports).toEqual([]);
    expect(readings.length).toBeGreaterThan(30);
    await node.log.close();
  });

  it('gives another log what it needs to come to the same hash', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(100));
    const { lastIndex, hash } = node.log;
    await node.upkeep(lastIndex);
    const other = new Machine(SMALL);
    const copy = await new Node(other.open()).start(false);
    for (let from = 1; from <= lastIndex; ) {
      const { to } = node.log.measure(at(from), 7, 1e9);
      const chunk = await node.log.read(at(from), to);
      if (chunk.prev.index > 0) expect(chunk.prev.hash).toBe(copy.log.hash);
      copy.log.append(chunk.entries(), chunk.holes);
      from = to + 1;
    }
    expect([copy.log.lastIndex, copy.log.hash]).toEqual([lastIndex, hash]);
    await copy.log.persist(1, lastIndex);
    await copy.log.close();
    const again = await new Node(other.open()).start(true);
    expect([again.log.lastIndex, again.log.hash]).toEqual([lastIndex, hash]);
    await again.log.close();
    await node.log.close();
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What is left is what was there, in order, less only what is superseded up to the limit. */
function checkLeft(before: readonly Entry[], left: readonly Entry[], limit: number): void {
  const there = new Map(left.map((entry) => [entry.index as number, JSON.stringify(entry)]));
  const wrong: string[] = [];
  for (const [i, entry] of before.entries()) {
    const text = there.get(entry.index);
    if (text !== undefined && text !== JSON.stringify(entry)) wrong.push(`${entry.index} changed`);
    if (text !== undefined) continue;
    if (entry.op === 'append') wrong.push(`message ${entry.index} is gone`);
    else if (entry.index > limit) wrong.push(`${entry.index} is gone, above ${limit}`);
    else if (!superseded(before, i, limit)) wrong.push(`${entry.index} is gone, and nothing newer`);
  }
  if (left.some(({ index }, i) => i > 0 && index <= left[i - 1]!.index)) wrong.push('out of order');
  expect(wrong).toEqual([]);
}

function superseded(before: readonly Entry[], place: number, limit: number): boolean {
  const entry = before[place]!;
  const key = entry.op === 'append' ? '' : entry.key;
  return before.some(
    (other, i) => i > place && other.op !== 'append' && other.key === key && other.index <= limit,
  );
}

function epochsOf(entries: readonly Entry[]): { epoch: number; first: LogIndex }[] {
  const found: { epoch: number; first: LogIndex }[] = [];
  for (const { epoch: of, index } of entries) {
    if (found.at(-1)?.epoch !== of) found.push({ epoch: of, first: index });
  }
  return found;
}

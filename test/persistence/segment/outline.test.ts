// Outlines of segments that have no summary yet: a start takes them only as far as the segment is
// what they say, and then comes to what reading every record comes to.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/core/operation.ts';
import { StoredEntry } from '../../../src/persistence/record/stored-entry.ts';
import { Outline } from '../../../src/persistence/segment/outline.ts';
import { readOutline } from '../../../src/persistence/segment/outline-file.ts';
import { FILE_HEADER_BYTES } from '../../../src/persistence/segment/segment-file.ts';
import type { Leftover } from '../../../src/sim/disk/leftover.ts';
import { at, entryAt } from '../entries.ts';
import { entriesOf, Node, requests, written } from '../folded-log.ts';
import { Machine } from '../machine.ts';
import { everyFlip, misread, OUTLINED, placed, type Seen, seen } from '../outline-starts.ts';

/** The entry as a secondary has it: the bytes that arrived, where they need not be parsed. */
function arrived(entry: Entry): Entry {
  const text = Buffer.from(JSON.stringify(entry));
  return StoredEntry.of(text, 0, text.length) ?? entry;
}

it('an outline says nothing of records that it does not cover yet', () => {
  const outline = new Outline(32);
  const cover = (index: number, offset: number): void =>
    outline.cover({ index, hash: 0, offset }, index, [], 32);
  outline.add(1, 1, 32, 'more');
  cover(1, 100);
  outline.add(2, 2, 100, 'requests');
  expect(outline.parts()).toMatchObject({ epochs: [{ epoch: 1, first: 1 }], notable: [32] });
  outline.wrote(10);
  cover(2, 200);
  outline.add(3, 3, 200, 'more');
  const next = { epochs: [{ epoch: 2, first: 2 }], notable: [100] };
  expect(outline.partsAfter(outline.written)).toMatchObject(next);
});

describe('G22: a start by the outlines of segments', () => {
  it('comes to what reading everything comes to, life after life', async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.nat(100),
        fc.boolean(),
        fc.boolean(),
        async (all, share, orderly, copied) => {
          const machine = new Machine(OUTLINED);
          const entries = entriesOf(all).map((some) => (copied ? some.map(arrived) : some));
          const border = Math.floor((entries.length * share) / 100);
          for (const part of [entries.slice(0, border), entries.slice(border)]) {
            const node = await new Node(machine.open()).start(true);
            for (const some of part) await node.write(some);
            if (orderly) await node.log.close();
            else machine.disk.restart(false);
            expect(await seen(machine.disk, true)).toEqual(await seen(machine.disk, false));
          }
          const { texts } = (await seen(machine.disk, true)) as Seen;
          expect(texts).toBe(
            entries
              .flat()
              .map((entry) => JSON.stringify(entry))
              .join(),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('looks at few records: the last ones, and what is more than a message', async () => {
    const machine = new Machine({ ...OUTLINED, segmentBytes: 64 << 10 });
    const node = await new Node(machine.open()).start(true);
    for (let index = 1; index <= 100; index += 1) {
      const keyed = index % 25 === 0 ? { idempotencyKey: `request ${index}` } : {};
      await node.write([{ ...entryAt(index), ...keyed }]);
    }
    machine.disk.restart(false);
    const visited: number[] = [];
    const log = machine.open();
    const all = { indifferent: false, requestsWanted: 0, restore: () => undefined };
    await log.recover(({ index }) => visited.push(index), all);
    expect(log.lastIndex).toBe(100);
    expect(visited.slice(0, 3)).toEqual([25, 50, 75]);
    expect(visited.length).toBeLessThan(10);
  });

  it('comes to the same whichever call the power or the process ends at', async () => {
    const run = async (machine: Machine): Promise<number> => {
      let acknowledged = 0;
      const node = await new Node(machine.open()).start(true);
      for (let n = 0; n < 14; n += 1) {
        const first = Number(node.log.lastIndex) + 1;
        const count = 1 + (n % 4);
        const some = Array.from({ length: count }, (_, i) => entryAt(first + i, undefined, 1));
        await node.write(n % 3 === 0 ? [{ ...some[0]!, idempotencyKey: `${n}` }] : some);
        acknowledged = Number(node.log.lastIndex);
        if (n === 8) node.log.truncate(at(acknowledged - 6));
      }
      await node.log.close();
      return acknowledged;
    };
    const counted = new Machine(OUTLINED);
    counted.disk.failAt(null);
    await run(counted);
    const { calls } = counted.disk;
    expect(calls).toBeGreaterThan(60);
    let outlined = 0;
    for (let n = 1; n <= calls; n += 1) {
      for (const leftover of ['nothing', 'half', 'zeros', 'all'] as const) {
        const machine = new Machine(OUTLINED);
        machine.disk.failAt({ at: n, fault: 'power', leftover: leftover as Leftover });
        await run(machine).catch(() => undefined);
        machine.disk.restart(n % 2 === 0, () => leftover);
        outlined += [...machine.disk.names()].filter((name) => name.endsWith('.sum')).length;
        const found = [await seen(machine.disk, true), await seen(machine.disk, false)];
        if (JSON.stringify(found[0]) !== JSON.stringify(found[1])) {
          expect([n, leftover, found[0]]).toEqual([n, leftover, found[1]]);
        }
      }
    }
    expect(outlined).toBeGreaterThan(calls);
  }, 60_000);

  it('never takes a flipped bit for what was written', async () => {
    const machine = new Machine({ ...OUTLINED, segmentBytes: 64 << 10 });
    await written(machine, fc.sample(requests, { seed: 7, numRuns: 1 })[0]!.slice(0, 6));
    machine.disk.restart(false);
    const files = machine.disk.contents();
    const names = [...files.keys()].filter((name) => name.startsWith('log-'));
    expect(names.map((name) => name.slice(-4))).toEqual(['.seg', '.sum']);
    const { wrong, ...counts } = await everyFlip(files, names);
    expect(wrong.slice(0, 10)).toEqual([]);
    const [segment, outline] = names.map((name) => files.get(name)!.length * 8);
    expect(counts).toEqual({ damaged: segment, same: outline });
  }, 120_000);

  it('never takes what one read got wrong for what was written', async () => {
    const machine = new Machine({ ...OUTLINED, segmentBytes: 64 << 10 });
    await written(machine, fc.sample(requests, { seed: 7, numRuns: 1 })[0]!.slice(0, 40));
    machine.disk.restart(false);
    const files = machine.disk.contents();
    const whole = await seen(machine.disk, false);
    const shares = Array.from({ length: 50 }, (_, i) => (i + 0.5) / 50);
    let damaged = 0;
    let same = 0;
    for (const share of shares) {
      for (let wrong = 1; ; wrong += 1) {
        const found = await misread(files, wrong, share);
        if (found === null) break;
        if (found === 'damaged') damaged += 1;
        else same += 1;
        if (found !== 'damaged') expect(found, `read ${wrong}, ${share}`).toEqual(whole);
      }
    }
    expect(Math.min(damaged, same)).toBeGreaterThan(shares.length);
  });

  it('counts only up to where a part of it is missing', async () => {
    const machine = new Machine({ ...OUTLINED, segmentBytes: 64 << 10 });
    await written(machine, fc.sample(requests, { seed: 7, numRuns: 1 })[0]!);
    machine.disk.restart(false);
    const name = machine.disk.names().find((each) => each.endsWith('.sum'))!;
    const bytes = machine.disk.content(name);
    const starts: number[] = [];
    for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32LE(at + 8)) starts.push(at);
    expect(starts.length).toBeGreaterThan(10);
    const whole = await seen(machine.disk, false);
    for (const [i, start] of starts.entries()) {
      const disk = placed(machine.disk.contents());
      const rest = bytes.subarray(starts[i + 1] ?? bytes.length);
      disk.place(name, Buffer.concat([bytes.subarray(0, start), rest]));
      expect(await seen(disk, true)).toEqual(whole);
    }
  });

  it('B23: counts as far as its parts are whole, wherever the next one is torn', async () => {
    const machine = new Machine({ ...OUTLINED, segmentBytes: 64 << 10 });
    const node = await new Node(machine.open()).start(true);
    for (let index = 1; index <= 40; index += 1) await node.write([entryAt(index)]);
    await node.log.close();
    const name = machine.disk.names().find((each) => each.endsWith('.sum'))!;
    const bytes = machine.disk.content(name);
    const ends: number[] = [];
    for (let at = 8; at < bytes.length; ) {
      at += 12 + bytes.readUInt32LE(at + 8);
      ends.push(at);
    }
    expect(ends.length).toBeGreaterThan(2);
    const segment = {
      first: 1,
      kind: 'plain',
      hashBefore: 0,
      dataStart: FILE_HEADER_BYTES,
    } as const;
    // All lengths that a part's prefix may be left with, and those around them.
    const lengths = [8, ...ends].flatMap((end) =>
      Array.from({ length: 16 }, (_, i) => end - 2 + i),
    );
    for (const length of lengths) {
      const disk = placed(new Map([[name, bytes.subarray(0, length)]])).mount();
      const parts = await readOutline(disk, segment);
      expect(parts.map(({ fileEnd }) => fileEnd)).toEqual(ends.filter((end) => end <= length));
    }
  });

  it('does not stand for the last write, which a killed process need not have synced', async () => {
    const rewritten = async (orderly: boolean): Promise<boolean> => {
      const machine = new Machine({ ...OUTLINED, segmentBytes: 64 << 10 });
      const node = await new Node(machine.open()).start(true);
      for (let index = 1; index <= 20; index += 1) await node.write([entryAt(index)]);
      if (orderly) await node.log.close();
      machine.disk.restart(false);
      const again = await new Node(machine.open()).start(true);
      const { trace } = machine.disk;
      await again.log.close();
      return trace.some((call) => /^write .*seg/.test(call));
    };
    expect([await rewritten(false), await rewritten(true)]).toEqual([true, false]);
  });

  it('is kept while a disk fails at it, and the log with it', async () => {
    const machine = new Machine({ ...OUTLINED, segmentBytes: 64 << 10 });
    const node = await new Node(machine.open()).start(true);
    machine.disk.failAt(null);
    machine.disk.faults = ({ path, kind }) =>
      kind === 'write' && path?.endsWith('.sum') === true ? { kind: 'fail', code: 'EIO' } : null;
    for (let index = 1; index <= 20; index += 1) await node.write([entryAt(index)]);
    await node.log.close();
    machine.disk.restart(false);
    expect(await seen(machine.disk, true)).toEqual(await seen(machine.disk, false));
    expect((await new Node(machine.open()).start(true)).log.lastIndex).toBe(20);
  });
});

// What a log does with its closed segments in the background: summaries that a start trusts only
// where they are true, and compaction that changes nothing but what the log takes on disk.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogIndex } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';
import { DamagedLog, StorageFailure } from '../../src/persistence/persistence.ts';
import { recordSize } from '../../src/persistence/record.ts';
import { FILE_HEADER_BYTES } from '../../src/persistence/segment-file.ts';
import { foldedBy } from '../../src/persistence/upkeep.ts';
import { at } from './entries.ts';
import { entriesOf, Node, type Request, requests, written } from './folded-log.ts';
import { Machine, SMALL } from './machine.ts';

describe('G22: a start by the summaries of closed segments', () => {
  it('comes to what reading everything comes to', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (all) => {
        const machine = new Machine(SMALL);
        const node = await written(machine, all);
        await node.upkeep(0);
        await node.log.close();
        const whole = await new Node(machine.open()).start(false);
        await whole.log.close();
        const brief = await new Node(machine.open()).start(true);
        expect(brief.state()).toEqual(whole.state());
        const texts = async ({ log }: Node): Promise<string> =>
          (await log.read(at(1), log.lastIndex)).json.toString();
        const { lastIndex } = brief.log;
        expect(await texts(brief)).toBe(
          entriesOf(all)
            .flat()
            .map((e) => JSON.stringify(e))
            .join(','),
        );
        const { to, count } = brief.log.measure(at(1), 1_000_000, 1e9);
        expect({ to, count }).toEqual({ to: lastIndex, count: lastIndex });
        await brief.log.close();
        expect(node.reports).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('reads few bytes of the segments that have one', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, plain(80));
    await node.upkeep(0);
    await node.log.close();
    machine.disk.failAt(null);
    await (await new Node(machine.open()).start(true)).log.close();
    const names = machine.disk.trace.filter((call) => /^read .*seg/.test(call));
    const segments = [...machine.disk.contents().keys()].filter((name) => name.endsWith('.seg'));
    expect(segments.length).toBeGreaterThan(4);
    // Header and last record of each; the last one is read as a whole.
    for (const name of segments.slice(0, -1)) {
      expect(names.filter((call) => call === `read ${name}`).length).toBe(2);
    }
  });

  it('says the same whether its requests were known or had to be read', async () => {
    let told = 0;
    const window = fc.constantFrom(6, 1_000);
    // With the smaller one the second life takes over outlines, which do not tell requests apart.
    const outlineBytes = fc.constantFrom(200, 100_000);
    await fc.assert(
      fc.asyncProperty(requests, window, outlineBytes, async (all, size, bytes) => {
        const entries = entriesOf(all);
        const half = Math.floor(entries.length / 2);
        const summaries = async (known: boolean): Promise<unknown> => {
          const machine = new Machine({ ...SMALL, outlineBytes: bytes });
          for (const some of [entries.slice(0, half), entries.slice(half)]) {
            const node = await new Node(machine.open(), size).start(true);
            for (const request of some) await node.write(request);
            if (!known) node.requestsOf = () => null;
            await node.upkeep(0);
            await node.log.close();
            expect(node.reports).toEqual([]);
            told += node.requestsTold;
          }
          const files = [...machine.disk.contents()].filter(([name]) => name.endsWith('.sum'));
          return files.map(([name, text]) => [name, text.toString('latin1')]);
        };
        expect(await summaries(true)).toEqual(await summaries(false));
      }),
      { numRuns: 40 },
    );
    expect(told).toBeGreaterThan(60);
  });

  it('says the same of a request that goes on in the next segment', async () => {
    const summaries = async (known: boolean): Promise<unknown> => {
      const machine = new Machine(SMALL);
      const [batch, ...others] = entriesOf([
        { step: { op: 'batch', count: 30 }, named: true, turn: 1 },
        ...plain(30),
      ]);
      // A process knows where a batch ends that began while it ran: only then it stays together.
      for (const some of [[batch!.slice(0, 20)], [batch!.slice(20), ...others]]) {
        const node = await new Node(machine.open(), 1_000).start(true);
        for (const entries of some) await node.write(entries);
        if (!known) node.requestsOf = () => null;
        await node.upkeep(0);
        await node.log.close();
        expect(node.reports).toEqual([]);
        expect(node.requestsTold > 0).toBe(known && some.length > 1);
      }
      const segments = [...machine.disk.contents().keys()].filter((name) => /seg$/.test(name));
      expect(segments[1]).toBe('log-0000000000000021.seg');
      const files = [...machine.disk.contents()].filter(([name]) => name.endsWith('.sum'));
      return files.map(([name, text]) => [name, text.toString('latin1')]);
    };
    expect(await summaries(true)).toEqual(await summaries(false));
  });

  it('does not look again at messages whose requests are known', async () => {
    const readsFor = async (known: boolean): Promise<number> => {
      const machine = new Machine(SMALL);
      const node = await written(machine, withKeys(12));
      if (!known) node.requestsOf = () => null;
      machine.disk.failAt(null);
      await node.upkeep(0);
      await node.log.close();
      return machine.disk.trace.filter((call) => /^read .*seg/.test(call)).length;
    };
    expect(await readsFor(true)).toBeLessThan(await readsFor(false));
  });

  it('never trusts one that is damaged, cut short or of another file', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(60));
    await node.upkeep(0);
    await node.log.close();
    const expected = node.state() as Record<string, unknown>;
    const summaries = [...machine.disk.contents()].filter(([name]) => name.endsWith('.sum'));
    expect(summaries.length).toBeGreaterThan(3);
    const check = async (): Promise<void> => {
      const again = await new Node(machine.open()).start(true);
      await again.log.close();
      const { epochs: _, ...state } = again.state() as Record<string, unknown>;
      const { epochs: __, ...wanted } = expected;
      if (JSON.stringify(state) !== JSON.stringify(wanted)) expect(state).toEqual(wanted);
    };
    const [name, bytes] = summaries[1]!;
    for (let i = 0; i < bytes.length; i += 1) {
      const flipped = Buffer.from(bytes);
      flipped[i] = flipped[i]! ^ (1 << (i % 8));
      machine.disk.place(name, flipped);
      await check();
      if (i % 7 > 0) continue;
      machine.disk.place(name, bytes.subarray(0, i));
      await check();
    }
    machine.disk.place(name, summaries[2]![1]);
    await check();
  });

  it('never trusts one whose segment is another file by now', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(60));
    await node.upkeep(0);
    await node.log.close();
    const name = machine.disk.names().filter((file) => file.endsWith('.seg'))[1]!;
    const bytes = machine.disk.contents().get(name)!;
    let last = FILE_HEADER_BYTES;
    while (last + recordSize(bytes, last) < bytes.length) last += recordSize(bytes, last);
    const flipped = (place: number): Buffer => {
      const changed = Buffer.from(bytes);
      changed[place] = changed[place]! ^ 1;
      return changed;
    };
    const others = {
      longer: Buffer.concat([bytes, Buffer.alloc(1)]),
      shorter: bytes.subarray(0, -1),
      'of another version': flipped(8),
      'behind another log': flipped(20),
      'with another hash at its end': flipped(last + 12),
      'with another index at its end': flipped(last + 16),
    };
    for (const [what, other] of Object.entries(others)) {
      machine.disk.place(name, other);
      const start = new Node(machine.open()).start(true);
      await expect(start, what).rejects.toThrow();
    }
    machine.disk.place(name, bytes);
    await (await new Node(machine.open()).start(true)).log.close();
  });

  it('never trusts one that belongs to its segment, where both are of another log', async () => {
    const logs = [29, 30].map(async (size) => {
      const machine = new Machine(SMALL);
      const messages = plain(60).map((one): Request => ({ ...one, step: { op: 'append', size } }));
      const node = await written(machine, messages);
      await node.upkeep(0);
      await node.log.close();
      return machine;
    });
    const [one, other] = await Promise.all(logs);
    // Of each segment there are two files, the second segment's behind those of the first.
    const names = one!.disk.names().filter((name) => name.startsWith('log-'));
    for (const name of names.sort().slice(2, 4)) {
      one!.disk.place(name, other!.disk.contents().get(name)!);
    }
    await expect(new Node(one!.open()).start(true)).rejects.toThrow(DamagedLog);
  });
});

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
      for (let i = 0; i < turns; i += 1) await turn();
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

describe('the looks for something to do', () => {
  /** So many waits, in milliseconds; `before`: what happens before one of them ends. */
  function waits(node: Node, count: number, before: (nth: number) => Promise<void> | void) {
    const seen: number[] = [];
    return new Promise<number[]>((resolve, reject) => {
      node.log.startUpkeep({
        compactTo: () => at(0),
        ...foldedBy(node.folds),
        after: (ms, run) => {
          seen.push(ms);
          if (seen.length === count) resolve(seen);
          else Promise.resolve(before(seen.length)).then(() => setImmediate(run), reject);
          return () => {};
        },
        damaged: reject,
        broken: reject,
      });
    });
  }

  const times = (count: number, ms: number): number[] => Array(count).fill(ms);

  it('are fewer once nothing has been written for ten seconds', async () => {
    const [first, second] = entriesOf(plain(2));
    const node = await new Node(new Machine(SMALL).open()).start(false);
    await node.write(first!);
    const seen = await waits(node, 35, (nth) => (nth === 25 ? node.write(second!) : undefined));
    await node.log.close();
    expect(seen).toEqual([...times(21, 500), ...times(4, 4_000), ...times(10, 500)]);
  }, 5_000);

  it('are as many as before after each that has found something', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, plain(400));
    const segments = machine.disk.names().filter((name) => name.endsWith('.seg'));
    expect(segments.length).toBeGreaterThan(25);
    const seen = await waits(node, 400, () => undefined);
    await node.log.close();
    const idle = seen.slice(seen.lastIndexOf(1) + 1);
    expect(idle.slice(0, 20)).toEqual([...times(19, 500), 4_000]);
  }, 20_000);
});

/** The file for which the next start refuses to go on. */
const refusedFor = (machine: Machine): Promise<unknown> =>
  new Node(machine.open()).start(true).then(
    () => null,
    (error: { file?: string }) => error.file,
  );

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const firstOf = (name: string): LogIndex => at(Number(/\d+/.exec(name)));

function segmentsOf({ disk }: Machine): string[] {
  return [...disk.contents().keys()].filter((name) => name.endsWith('.seg')).sort();
}

/** Turns a bit of a record over. */
function flip({ disk }: Machine, name: string): void {
  const bytes = disk.content(name);
  bytes[200] = bytes[200]! ^ 1;
  disk.place(name, bytes);
}

function plain(count: number): Request[] {
  return Array.from({ length: count }, () => ({
    step: { op: 'append', size: 40 },
    named: false,
    turn: 1,
  }));
}

/** Long messages with an idempotency key each. */
function withKeys(count: number): Request[] {
  return Array.from({ length: count }, () => ({
    step: { op: 'append', size: 400 },
    named: true,
    turn: 1,
  }));
}

/** Many operations on few keys, some removed at last, some with an idempotency key. */
function keyed(count: number): Request[] {
  return Array.from({ length: count }, (_, i): Request => {
    const key = i % 4;
    const removed = key === 0 ? i > count / 3 : i % 9 === 0;
    const next = removed
      ? ({ op: 'remove', key } as const)
      : ({ op: 'put', key, size: 30 } as const);
    return { step: next, named: i % 17 === 3, turn: i === 30 ? 0 : 1 };
  });
}

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
    else if (entry.op === 'put' && !superseded(before, i, limit)) wrong.push(`${entry.index} gone`);
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

// Summaries of closed segments: a start trusts them only where they are true, and comes to what
// reading everything comes to.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DamagedLog } from '../../src/persistence/persistence.ts';
import { recordSize } from '../../src/persistence/record/record.ts';
import { FILE_HEADER_BYTES } from '../../src/persistence/segment/segment-file.ts';
import { at } from './entries.ts';
import { entriesOf, Node, type Request, requests, written } from './folded-log.ts';
import { Machine, SMALL } from './machine.ts';
import { OUTLINED } from './outline-starts.ts';
import { keyed, plain, withKeys } from './request-runs.ts';

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

  it.each([
    ['with outlines', false],
    ['where the disk takes no outline', true],
  ])('knows a request once that restarts have cut over segments: %s', async (_, fails) => {
    const machine = new Machine(OUTLINED);
    const failure = { kind: 'fail', code: 'EIO' } as const;
    machine.disk.faults = ({ kind, path }) =>
      fails && kind === 'open' && path.endsWith('.sum') ? failure : null;
    const [before, batch, ...others] = entriesOf([
      ...withKeys(1),
      { step: { op: 'batch', count: 60 }, named: true, turn: 1 },
      ...withKeys(5),
      ...plain(40),
    ]);
    const parts = [batch!.slice(0, 20), batch!.slice(20, 40), batch!.slice(40)];
    for (const some of [[before!, parts[0]!], [parts[1]!], [parts[2]!, ...others]]) {
      const node = await new Node(machine.open(), 7).start(true);
      for (const entries of some) await node.write(entries);
      await node.upkeep(0);
      await node.log.close();
    }
    machine.disk.faults = null;
    const whole = await new Node(machine.open(), 7).start(false);
    await whole.log.close();
    const brief = await new Node(machine.open(), 7).start(true);
    await brief.log.close();
    expect([...whole.folds.deduplication.requests]).toHaveLength(7);
    expect(brief.state()).toEqual(whole.state());
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

  it('is not made of what was read wrongly after its checksum had been right', async () => {
    const summariesWith = async (wrong: number, bit: number): Promise<Map<string, string>> => {
      const machine = new Machine(SMALL, { random: () => bit });
      const node = await written(machine, keyed(30));
      let reads = 0;
      machine.disk.faults = ({ kind }) => {
        if (kind === 'read') reads += 1;
        return kind === 'read' && reads === wrong ? { kind: 'flip' } : null;
      };
      await node.upkeep(0);
      expect(reads).toBeGreaterThan(3);
      if (reads < wrong) return new Map();
      const files = [...machine.disk.contents()].filter(([name]) => name.endsWith('.sum'));
      return new Map(files.map(([name, bytes]) => [name, bytes.toString('latin1')]));
    };
    const right = await summariesWith(0, 0);
    expect(right.size).toBeGreaterThan(2);
    for (const bit of [0.05, 0.3, 0.49, 0.6, 0.77, 0.9, 0.98]) {
      for (let wrong = 1, found = right; found.size > 0; wrong += 1) {
        found = await summariesWith(wrong, bit);
        for (const [name, text] of found) expect(text, `${name} ${bit}`).toBe(right.get(name));
      }
    }
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
      'with another length at its end': flipped(last + 4),
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

// Random runs against a plain array: whatever is done, a log shows what the array shows.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epoch } from '../../src/core/ids.ts';
import { UNKNOWN_HASH } from '../../src/core/messages.ts';
import type { Entry } from '../../src/core/operation.ts';
import { MemoryPersistence } from '../../src/persistence/log/memory-persistence.ts';
import type { Persistence } from '../../src/persistence/persistence.ts';
import { at, entryAt, textOf } from './entries.ts';
import { Machine } from './machine.ts';

/** Shares, in thousandths, stand for places in a log whose length is not known beforehand. */
const share = fc.integer({ min: 0, max: 1_000 });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      sizes: fc.array(fc.nat(700), { minLength: 1, maxLength: 12 }),
      // A hole: entries between are known to be superseded.
      skip: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(5)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('persist' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncate' as const), share }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), power: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      share,
      entriesMax: fc.integer({ min: 1, max: 40 }),
      bytesMax: fc.integer({ min: 1, max: 6_000 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A log, the array it must be equal to, and the hash it had after each entry. */
class Pair {
  log: Persistence;
  entries: Entry[] = [];
  hashes: number[] = [];
  private readonly machine: Machine | null;
  private requests = 0;

  constructor(log: Persistence, machine: Machine | null) {
    this.log = log;
    this.machine = machine;
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'append':
        for (const [i, size] of next.sizes.entries()) this.append(size, i === 0 ? next.skip : 0);
        break;
      case 'persist':
        await this.persist();
        break;
      case 'truncate':
        this.truncate(Math.floor((this.log.lastIndex * next.share) / 1_000));
        break;
      case 'restart':
        await this.restart(next.power);
        break;
      case 'read':
        await this.read(next.share, next.entriesMax, next.bytesMax);
        break;
    }
    expect(this.log.lastIndex).toBe(this.entries.at(-1)?.index ?? 0);
    expect(this.log.hash).toBe(this.hashes.at(-1) ?? 0);
  }

  private append(size: number, skip: number): void {
    // The log begins with entry 1; holes come later.
    const index = this.entries.length === 0 ? 1 : this.log.lastIndex + 1 + skip;
    const entry = { ...entryAt(index, 'x'.repeat(size)), epoch: epoch(1) };
    // What another log has compacted away shows in the hash that the entry carries.
    const hash = (index * 2_654_435_761) % 2 ** 32;
    if (index > this.log.lastIndex + 1) this.log.append([entry], [{ index: at(index), hash }]);
    else this.log.append([entry]);
    this.entries.push(entry);
    this.hashes.push(this.log.hash);
  }

  private hashAt(index: number): number {
    return this.hashes[this.entries.findIndex((entry) => entry.index === index)]!;
  }

  private async persist(): Promise<void> {
    this.requests += 1;
    await this.log.persist(this.requests, this.log.lastIndex);
  }

  private truncate(after: number): void {
    this.log.truncate(at(after));
    while ((this.entries.at(-1)?.index ?? 0) > after) {
      this.entries.pop();
      this.hashes.pop();
    }
  }

  private async restart(power: boolean): Promise<void> {
    if (this.machine === null) return;
    await this.persist();
    this.machine.disk.restart(power);
    const { log, entries } = await this.machine.recover();
    expect(textOf(entries)).toBe(textOf(this.entries));
    this.log = log;
  }

  private async read(part: number, entriesMax: number, bytesMax: number): Promise<void> {
    const { lastIndex } = this.log;
    if (lastIndex === 0) return;
    const from = Math.max(1, Math.floor((lastIndex * part) / 1_000));
    const { to, count } = this.log.measure(at(from), entriesMax, bytesMax);
    const expected = this.entries.filter(({ index }) => index >= from && index <= to);
    expect(count).toBe(expected.length);
    expect(count).toBeGreaterThanOrEqual(1);
    expect(count).toBeLessThanOrEqual(entriesMax);
    const chunk = await this.log.read(at(from), to);
    expect(chunk.json.toString('utf8')).toBe(textOf(expected));
    expect(count === 1 || chunk.json.length <= bytesMax).toBe(true);
    expect([chunk.from, chunk.to, chunk.count]).toEqual([from, to, count]);
    const before = this.entries.findLastIndex(({ index }) => index < from);
    const gone = before >= 0 && this.entries[before]!.index < from - 1;
    const hash = gone ? UNKNOWN_HASH : (this.hashes[before] ?? 0);
    expect(chunk.prev).toEqual({ index: from - 1, hash });
    const holes = expected.filter(
      ({ index }) => index !== 1 && !this.entries.some((entry) => entry.index === index - 1),
    );
    const carried = holes.map(({ index }) => ({ index, hash: this.hashAt(index) }));
    expect(chunk.holes.filter(({ index }) => index > from)).toEqual(
      carried.filter(({ index }) => index > from),
    );
  }
}

const steps = fc.array(step, { minLength: 1, maxLength: 40 });

describe('a log does what an array does', () => {
  it('on disk, in small segments', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const machine = new Machine();
        const pair = new Pair((await machine.recover()).log, machine);
        for (const next of all) await pair.take(next);
      }),
      { numRuns: 150 },
    );
  });

  it('in memory', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const log = new MemoryPersistence({ blockBytes: 1_024, intervalBytes: 512 });
        const pair = new Pair(log, null);
        for (const next of all) await pair.take(next);
      }),
      { numRuns: 150 },
    );
  });
});

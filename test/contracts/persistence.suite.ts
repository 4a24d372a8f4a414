// What every Persistence must do, whatever it is made of. Each implementation runs this suite.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { epoch } from '../../src/core/ids.ts';
import { HOLE_MAX } from '../../src/core/log/log.ts';
import type { Entry } from '../../src/core/operation.ts';
import { type Persistence, StorageFailure } from '../../src/persistence/persistence.ts';
import { at, entriesOf, entryAt, textOf } from '../persistence/entries.ts';

/** How a suite gets at an implementation. */
export interface Subject {
  /** An empty, recovered one. */
  open(): Promise<Persistence>;
  /** The next life of what `open` gave, not recovered yet; only if it is durable. */
  reopen?(): Promise<Persistence>;
}

/** Asks until it works, as the core does. */
export async function persistSurely(log: Persistence, id: number, upTo: number): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const answer = log.persist(id, at(upTo)).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof StorageFailure)) throw error;
        return false;
      },
    );
    const silent = new Promise<boolean>((resolve) => setTimeout(resolve, 5, false));
    if (await Promise.race([answer, silent])) return;
  }
  throw new Error(`persist ${id} never worked`);
}

export function describePersistence(name: string, subject: Subject): void {
  describe(`${name} keeps the contract of Persistence`, () => {
    let log: Persistence;
    beforeEach(async () => {
      log = await subject.open();
    });
    afterEach(async () => {
      await log.close();
    });

    it('is empty at first', () => {
      expect([log.lastIndex, log.hash]).toEqual([0, 0]);
    });

    it('shows entries at once, letter for letter', async () => {
      const odd = [
        entryAt(1, 'quote " back \\ newline \n nul \u0000 emoji 🎉 lone \ud800 sep \u2028'),
        { ...entryAt(2), batch: 2, idempotencyKey: 'a key' },
        { index: at(3), epoch: epoch(1), at: '', op: 'put', key: '__proto__', value: '' } as Entry,
        { index: at(4), epoch: epoch(2), at: '', op: 'remove', key: 'constructor' } as Entry,
      ];
      log.append(odd);
      expect(log.lastIndex).toBe(4);
      const chunk = await log.read(at(1), at(4));
      expect(chunk.json.toString('utf8')).toBe(textOf(odd));
      expect(chunk.entries()).toEqual(odd);
      expect([chunk.from, chunk.to, chunk.count, chunk.prev]).toEqual([
        1,
        4,
        4,
        { index: 0, hash: 0 },
      ]);
    });

    it('gives the running hash before every entry', async () => {
      const hashes = [log.hash];
      for (const entry of entriesOf(1, 20)) {
        log.append([entry]);
        hashes.push(log.hash);
      }
      await persistSurely(log, 1, 20);
      for (let index = 1; index <= 20; index += 1) {
        const { prev } = await log.read(at(index), at(20));
        expect(prev).toEqual({ index: index - 1, hash: hashes[index - 1] });
      }
      expect(new Set(hashes).size).toBe(21);
    });

    it('has the hash that depends on the bytes alone, not on how they came', async () => {
      log.append(entriesOf(1, 9));
      const atOnce = log.hash;
      log.truncate(at(0));
      expect([log.lastIndex, log.hash]).toEqual([0, 0]);
      for (const entry of entriesOf(1, 9)) log.append([entry]);
      expect(log.hash).toBe(atOnce);
      log.truncate(at(4));
      log.append([entryAt(5, 'other'), ...entriesOf(6, 9)]);
      expect(log.hash).not.toBe(atOnce);
    });

    it('finds what stands behind as large a hole as there may be, and behind another', async () => {
      const far = HOLE_MAX + 2;
      const farther = 2 * far;
      const all = [1, far, far + 1, farther, farther + 1].map((index) => entryAt(index));
      log.append(
        all,
        [far, farther].map((index) => ({ index: at(index), hash: 7 })),
      );
      await persistSurely(log, 1, farther + 1);
      expect(log.measure(at(2), 2, 1e9)).toMatchObject({ to: far + 1, count: 2 });
      expect(log.measure(at(1), 10, 1e9)).toMatchObject({ to: farther + 1, count: 5 });
      expect((await log.read(at(1), at(farther + 1))).entries()).toEqual(all);
      expect((await log.read(at(far + 1), at(farther))).entries()).toEqual(all.slice(2, 4));
    });

    it('cuts the end off and goes on from there', async () => {
      log.append(entriesOf(1, 10));
      const whole = log.hash;
      await persistSurely(log, 1, 10);
      log.append(entriesOf(11, 14));
      log.truncate(at(6));
      expect(log.lastIndex).toBe(6);
      expect(textOf((await log.read(at(1), at(6))).entries())).toBe(textOf(entriesOf(1, 6)));
      log.append(entriesOf(7, 10));
      expect(log.hash).toBe(whole);
      log.truncate(at(6));
      const other = entriesOf(7, 8, 2);
      log.append(other);
      await persistSurely(log, 2, 8);
      const chunk = await log.read(at(5), at(8));
      expect(chunk.entries()).toEqual([...entriesOf(5, 6), ...other]);
    });

    it('cutting off nothing changes nothing', () => {
      log.append(entriesOf(1, 3));
      const { hash } = log;
      log.truncate(at(3));
      expect([log.lastIndex, log.hash]).toEqual([3, hash]);
    });

    it('measures what it then reads', async () => {
      log.append(entriesOf(1, 50));
      await persistSurely(log, 1, 50);
      expect(log.measure(at(1), 50, 1 << 20)).toMatchObject({ to: 50, count: 50 });
      expect(log.measure(at(11), 7, 1 << 20)).toMatchObject({ to: 17, count: 7 });
      expect(log.measure(at(50), 7, 1)).toEqual({ to: 50, count: 1, bytes: 1 });
      const { to, count } = log.measure(at(3), 100, 1_500);
      const chunk = await log.read(at(3), to);
      expect(chunk.count).toBe(count);
      expect(count).toBeGreaterThanOrEqual(1);
      expect(count === 1 || chunk.json.length <= 1_500).toBe(true);
    });

    it('takes an entry that is larger than anything it is laid out in', async () => {
      const large = entryAt(2, '\u0001'.repeat(600_000));
      log.append([entryAt(1), large, entryAt(3)]);
      await persistSurely(log, 1, 3);
      expect((await log.read(at(2), at(2))).entries()).toEqual([large]);
      expect(log.measure(at(1), 10, 1_000).to).toBe(1);
      expect(log.measure(at(2), 10, 1_000)).toEqual({ to: 2, count: 1, bytes: 1_000 });
    });

    it('B21: keeps 100 parallel appends and persists in order', async () => {
      const all = entriesOf(1, 100);
      await Promise.all(
        all.map(async (entry) => {
          await Promise.resolve();
          log.append([entry]);
          await persistSurely(log, entry.index, entry.index);
        }),
      );
      expect((await log.read(at(1), at(100))).entries()).toEqual(all);
    });

    it('answers for what is durable already, and every copy of a request', async () => {
      log.append(entriesOf(1, 2));
      await Promise.all([persistSurely(log, 1, 2), persistSurely(log, 1, 2)]);
      await persistSurely(log, 2, 1);
    });

    it('remembers, also when asked again meanwhile', async () => {
      const calls = [1, 2, 3].map((n) => log.remember({ ...BLANK_MEMORY, epoch: epoch(n) }));
      expect(await Promise.all(calls)).toHaveLength(3);
    });

    if (subject.reopen !== undefined) describeNextLife(subject.reopen.bind(subject), () => log);
  });
}

function describeNextLife(reopen: () => Promise<Persistence>, first: () => Persistence): void {
  it('finds in its next life what was durable', async () => {
    const log = first();
    log.append([...entriesOf(1, 20, 1), ...entriesOf(21, 40, 3)]);
    await persistSurely(log, 1, 40);
    await log.remember({ ...BLANK_MEMORY, epoch: epoch(3), cluster: 'c' });
    const { hash } = log;
    await log.close();

    const next = await reopen();
    const seen: Entry[] = [];
    const found = await next.recover((entry) => seen.push(entry));
    expect(seen).toEqual([...entriesOf(1, 20, 1), ...entriesOf(21, 40, 3)]);
    expect(found).toEqual({
      lastIndex: 40,
      epochs: [
        { epoch: 1, first: 1 },
        { epoch: 3, first: 21 },
      ],
      memory: { ...BLANK_MEMORY, epoch: 3, cluster: 'c' },
      cutBytes: 0,
    });
    expect([next.lastIndex, next.hash]).toEqual([40, hash]);
    next.append(entriesOf(41, 42, 3));
    await persistSurely(next, 1, 42);
    expect((await next.read(at(39), at(42))).entries()).toEqual(entriesOf(39, 42, 3));
    await next.close();
  });

  it('does not find in its next life what was cut off', async () => {
    const log = first();
    log.append(entriesOf(1, 30));
    await persistSurely(log, 1, 30);
    log.truncate(at(12));
    log.append(entriesOf(13, 15, 2));
    await persistSurely(log, 2, 15);
    const { hash } = log;
    await log.close();

    const next = await reopen();
    const seen: Entry[] = [];
    await next.recover((entry) => seen.push(entry));
    expect(seen).toEqual([...entriesOf(1, 12), ...entriesOf(13, 15, 2)]);
    expect(next.hash).toBe(hash);
    await next.close();
  });
}

// What the fake disk does to a call when it is told to: each fault is that of a real disk.

import { describe, expect, it } from 'vitest';
import { readAll, writeAll } from '../../../src/persistence/disk/disk.ts';
import { Chance } from '../../../src/sim/chance.ts';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';
import { byChance } from '../../../src/sim/disk/disk-fault.ts';
import { fileWith, text } from '../disk-file.ts';

describe('faults of the fake disk', () => {
  it('a call fails with its code and has done nothing; all is counted', async () => {
    const disk = new FakeDisk();
    const mount = disk.mount();
    const file = await fileWith(mount, 'abc');
    disk.faults = () => ({ kind: 'fail', code: 'EIO', leftover: 'nothing' });
    const calls: (() => Promise<unknown>)[] = [
      () => mount.open('g', 'create'),
      () => mount.open('f', 'read'),
      () => mount.rename('f', 'g'),
      () => mount.remove('f'),
      () => mount.list(),
      () => mount.syncFolder(),
      () => mount.makeFolder(),
      () => file.write([text('X')], 0),
      () => file.truncate(1),
      () => file.sync(),
      () => file.size(),
      () => file.read(Buffer.alloc(1), 0),
      () => file.close(),
      async () => mount.readNow('f', Buffer.alloc(1), 0),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'EIO' });
    expect(disk.hits.get('fail')).toBe(calls.length);
    expect([...disk.contents()]).toEqual([['f', text('abc')]]);
    expect(disk.trace.slice(-14).join('; ')).toBe(
      'open g create; open f read; rename f g; remove f; list; syncFolder; makeFolder; write f; ' +
        'truncate f; sync f; size f; read f; close f; readNow f',
    );
  });

  it('a call that fails is done all the same, durably where that is what it does', async () => {
    const disk = new FakeDisk();
    const mount = disk.mount();
    const file = await fileWith(mount, 'abc');
    const fails = async (call: () => Promise<unknown>): Promise<void> => {
      disk.faults = () => ({ kind: 'fail', code: 'EIO', leftover: 'all' });
      await expect(call()).rejects.toMatchObject({ code: 'EIO' });
      disk.faults = null;
    };
    await fails(() => mount.open('g', 'create'));
    await fails(() => mount.rename('g', 'h'));
    expect(disk.names()).toEqual(['f', 'h']);
    await fails(() => file.write([text('XYZ')], 2));
    await fails(() => file.truncate(4));
    expect(disk.content('f').toString()).toBe('abXY');
    await fails(() => file.sync());
    await fails(() => mount.syncFolder());
    disk.restart(true);
    expect([...disk.contents()]).toEqual([
      ['f', text('abXY')],
      ['h', text('')],
    ]);
    const again = disk.mount();
    const opened = await again.open('f', 'write');
    await fails(() => opened.close());
    await expect(opened.size()).rejects.toMatchObject({ code: 'EBADF' });
    await fails(() => again.remove('f'));
    await fails(() => again.remove('f'));
    await expect(fails(() => again.rename('f', 'i'))).rejects.toThrow('ENOENT');
    expect([disk.names(), disk.hits.get('fail')]).toEqual([['h'], 10]);
  });

  it('a failed write may be lost though it can be read and a sync succeeds', async () => {
    for (const leftover of ['lost', 'cached'] as const) {
      const disk = new FakeDisk();
      const file = await fileWith(disk.mount(), 'abc');
      disk.failAt({ at: 1, fault: 'EIO', leftover });
      await expect(file.write([text('XYZ')], 0)).rejects.toMatchObject({ code: 'EIO' });
      await file.sync();
      await writeAll(file, [text('!')], 1);
      expect(disk.content('f').toString()).toBe('X!Z');
      disk.restart(true);
      expect(disk.content('f').toString()).toBe(leftover === 'lost' ? 'a!c' : 'X!Z');
    }
  });

  it('what a failed write left is known until it is cut off or written over', async () => {
    const disk = new FakeDisk();
    const file = await fileWith(disk.mount(), 'abc');
    const fails = async (at: number): Promise<void> => {
      disk.failAt({ at: 1, fault: 'EIO', leftover: 'half' });
      await expect(file.write([text('XY')], at)).rejects.toMatchObject({ code: 'EIO' });
      expect([...disk.untidy]).toEqual([['f', at]]);
    };
    await fails(3);
    await file.truncate(3);
    expect([...disk.untidy]).toEqual([]);
    await fails(3);
    await writeAll(file, [text('def')], 3);
    expect([...disk.untidy]).toEqual([]);
    await fails(6);
    disk.restart(false);
    expect([...disk.untidy]).toEqual([]);
  });

  it('a short read or write is gone on with', async () => {
    const disk = new FakeDisk();
    const file = await fileWith(disk.mount(), '');
    disk.faults = () => ({ kind: 'short' });
    expect(await file.write([text('abcdefg')], 0)).toBe(4);
    await writeAll(file, [text('01234'), text('567')], 0);
    const into = Buffer.alloc(8);
    expect(await file.read(into, 0)).toBe(4);
    expect(await readAll(file, into, 0)).toBe(8);
    expect(into.toString()).toBe('01234567');
  });

  it('a full disk takes what fits, then nothing, and again when there is room', async () => {
    const disk = new FakeDisk({ capacityBytes: 10 });
    const mount = disk.mount();
    const file = await fileWith(mount, 'abcd');
    expect(await file.write([text('0123456789')], 2)).toBe(8);
    await expect(file.write([text('x')], 10)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await file.write([text('in place')], 0)).toBe(8);
    await expect(writeAll(file, [text('too long by one')], 9)).rejects.toMatchObject({
      code: 'ENOSPC',
    });
    expect(disk.content('f').toString()).toBe('in place6t');
    expect([disk.hits.get('full'), disk.used()]).toEqual([4, 10]);
    await file.truncate(4);
    await writeAll(file, [text('fits')], 4);
    disk.capacityBytes = 12;
    await writeAll(file, [text('it')], 10);
  });

  it('a bit is turned over once in what is read, for good in what is written', async () => {
    const disk = new FakeDisk({ random: new Chance(3).next });
    const file = await fileWith(disk.mount(), 'abcd');
    disk.faults = ({ kind }) => (kind === 'read' ? { kind: 'flip' } : null);
    const into = Buffer.alloc(4);
    await file.read(into, 0);
    expect(flipped(into, text('abcd'))).toBe(1);
    disk.faults = ({ kind }) => (kind === 'write' ? { kind: 'flip' } : null);
    await file.write([text('efgh')], 0);
    disk.restart(true);
    expect(flipped(disk.content('f'), text('efgh'))).toBe(1);
    disk.flip('f', 9);
    expect(flipped(disk.content('f'), text('efgh'))).toBe(2);
  });

  it('a call that hangs is never answered, and its write is never promised', async () => {
    const disk = new FakeDisk();
    const file = await fileWith(disk.mount(), '');
    disk.failAt({ at: 1, fault: 'hang' });
    const writing = file.write([text('abc')], 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.race([writing, Promise.resolve('no answer')])).toBe('no answer');
    disk.restart(true);
    expect(disk.content('f').length).toBe(0);
  });

  it('by chance are the same for the same seed, and of every kind', async () => {
    const run = async (seed: number) => {
      const disk = new FakeDisk({
        random: new Chance(seed).next,
        later: (_, go) => setImmediate(go),
      });
      const mount = disk.mount();
      const file = await fileWith(mount, 'abcd');
      const rates = { fail: 0.1, full: 0.1, short: 0.1, flip: 0.1, slow: 0.1, hang: 0.1 };
      disk.faults = byChance(rates, new Chance(seed).next);
      const answers: unknown[] = [];
      // What is slow ends in one of these turns; what hangs never does.
      const wait = async () => {
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        return 'no answer';
      };
      for (let n = 0; n < 60; n += 1) {
        const call = n % 2 === 0 ? file.write([text('abcd')], 0) : file.sync();
        answers.push(await Promise.race([call.catch(String), wait()]));
      }
      return { answers, hits: [...disk.hits].sort() };
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
    expect(first.hits.map(([kind]) => kind)).toEqual(['fail', 'flip', 'hang', 'short', 'slow']);
  });
});

function flipped(one: Buffer, two: Buffer): number {
  let bits = 0;
  for (const [i, byte] of one.entries()) {
    for (let x = byte ^ two[i]!; x > 0; x >>= 1) bits += x & 1;
  }
  return bits;
}

// The fake disk does what a disk must, and loses what a disk may lose, no more and no less.

import { describe, expect, it } from 'vitest';
import { type Disk, type DiskFile, readAll, writeAll } from '../../src/persistence/disk.ts';
import { Chance } from '../../src/sim/chance.ts';
import { FakeDisk } from '../../src/sim/disk.ts';
import { byChance } from '../../src/sim/disk-fault.ts';
import type { Leftover } from '../../src/sim/leftover.ts';
import { describeDisk } from '../contracts/disk.suite.ts';

describeDisk('the fake disk', { open: async () => new FakeDisk().mount() });

/** Virtual time: what is due happens when `run` is called, in order. */
class Time {
  now = 0;
  private due: { at: number; run: () => void }[] = [];

  later = (ms: number, run: () => void): void => {
    this.due.push({ at: this.now + ms, run });
    this.due.sort((a, b) => a.at - b.at);
  };

  /** Runs all that is due up to a moment, and what follows from it. */
  async until(at: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.due[0];
      if (next === undefined || next.at > at) break;
      this.due.shift();
      this.now = next.at;
      next.run();
    }
    this.now = at;
  }
}

describeDisk('the fake disk in virtual time', {
  open: async () => new FakeDisk({ later: (_, run) => setImmediate(run) }).mount(),
});

const ZERO = '\0';
const text = (of: string): Buffer => Buffer.from(of);

async function fileWith(disk: Disk, content: string): Promise<DiskFile> {
  const file = await disk.open('f', 'create');
  await writeAll(file, [text(content)], 0);
  await disk.syncFolder();
  return file;
}

describe('when the power goes, the fake disk', () => {
  it('keeps a write that returned and a name that was synced', async () => {
    const disk = new FakeDisk();
    await fileWith(disk.mount(), 'abc');
    expect(disk.atStake()).toEqual([]);
    disk.restart(true);
    expect(disk.content('f').toString()).toBe('abc');
  });

  it('loses what was written without waiting for the disk, unless it was synced', async () => {
    for (const synced of [false, true]) {
      const disk = new FakeDisk();
      await fileWith(disk.mount(), 'abc');
      const file = await disk.mount().open('f', 'write');
      await writeAll(file, [text('d')], 3);
      if (synced) await file.sync();
      expect(disk.content('f').toString()).toBe('abcd');
      expect(disk.atStake().length).toBe(synced ? 0 : 1);
      disk.restart(true);
      expect(disk.content('f').toString()).toBe(synced ? 'abcd' : 'abc');
    }
  });

  it('loses names that were not synced, and what became of them', async () => {
    const disk = new FakeDisk();
    const mount = disk.mount();
    await fileWith(mount, 'abc');
    await mount.rename('f', 'g');
    await (await mount.open('h', 'create')).close();
    await mount.remove('g');
    expect(await mount.list()).toEqual(['h']);
    expect(disk.atStake()).toEqual(Array(3).fill({ path: null, what: null }));
    disk.restart(true);
    expect([...disk.contents().keys()]).toEqual(['f']);
    expect(disk.content('f').toString()).toBe('abc');
  });

  it('keeps of three changes of names any of the eight choices', async () => {
    const found = new Set<string>();
    for (let choice = 0; choice < 8; choice += 1) {
      const disk = new FakeDisk();
      const mount = disk.mount();
      await fileWith(mount, 'abc');
      await (await mount.open('b', 'create')).close();
      await mount.rename('b', 'c');
      await mount.remove('f');
      let asked = 0;
      disk.restart(true, () => {
        asked += 1;
        return (choice >> (asked - 1)) & 1 ? 'all' : 'nothing';
      });
      expect(asked).toBe(3);
      found.add([...disk.contents().keys()].sort().join());
    }
    expect([...found].sort()).toEqual(['', 'b', 'b,f', 'c', 'c,f', 'f']);
  });

  it('loses a cut that was not synced, but not what was written behind it', async () => {
    for (const synced of [false, true]) {
      const disk = new FakeDisk();
      const file = await fileWith(disk.mount(), 'abcdef');
      await file.truncate(2);
      if (synced) await file.sync();
      await writeAll(file, [text('X')], 2);
      expect(disk.copy().content('f').toString()).toBe('abX');
      const other = disk.copy();
      other.restart(true, () => 'all');
      expect(other.content('f').toString()).toBe('abX');
      disk.restart(true);
      expect(disk.content('f').toString()).toBe(synced ? 'abX' : 'abXdef');
    }
  });

  it.each([
    ['nothing', '---'],
    ['half', 'ab-'],
    ['zeros', 'ab-\0'],
    ['all', 'abcd'],
  ] as const)('keeps of a write under way %s', async (leftover, content) => {
    const disk = new FakeDisk();
    const file = await fileWith(disk.mount(), '---');
    disk.hold('write');
    const writing = file.write([text('abcd')], 0);
    expect(disk.atStake()).toHaveLength(1);
    for (const machine of [disk.copy(), disk]) {
      machine.restart(true, ({ path, what }) => {
        expect([path, what]).toEqual(['f', { kind: 'write', bytes: 4 }]);
        return leftover;
      });
      expect(machine.content('f').toString()).toBe(content);
    }
    expect(await Promise.race([writing, Promise.resolve('no answer')])).toBe('no answer');
  });

  it('keeps of a write under way a prefix, or any of its sectors', async () => {
    const random = new Chance(7).next;
    const seen = async (leftover: Leftover): Promise<Set<string>> => {
      const found = new Set<string>();
      for (let n = 0; n < 200; n += 1) {
        const disk = new FakeDisk({ random });
        const file = await fileWith(disk.mount(), '-'.repeat(512));
        disk.hold('write');
        void file.write([Buffer.alloc(1_024, 'x')], 256);
        disk.restart(true, () => leftover);
        const runs =
          disk
            .content('f')
            .toString()
            .match(/(.)\1*/gs) ?? [];
        found.add(runs.map((run) => `${run[0]}${run.length}`).join());
      }
      return found;
    };
    // Three sectors (256, 512 and 256 bytes), and if the last are lost the length with or without.
    const sectors = await seen('sectors');
    expect(sectors.size).toBe(12);
    expect(sectors).toContain(`-512,${ZERO}512,x256`);
    expect((await seen('prefix')).size).toBeGreaterThan(100);
  });

  it('keeps nothing of a write under way that a sync overtook', async () => {
    const disk = new FakeDisk();
    const file = await fileWith(disk.mount(), '');
    disk.hold('write');
    void file.write([text('abcd')], 0);
    await file.sync();
    disk.restart(true);
    expect(disk.content('f').length).toBe(0);
  });
});

describe('when a process is killed, the fake disk', () => {
  it('keeps what its calls have done, and what of it must still be synced', async () => {
    const disk = new FakeDisk();
    const mount = disk.mount();
    const file = await fileWith(mount, 'abcdef');
    await mount.rename('f', 'g');
    await file.truncate(3);
    disk.restart(false);
    expect([...disk.contents()]).toEqual([['g', text('abc')]]);
    disk.restart(true);
    expect([...disk.contents()]).toEqual([['f', text('abcdef')]]);
  });

  it('carries a write under way as far as it is told, to be synced by another', async () => {
    for (const synced of [false, true]) {
      const disk = new FakeDisk();
      const file = await fileWith(disk.mount(), '');
      disk.hold('write');
      void file.write([text('abcd')], 0);
      disk.restart(false, () => 'half');
      expect(disk.content('f').toString()).toBe('ab');
      if (synced) await (await disk.mount().open('f', 'durable-write')).sync();
      disk.restart(true);
      expect(disk.content('f').toString()).toBe(synced ? 'ab' : '');
    }
  });

  it('lets it do nothing any more', async () => {
    const disk = new FakeDisk();
    const mount = disk.mount();
    const file = await fileWith(mount, 'abc');
    const release = disk.hold('write');
    const calls = [file.write([text('X')], 0)];
    disk.restart(false);
    release();
    calls.push(file.write([text('Y')], 0), mount.remove('f') as never, mount.list() as never);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.race([...calls, Promise.resolve('no answer')])).toBe('no answer');
    expect(disk.content('f').toString()).toBe('abc');
    expect(() => mount.readNow('f', Buffer.alloc(1), 0)).toThrow('EPOWER');
    expect(disk.calls).toBe(0);
  });
});

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

describe('in virtual time', () => {
  it('a call takes its latency and what a fault adds, durable when it ends', async () => {
    const time = new Time();
    const disk = new FakeDisk({
      later: time.later,
      latencyMs: ({ kind }) => (kind === 'sync' ? 10 : 1),
    });
    const done: string[] = [];
    const opening = disk.mount().open('f', 'create');
    await time.until(1);
    const file = await opening;
    disk.faults = ({ kind }) => (kind === 'write' ? { kind: 'slow', ms: 5 } : null);
    void file.write([text('ab')], 0).then(() => done.push(`write ${time.now}`));
    await time.until(6);
    expect(done).toEqual([]);
    const early = disk.copy();
    early.restart(true, ({ path }) => (path === null ? 'all' : 'nothing'));
    expect(early.content('f').length).toBe(0);
    await time.until(7);
    void file.truncate(1);
    await time.until(9);
    void file.sync().then(() => done.push(`sync ${time.now}`));
    void file.truncate(0);
    await time.until(30);
    expect(done).toEqual(['write 7', 'sync 19']);
    // The second cut came after the sync had begun: it is not covered.
    disk.restart(true, ({ path }) => (path === null ? 'all' : 'nothing'));
    expect(disk.content('f').toString()).toBe('a');
  });

  it('what is under way when the power goes fails, or is never answered', async () => {
    const time = new Time();
    const disk = new FakeDisk({ later: time.later, latencyMs: () => 5 });
    const before = disk.mount().list();
    disk.cutPower();
    const outcome = before.catch(String);
    await time.until(10);
    expect(await outcome).toContain('EPOWER');
    disk.restart(true);
    const answers: unknown[] = [];
    void disk
      .mount()
      .list()
      .then((names) => answers.push(names));
    disk.restart(true);
    await time.until(20);
    expect(answers).toEqual([]);
  });
});

function flipped(one: Buffer, two: Buffer): number {
  let bits = 0;
  for (const [i, byte] of one.entries()) {
    for (let x = byte ^ two[i]!; x > 0; x >>= 1) bits += x & 1;
  }
  return bits;
}

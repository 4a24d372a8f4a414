// What the fake disk loses when the power goes: what a disk may lose, no more and no less.

import { describe, expect, it } from 'vitest';
import { writeAll } from '../../src/persistence/disk/disk.ts';
import { Chance } from '../../src/sim/chance.ts';
import { FakeDisk } from '../../src/sim/disk/disk.ts';
import type { Leftover } from '../../src/sim/disk/leftover.ts';
import { fileWith, text } from './disk-file.ts';

const ZERO = '\0';

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

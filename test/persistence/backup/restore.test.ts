import { lstat, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BackupWriter } from '../../../src/persistence/backup/backup.ts';
import { restoreFolder } from '../../../src/persistence/backup/restore.ts';
import { checkFolder } from '../../../src/persistence/damage/verify.ts';
import { RealDisk } from '../../../src/persistence/disk/real-disk.ts';
import { entriesOf } from '../entries.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'replog-test-'));
});
afterEach(() => rm(home, { recursive: true }));

const backup = (count: number): Buffer => {
  const writer = new BackupWriter();
  const head = writer.head({ at: '2026-01-01T00:00:00.000Z', node: 'n1', lastIndex: count });
  const lines = entriesOf(1, count).map((entry) => writer.entry(entry));
  return Buffer.from([head, ...lines, writer.end()].join(''));
};

const read = (count: number) =>
  async function* () {
    yield backup(count);
  };

test('nothing of a restore that was killed is in the next one', async () => {
  await restoreFolder(read(9), join(home, 'n1'));
  await rename(join(home, 'n1'), join(home, '.n1.restoring'));
  await restoreFolder(read(3), join(home, 'n1'));
  expect(await readdir(home)).toEqual(['n1']);
  const { lastIndex } = await checkFolder(new RealDisk(join(home, 'n1')));
  expect(lastIndex).toBe(3);
});

test('a restore that fails while it writes leaves nothing behind', async () => {
  let reads = 0;
  async function* read(): AsyncGenerator<Buffer> {
    reads += 1;
    yield backup(3);
    if (reads === 2) throw new Error('the disk is full');
  }
  await expect(restoreFolder(read, join(home, 'new', 'n1'))).rejects.toThrow('the disk is full');
  expect(await readdir(home)).toEqual([]);
  await restoreFolder(read, join(home, 'new', 'n1'));
  expect(await readdir(join(home, 'new'))).toEqual(['n1']);
});

test('a restore that fails takes nothing away that others have put beside it', async () => {
  let reads = 0;
  async function* thenFails(): AsyncGenerator<Buffer> {
    reads += 1;
    yield backup(3);
    if (reads === 1) return;
    await restoreFolder(read(3), join(home, 'new', 'n2'));
    throw new Error('the disk is full');
  }
  const failed = restoreFolder(thenFails, join(home, 'new', 'n1'));
  await expect(failed).rejects.toThrow('the disk is full');
  expect(await readdir(join(home, 'new'))).toEqual(['n2']);
  expect((await checkFolder(new RealDisk(join(home, 'new', 'n2')))).lastIndex).toBe(3);
});

test('a link to an empty folder stays one, and leads to what is restored', async () => {
  await mkdir(join(home, 'disk'));
  await symlink('disk', join(home, 'n1'));
  await restoreFolder(read(3), join(home, 'n1'));
  expect((await readdir(home)).sort()).toEqual(['disk', 'n1']);
  expect((await lstat(join(home, 'n1'))).isSymbolicLink()).toBe(true);
  expect((await checkFolder(new RealDisk(join(home, 'n1')))).lastIndex).toBe(3);
});

test('one that cannot take its place at the end leaves nothing behind', async () => {
  let reads = 0;
  async function* thenNotes(): AsyncGenerator<Buffer> {
    reads += 1;
    yield backup(3);
    if (reads === 2) await writeFile(join(home, 'n1', 'notes'), 'somebody writes there');
  }
  await mkdir(join(home, 'n1'));
  await expect(restoreFolder(thenNotes, join(home, 'n1'))).rejects.toThrow('ENOTEMPTY');
  expect(await readdir(home)).toEqual(['n1']);
  await symlink('nowhere', join(home, 'link'));
  await expect(restoreFolder(read(3), join(home, 'link'))).rejects.toThrow('ENOTDIR');
  expect((await readdir(home)).sort()).toEqual(['link', 'n1']);
});

/** As if nobody had loaded it before: it has the calls that are there then. */
const RESTORE: string = '../../../src/persistence/backup/restore.ts?failing';
const FOLDERS = '../../../src/persistence/disk/folders.ts';

test.each(['the last sync', 'the renaming'])(
  'one that has its name when %s fails leaves nothing behind, and can be tried again',
  async (what) => {
    let failures = 0;
    const failOnce = (call: string): void => {
      if (call !== what || failures > 0) return;
      failures += 1;
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    vi.doMock(FOLDERS, async (original) => ({
      ...(await original<typeof import('../../../src/persistence/disk/folders.ts')>()),
      syncFolder: async () => failOnce('the last sync'),
    }));
    vi.doMock('node:fs/promises', async (original) => ({
      ...(await original<typeof import('node:fs/promises')>()),
      // It took effect all the same, as happens on network file systems.
      rename: async (from: string, to: string) => {
        await rename(from, to);
        failOnce('the renaming');
      },
    }));
    try {
      const { restoreFolder: restored } = await import(`${RESTORE}=${what}`);
      await expect(restored(read(3), join(home, 'n1'))).rejects.toThrow('EIO');
      expect([failures, await readdir(home)]).toEqual([1, []]);
      await restored(read(3), join(home, 'n1'));
      expect(await readdir(home)).toEqual(['n1']);
    } finally {
      vi.doUnmock(FOLDERS);
      vi.doUnmock('node:fs/promises');
    }
  },
);

import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BackupWriter } from '../../src/persistence/backup.ts';
import { RealDisk } from '../../src/persistence/real-disk.ts';
import { restoreFolder } from '../../src/persistence/restore.ts';
import { checkFolder } from '../../src/persistence/verify.ts';
import { entriesOf } from './entries.ts';

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

test('nothing of a restore that was killed is in the next one', async () => {
  const read = (count: number) =>
    async function* () {
      yield backup(count);
    };
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

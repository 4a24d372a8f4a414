import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BackupWriter } from '../../src/persistence/backup.ts';
import { restoreFolder } from '../../src/persistence/restore.ts';
import { entriesOf } from './entries.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'replog-test-'));
});
afterEach(() => rm(home, { recursive: true }));

test('a restore that fails while it writes leaves nothing behind', async () => {
  const writer = new BackupWriter();
  const head = writer.head({ at: '2026-01-01T00:00:00.000Z', node: 'n1', lastIndex: 3 });
  const lines = entriesOf(1, 3).map((entry) => writer.entry(entry));
  const text = [head, ...lines, writer.end()].join('');
  let reads = 0;
  async function* read(): AsyncGenerator<Buffer> {
    reads += 1;
    yield Buffer.from(text);
    if (reads === 2) throw new Error('the disk is full');
  }
  await expect(restoreFolder(read, join(home, 'new', 'n1'))).rejects.toThrow('the disk is full');
  expect(await readdir(home)).toEqual([]);
  await restoreFolder(read, join(home, 'new', 'n1'));
  expect(await readdir(join(home, 'new'))).toEqual(['n1']);
});

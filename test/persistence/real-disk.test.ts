import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAll } from '../../src/persistence/disk.ts';
import { RealDisk } from '../../src/persistence/real-disk.ts';

describe('a real disk', () => {
  let root: string;
  let disk: RealDisk;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'replog-disk-'));
    disk = new RealDisk(join(root, 'a', 'b'));
    await disk.makeFolder();
    await disk.makeFolder();
  });
  afterAll(async () => {
    await rm(root, { recursive: true });
  });

  it('writes several buffers at a place, and reads them there', async () => {
    const file = await disk.open('f', 'durable-write');
    await writeAll(file, [Buffer.from('0123456789')], 0);
    await writeAll(file, [Buffer.from('ab'), Buffer.alloc(0), Buffer.from('cd')], 3);
    expect(await file.size()).toBe(10);
    const into = Buffer.alloc(20);
    expect(await file.read(into, 2)).toBe(8);
    expect(into.toString('utf8', 0, 8)).toBe('2abcd789');
    expect(await file.read(into, 10)).toBe(0);
    await file.truncate(4);
    await file.sync();
    await file.close();
    expect(disk.readNow('f', into, 1)).toBe(3);
    expect(await readFile(join(disk.name, 'f'), 'utf8')).toBe('012a');
  });

  it('opens as it is told', async () => {
    await expect(disk.open('none', 'read')).rejects.toMatchObject({ code: 'ENOENT' });
    await (await disk.open('new', 'create')).close();
    await expect(disk.open('new', 'create')).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('renames over what is there, and removes what may not be there', async () => {
    await (await disk.open('x', 'create')).close();
    await (await disk.open('y', 'create')).close();
    await disk.rename('x', 'y');
    await disk.remove('x');
    await disk.syncFolder();
    expect(await disk.list()).not.toContain('x');
    await disk.remove('y');
    expect(await disk.list()).not.toContain('y');
  });
});

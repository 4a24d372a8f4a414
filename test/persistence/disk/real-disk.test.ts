import { constants } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RealDisk } from '../../../src/persistence/disk/real-disk.ts';
import { describeDisk } from '../../contracts/disk.suite.ts';

let root: string;
let folders = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'replog-disk-'));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

/** A folder that does not exist, in one that does not exist either. */
function fresh(): RealDisk {
  folders += 1;
  return new RealDisk(join(root, `disk-${folders}`, 'data'));
}

describeDisk('a real disk', { open: async () => fresh() });

it('a real disk: what it makes is its owner’s alone', async () => {
  const disk = fresh();
  await disk.makeFolder();
  await (await disk.open('f', 'create')).close();
  expect((await stat(join(disk.name, 'f'))).mode & 0o777).toBe(0o600);
});

/** How this process has the file at `path` open, as Linux tells: the flags of open(2). */
async function flagsOf(path: string): Promise<number> {
  for (const fd of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => null);
    if (target !== path) continue;
    const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8');
    return Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)![1]!, 8);
  }
  throw new Error(`${path} is not open here`);
}

it.for([
  ['durable-write', true],
  ['create', true],
  ['write', false],
  ['read', false],
] as const)(
  'B08: of a file opened for %s, what is written is durable: %s',
  async (how, { skip }) => {
    skip(process.platform !== 'linux', 'only Linux tells how a file is open');
    const [mode, durable] = how;
    const disk = fresh();
    await disk.makeFolder();
    if (mode === 'read') await (await disk.open('f', 'create')).close();
    const file = await disk.open('f', mode);
    const flags = await flagsOf(join(disk.name, 'f'));
    await file.close();
    expect((flags & constants.O_DSYNC) !== 0).toBe(durable);
  },
);

it('a real disk: a folder that is not there is said to be missing', async () => {
  const disk = fresh();
  await expect(disk.list()).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(disk.open('f', 'create')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(disk.syncFolder()).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a real disk: a folder that somebody has removed takes nothing with it unnoticed', async () => {
  const disk = fresh();
  await disk.makeFolder();
  const file = await disk.open('f', 'durable-write');
  await file.write([Buffer.from('a')], 0);
  await rm(disk.name, { recursive: true });
  await expect(file.write([Buffer.from('b')], 1)).rejects.toMatchObject({ code: 'ENOENT' });
  await file.close();
});

it('a real disk: what cannot be read is named', async () => {
  const disk = fresh();
  await disk.makeFolder();
  const path = join(disk.name, 'f');
  await mkdir(path);
  const file = await disk.open('f', 'read');
  const said = { code: 'EISDIR', path, message: expect.stringContaining(path) };
  await expect(file.read(Buffer.alloc(9), 0)).rejects.toMatchObject(said);
  await file.close();
});

it('a real disk: what cannot be removed is no file that is gone', async () => {
  const disk = fresh();
  await disk.makeFolder();
  await mkdir(join(disk.name, 'f'));
  // As a folder cannot be, which is said in one way by Linux and in another by others.
  const said = { code: expect.stringMatching(/^(?:EISDIR|EPERM)$/) };
  await expect(disk.remove('f')).rejects.toMatchObject(said);
});

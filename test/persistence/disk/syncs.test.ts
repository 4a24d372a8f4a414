// What a real disk syncs: no file system tells what a power cut would leave, so it is the calls
// that are looked at.

import fs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** As if nobody had loaded them before: they keep the calls that they find then. */
const FOLDERS: string = '../../../src/persistence/disk/folders.ts?watched';
const REAL_DISK: string = '../../../src/persistence/disk/real-disk.ts?watched';

const synced: string[] = [];
let root: string;

/** Takes down what is synced. */
function watch(): void {
  const { open, fsync } = fs;
  const opened = new Map<number, string>();
  vi.spyOn(fs, 'open').mockImplementation(((path: string, ...rest: unknown[]) => {
    const done = rest.pop() as (error: Error | null, fd: number) => void;
    const noted = (error: Error | null, fd: number): void => {
      if (error === null) opened.set(fd, path);
      done(error, fd);
    };
    Reflect.apply(open, fs, [path, ...rest, noted]);
  }) as typeof fs.open);
  vi.spyOn(fs, 'fsync').mockImplementation((fd, done) =>
    fsync(fd, (error) => {
      if (error === null) synced.push(opened.get(fd)!);
      done(error);
    }),
  );
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'replog-folders-'));
  synced.length = 0;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

it('B29: a file that is told to sync does, itself', async () => {
  watch();
  const { RealDisk } = await import(REAL_DISK);
  const file = await new RealDisk(root).open('f', 'write');
  await file.write([Buffer.from('a')], 0);
  expect(synced).toEqual([]);
  await file.sync();
  await file.close();
  expect(synced).toEqual([join(root, 'f')]);
});

describe.skipIf(process.platform === 'win32')('B27: names that outlast a power cut', () => {
  it('are those of a new folder and of all new ones above it, each in its parent', async () => {
    watch();
    const { makeFolder } = await import(FOLDERS);
    const folder = join(root, 'a', 'b', 'c');
    expect(await makeFolder(folder)).toBe(join(root, 'a'));
    expect(synced).toEqual([join(root, 'a', 'b'), join(root, 'a'), root]);
    synced.length = 0;
    expect(await makeFolder(folder)).toBeUndefined();
    expect(synced).toEqual([]);
    expect(await makeFolder(join(dirname(folder), 'd'))).toBe(join(root, 'a', 'b', 'd'));
    expect(synced).toEqual([join(root, 'a', 'b')]);
  });
});

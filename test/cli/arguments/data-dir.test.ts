// Where data are kept: what a `--data-dir` means, and what is said of one that cannot be used.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dataDirFrom, nodeFolders, unusableFolder } from '../../../src/cli/arguments/data-dir.ts';
import { UsageError } from '../../../src/cli/exit.ts';

const folder = mkdtempSync(join(tmpdir(), 'replog-data-dir-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('an empty one is not the current folder', () => {
  expect(dataDirFrom('.')).toBe(resolve('.'));
  expect(() => dataDirFrom('')).toThrow(UsageError);
  // As `--data-dir $DIR --memory` is read where DIR is not set.
  expect(() => dataDirFrom('--memory')).toThrow('--data-dir has no value: --memory is an option');
  expect(dataDirFrom('./--memory')).toBe(resolve('--memory'));
});

test.runIf(process.platform === 'linux')('one below /proc is refused before it is made', () => {
  for (const path of ['/proc/x', '/proc/x/y', '/proc/self']) {
    expect(() => dataDirFrom(path)).toThrow(`the data cannot be kept in ${path}`);
  }
});

test('a file, or a folder in a file, is said to be none', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const cases = [
    { path: file, reason: 'it is a file' },
    { path: join(file, 'inside'), reason: 'a part of it is a file' },
    { path: join(file, 'inside', 'deeper'), reason: 'a part of it is a file' },
  ];
  for (const { path, reason } of cases) {
    const error = await mkdir(path, { recursive: true }).catch((thrown: unknown) => thrown);
    for (const given of [error, new Error('the disk', { cause: error })]) {
      const said = unusableFolder(given, path);
      expect(said).toBeInstanceOf(UsageError);
      expect(said?.message).toBe(`the data cannot be kept in ${path}: ${reason}`);
    }
    expect(unusableFolder(error, null)).toBeNull();
  }
});

test('on a disk that is read-only the one that cannot be made is no missing one', () => {
  // What Node says of a mkdir of all that is missing, whatever the reason.
  const missing = Object.assign(new Error(), { code: 'ENOENT', syscall: 'mkdir' });
  const asked: string[] = [];
  const readOnly = (asks: string) => {
    asked.push(asks);
    throw Object.assign(new Error(), { code: 'EROFS' });
  };
  const path = join(folder, 'new', 'n1');
  const said = unusableFolder(missing, path, readOnly);
  expect(said?.message).toBe(`the data cannot be kept in ${path}: that disk is read-only`);
  expect(asked).toEqual([folder]);
  expect(unusableFolder(missing, path)).toBeNull();
});

test('any other error is left as it is', () => {
  expect(unusableFolder(Object.assign(new Error(), { code: 'EADDRINUSE' }), folder)).toBeNull();
  const bind = Object.assign(new Error(), { code: 'EACCES', syscall: 'listen' });
  expect(unusableFolder(bind, folder)).toBeNull();
});

test('who names a backup where a folder is wanted is told how to check it', () => {
  const file = join(folder, 'log.backup');
  writeFileSync(file, '');
  const error = (path: string) => {
    try {
      return nodeFolders(path);
    } catch (refusal) {
      return refusal;
    }
  };
  expect(error(file)).toMatchObject({
    message: `${file} is no folder`,
    hint: expect.stringContaining('`replog restore --check`'),
  });
  expect(error(join(folder, 'none'))).toMatchObject({
    message: `there is no folder ${join(folder, 'none')}`,
    hint: expect.not.stringContaining('restore'),
  });
});

// Where data are kept: what a `--data-dir` means, and what is said of one that cannot be used.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dataDirFrom, unusableFolder } from '../../src/cli/data-dir.ts';
import { UsageError } from '../../src/cli/exit.ts';

const folder = mkdtempSync(join(tmpdir(), 'replog-data-dir-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('an empty one is not the current folder', () => {
  expect(dataDirFrom('.')).toBe(resolve('.'));
  expect(() => dataDirFrom('')).toThrow(UsageError);
});

test.runIf(process.platform === 'linux')('one below /proc is refused before it is made', () => {
  for (const path of ['/proc/x', '/proc/x/y', '/proc/self']) {
    expect(() => dataDirFrom(path)).toThrow(`the data cannot be kept in ${path}`);
  }
});

test('a file, or a folder in a file, is said to be none', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'inside')]) {
    const error = await mkdir(path, { recursive: true }).catch((reason: unknown) => reason);
    for (const given of [error, new Error('the disk', { cause: error })]) {
      const said = unusableFolder(given, path);
      expect(said).toBeInstanceOf(UsageError);
      expect(said?.message).toMatch(/the data cannot be kept in .*file/);
    }
    expect(unusableFolder(error, null)).toBeNull();
  }
});

test('any other error is left as it is', () => {
  expect(unusableFolder(Object.assign(new Error(), { code: 'EADDRINUSE' }), folder)).toBeNull();
  const bind = Object.assign(new Error(), { code: 'EACCES', syscall: 'listen' });
  expect(unusableFolder(bind, folder)).toBeNull();
});

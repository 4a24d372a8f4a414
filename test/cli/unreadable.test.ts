// Files that cannot be read are named, with the reason in words, by every command that takes one.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/main.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'replog-test-'));
  await mkdir(join(home, 'folder'));
  await writeFile(join(home, 'file'), Buffer.from([0, 0xff, 0x1b, 0x80, 10, 0]));
});
afterAll(() => rm(home, { recursive: true }));

const READERS = [
  'replay',
  'check',
  'scenario check',
  'scenario run',
  'restore --check',
  'append a --token-file',
];

const PLACES: readonly [name: string, why: string][] = [
  ['none', 'there is no such file'],
  ['folder', 'it is a folder'],
  ['file/none', 'a part of it is a file'],
  ['n'.repeat(300), 'the name is too long'],
];

test.each(READERS.flatMap((reader) => PLACES.map(([name, why]) => [reader, why, name])))(
  '%s: %s',
  async (reader, why, name) => {
    const file = join(home, name!);
    const { code, err, out } = await runCommand(COMMANDS, ...reader!.split(' '), file);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`${file} cannot be `);
    expect(err).toMatch(new RegExp(`^replog: .*: ${why}.*\nhint: .+\n$`));
  },
);

test.each(READERS)('%s: an empty name is to be seen', async (reader) => {
  const { code, err } = await runCommand(COMMANDS, ...reader.split(' '), '');
  expect(code).toBe(2);
  expect(err).toMatch(/^replog: .*"" cannot be read: there is no such file.*\nhint: .+\n$/);
});

test.each(['verify', 'repair --cut'])('%s: an empty name is not the folder here', async (line) => {
  const { code, err } = await runCommand(COMMANDS, ...line.split(' '), '');
  expect(code).toBe(2);
  expect(err).toContain('replog: the name of the folder is empty\nhint: ');
});

test.each(READERS.filter((reader) => !reader.startsWith('restore')))(
  '%s: bytes that are no text',
  async (reader) => {
    const { code, err } = await runCommand(COMMANDS, ...reader.split(' '), join(home, 'file'));
    expect(code).toBe(2);
    expect(err).toMatch(/^replog: .*file.* is not UTF-8 text\nhint: .+\n$/);
  },
);

test('replay: a text that is no recording', async () => {
  const file = join(home, 'text');
  await writeFile(file, 'hello\n');
  const { code, err } = await runCommand(COMMANDS, 'replay', file);
  expect(code).toBe(2);
  expect(err).toMatch(
    /cannot be played: line 1 .*\nhint: name a file that `replog chaos --record`/,
  );
});

test('backup: a file that cannot be made is named as it was given', async () => {
  const { writeBackup } = await import('../../src/cli/backup/backup-file.ts');
  const file = join(home, 'none', 'log.backup');
  await expect(
    writeBackup({ file, force: undefined }, async () => undefined),
  ).rejects.toMatchObject({ path: file });
});

// A recording may be all that there is of a run that found something: no other takes its place.

import { closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRecord, refuseRecorded } from '../../../src/cli/arguments/record-file.ts';
import { register as chaos } from '../../../src/cli/commands/chaos.ts';
import { register as replay } from '../../../src/cli/commands/replay.ts';
import { runCommand } from '../command-run.ts';
import { isolate } from '../isolation.ts';

isolate();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replog-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['chaos', []],
  ['replay', ['run.jsonl']],
] as const)('%s writes over no file, and starts nothing', async (command, args) => {
  const file = join(folder, 'kept.jsonl');
  writeFileSync(file, 'found something\n');
  const ran = await runCommand([chaos, replay], command, ...args, '--record', file);
  expect(ran).toEqual({
    ...{ code: 2, out: '' },
    err: `replog: ${file} exists already\nhint: choose another name, or remove it\n`,
  });
  expect(readFileSync(file, 'utf8')).toBe('found something\n');
});

test.each([
  ['no folder', 'none/run.jsonl', 'there is no such file or folder'],
  ['a file as its folder', 'kept.jsonl/run.jsonl', 'a part of it is a file'],
  ['a folder', '', 'it is a folder'],
  ['a name too long', 'x'.repeat(300), 'the name is too long'],
])(
  '%s: no recording can be made there, which is said before a cluster is started',
  async (...row) => {
    const [, name, why] = row;
    writeFileSync(join(folder, 'kept.jsonl'), 'found something\n');
    const file = join(folder, name);
    const ran = await runCommand([chaos], 'chaos', '--record', file);
    expect(ran).toEqual({
      ...{ code: 2, out: '' },
      err:
        `replog: ${file} cannot be used: ${why}\n` +
        'hint: name a file in a folder that exists, and that this user may use\n',
    });
    expect(() => refuseRecorded('')).toThrow('"" cannot be used');
  },
);

test('one that came to be meanwhile stays; a device may be written to', () => {
  const file = join(folder, 'new.jsonl');
  refuseRecorded(file);
  closeSync(openRecord(file));
  expect(() => openRecord(file)).toThrow(`${file} exists already`);
  closeSync(openRecord('/dev/null'));
});

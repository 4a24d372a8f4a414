// What a node does not do before it listens: each of these took it a tenth of its start or more.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LATE_PARSER } from '../../src/cli/compilation.ts';
import { Belongings } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** Runs in the process before the program does, and writes to `file` what that has done when it
 * says its first word. What is loaded later, in a quiet moment, is no matter of the start. */
const witness = (file: string): string => `
  const { writeFileSync } = require('node:fs');
  const v8 = require('node:v8');
  const flags = [];
  const set = v8.setFlagsFromString;
  v8.setFlagsFromString = (flag) => { flags.push(flag); set(flag); };
  const { stdout } = process;
  const { write } = stdout;
  stdout.write = (...args) => {
    stdout.write = write;
    const loaded = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''));
    writeFileSync(${JSON.stringify(file)}, JSON.stringify({ loaded, flags }));
    return stdout.write(...args);
  };
`;

test('a start loads neither fetch nor HTTP/2, and has V8 compile the parser late', async () => {
  const folder = await belongings.folder();
  const [file, preload] = [join(folder, 'start.json'), join(folder, 'witness.cjs')];
  await writeFile(preload, witness(file));
  const args = ['master', '--memory', '--json', '--port', '0'];
  const master = belongings.program(args, { NODE_OPTIONS: `--require ${preload}` });
  await master.event('listening');
  const { loaded, flags } = JSON.parse(await readFile(file, 'utf8'));
  expect(loaded).toContain('http');
  expect(loaded).not.toContain('http2');
  expect(loaded).not.toContain('internal/deps/undici/undici');
  expect(flags).toEqual(expect.arrayContaining([...LATE_PARSER]));
});

// The commands that serve start from code that was compiled when the program was built.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { newProgram } from '../../src/cli/program.ts';
import { SERVING } from '../../src/cli/serving.ts';
import { ENTRY } from './program.ts';

const LOADER = pathToFileURL(join(dirname(ENTRY), 'compiled.js')).href;
const FILE = join(dirname(ENTRY), '..', 'dist', 'cli', 'serving.cjs');

function run(args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('V8 takes the code that the build has kept', () => {
  const program = `
    import { loadCompiled } from ${JSON.stringify(LOADER)};
    console.log(loadCompiled(${JSON.stringify(FILE)}).script.cachedDataRejected);
  `;
  expect(run(['--input-type=module', '-e', program])).toEqual({
    status: 0,
    stdout: 'false\n',
    stderr: '',
  });
});

test('what is kept does not say where it was built', () => {
  const kept = readFileSync(`${FILE}.code`);
  expect(kept.includes('serving.cjs')).toBe(true);
  expect(kept.includes(join(dirname(ENTRY), '..'))).toBe(false);
});

test('where V8 refuses it, the program runs as ever', () => {
  const plain = run([ENTRY, 'cluster', '--help']);
  expect(plain).toMatchObject({ status: 0, stderr: '' });
  // Other flags, other code: this is how a V8 of another version looks at it.
  expect(run(['--no-sparkplug', '--no-opt', ENTRY, 'cluster', '--help'])).toEqual(plain);
});

test('all commands of that file are started from it', () => {
  const started = readFileSync(ENTRY, 'utf8');
  const [, names = ''] = /SERVING = new Set\(\[(.*)\]\)/.exec(started) ?? [];
  const listed = newProgram();
  for (const register of SERVING) register(listed);
  const commands = listed.commands.map((command) => `'${command.name()}'`);
  expect(names.split(', ')).toEqual(commands);
});

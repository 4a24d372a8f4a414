// A signal that comes while the program is still being loaded: a server ends in order, and a node
// that a launcher started waits for its word.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Belongings, call, ENTRY, freePorts, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** Runs in the process before the program does, and sends it a signal when it loads its code. */
const preload = (signal: NodeJS.Signals): string => `
  const fs = require('node:fs');
  const { readFileSync } = fs;
  fs.readFileSync = (path, ...rest) => {
    if (String(path).endsWith('serving.cjs')) {
      fs.readFileSync = readFileSync;
      process.kill(process.pid, ${JSON.stringify(signal)});
    }
    return readFileSync(path, ...rest);
  };
`;

/** Runs a command that gets the signal then. `parent`: it has a channel to who started it. */
async function start(command: string, signal: NodeJS.Signals, parent = false) {
  const folder = await belongings.folder();
  const file = join(folder, 'preload.cjs');
  await writeFile(file, preload(signal));
  const port = await freePorts(3);
  const child: ChildProcess = spawn(
    process.execPath,
    ['--require', file, ENTRY, ...command.split(' '), '--memory', '--port', `${port}`, '--json'],
    {
      stdio: ['ignore', 'pipe', 'pipe', ...(parent ? ['ipc' as const] : [])],
      env: { ...process.env, REPLOG_RUN_DIR: folder },
    },
  );
  belongings.add(async () => child.kill('SIGKILL'));
  return child;
}

test.each([
  ['cluster --secondaries 1', 'SIGINT'],
  ['cluster --secondaries 1', 'SIGTERM'],
  ['cluster --secondaries 1', 'SIGHUP'],
  ['master', 'SIGINT'],
  ['arbiter', 'SIGTERM'],
] as const)('%s: %s while it loads ends it with code 0', async (command, signal) => {
  const child = await start(command, signal);
  let err = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdout!.resume();
  const [code, by] = await once(child, 'close');
  expect({ code, by, err }).toEqual({ code: 0, by: null, err: '' });
});

test('a node that has a launcher does not mind Ctrl-C while it loads', async () => {
  const child = await start('master', 'SIGINT', true);
  child.stdout!.resume();
  const [said] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  expect(said).toMatchObject({ type: 'listening' });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('Ctrl-C of a start in the background stops what was started', async () => {
  const folder = await belongings.folder();
  const port = await freePorts(3);
  const env = { REPLOG_RUN_DIR: folder };
  const args = ['cluster', '--detach', '--secondaries', '1', '--memory', '--port', `${port}`];
  const starter = belongings.program(args, env);
  const started = async () => existsSync(join(folder, `cluster-${port}.log`));
  await until(started, Boolean, 'the launcher is started');
  expect(await starter.kill('SIGINT')).toEqual({ code: 130, signal: null });
  expect(starter.stderr).toBe('replog: interrupted\n');
  expect(starter.lines).toEqual([]);
  await expect(call('GET', `http://127.0.0.1:${port + 2}/cluster`)).rejects.toThrow();
  expect(await readdir(folder)).toEqual([]);
});

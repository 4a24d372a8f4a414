// `replog stop` of a cluster that no other command finds yet.

import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Belongings, freePorts, type Program, until } from './program.ts';

const belongings = new Belongings();
let env: { REPLOG_RUN_DIR: string; NODE_OPTIONS: string };
let home: string;

/** No node gets any further: however long `stop` takes to begin, the cluster is still starting. */
const HELD = `if (process.argv[2] === 'node') {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}`;

beforeEach(async () => {
  home = await belongings.folder();
  const held = join(home, 'held.cjs');
  await writeFile(held, HELD);
  env = { REPLOG_RUN_DIR: join(home, 'run'), NODE_OPTIONS: `--require ${held}` };
});

afterEach(() => belongings.release());

const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

const stop = () => belongings.program(['stop', '--name', 'a', '--json'], env, home);

async function start(...args: readonly string[]): Promise<Program> {
  const place = ['--name', 'a', '--port', `${await freePorts(4)}`];
  return belongings.program(['cluster', '--json', '--memory', ...place, ...args], env, home);
}

const claimed = (count: number) =>
  until(
    async () => filesIn(env.REPLOG_RUN_DIR).filter((file) => file.endsWith('.claim')),
    (claims) => claims.length >= count,
    'the cluster has claimed its name',
  );

test('of a cluster that is being started: it ends in order, and nothing is left', async () => {
  const launcher = await start();
  await claimed(1);
  const stopped = stop();
  expect([await stopped.exited, stopped.stderr]).toEqual([{ code: 0, signal: null }, '']);
  expect(stopped.lines).toEqual([{ name: 'a', pid: launcher.child.pid, state: 'stopped' }]);
  expect([await launcher.exited, launcher.stderr]).toEqual([{ code: 0, signal: null }, '']);
  expect(filesIn(env.REPLOG_RUN_DIR)).toEqual([]);
});

test('of one that is being started in the background: who waits for it is told', async () => {
  const starter = await start('--detach');
  await claimed(2);
  const stopped = stop();
  expect([await stopped.exited, stopped.stderr]).toEqual([{ code: 0, signal: null }, '']);
  expect(stopped.lines).toMatchObject([{ name: 'a', state: 'stopped' }]);
  expect(await starter.exited).toEqual({ code: 143, signal: null });
  expect(starter.stderr).toBe('replog: interrupted\n');
  expect(filesIn(env.REPLOG_RUN_DIR)).toEqual([]);
});

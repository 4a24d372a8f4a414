// The current folder was removed under the shell: what needs none works, the rest is said in words.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Belongings, ENTRY, freePorts } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** Runs it in a folder that is gone by then. */
async function run(...args: readonly string[]) {
  const home = await belongings.folder();
  const env = { ...process.env, REPLOG_RUN_DIR: join(home, 'run'), NO_COLOR: '1' };
  const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
  const command = ['-c', script, 'sh', process.execPath, ENTRY, ...args];
  const { status, stderr } = spawnSync('sh', command, { cwd: home, env, encoding: 'utf8' });
  return { status, stderr };
}

test.each(['cluster', 'master', 'verify data'])('replog %s needs one', async (line) => {
  const { status, stderr } = await run(...line.split(' '));
  expect(status).toBe(2);
  expect(stderr).toMatch(/^replog: the current folder was removed\nhint: .+\n$/);
});

test('a cluster in memory needs none', async () => {
  const place = ['--memory', '--port', `${await freePorts(4)}`];
  // What is wrong is not the folder.
  const { stderr } = await run('cluster', ...place, '--w', '9');
  expect(stderr).toMatch(/^replog: w is 9, but the cluster has only 3 nodes\n/);
});

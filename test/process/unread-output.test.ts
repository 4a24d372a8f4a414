// Servers whose output cannot be written, or is read by nobody. The rule: they go on.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Belongings, call, ENTRY, freePorts, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** A master that serves, with `stderr` as that of its process. */
async function master(stderr: 'pipe' | number, ...more: string[]) {
  const port = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const args = ['master', '--port', `${port}`, ...more];
  const child = spawn(process.execPath, [ENTRY, ...args], { stdio: ['ignore', 'ignore', stderr] });
  belongings.add(async () => child.kill('SIGKILL'));
  await until(
    () => call('GET', `${url}/readyz`),
    ({ status }) => status === 200,
    'it is ready',
  );
  return { child, url };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

test('a master whose stderr is on a full disk goes on', async ({ skip }) => {
  if (!existsSync('/dev/full')) skip('this system has no device that is always full');
  const full = openSync('/dev/full', 'w');
  belongings.add(async () => closeSync(full));
  const { child, url } = await master(full, '--memory', '--log-level', 'info');
  const { status } = await call('POST', `${url}/messages`, { message: 'a' });
  expect(status).toBe(201);
  const end = ended(child);
  child.kill('SIGTERM');
  expect(await end).toBe(0);
});

test('a master whose stderr is a pipe that nobody reads goes on, and ends in time', async () => {
  const folder = join(await belongings.folder(), 'n1');
  const { child, url } = await master('pipe', '--data-dir', folder);
  child.stderr!.pause();
  const messages = Array.from({ length: 10 }, () => 'x'.repeat(1 << 20));
  expect((await call('POST', `${url}/messages/batch`, { messages })).status).toBe(201);
  expect((await call('POST', `${url}/messages`, { message: 'next segment' })).status).toBe(201);
  const segment = join(folder, 'log-0000000000000001.seg');
  renameSync(segment, `${segment}.away`);
  // Each refusal is a line of more than a kilobyte: together they are more than a pipe takes.
  for (let count = 0; count < 400; count += 1) {
    expect((await call('GET', `${url}/messages`)).status).toBe(500);
  }
  expect((await call('POST', `${url}/messages`, { message: 'b' })).status).toBe(201);
  renameSync(`${segment}.away`, segment);
  const end = ended(child);
  child.kill('SIGTERM');
  expect(await end).toBe(0);
});

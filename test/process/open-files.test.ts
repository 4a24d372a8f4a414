// Nodes that may open few files, and clients that hold on to every connection they get. The rule:
// who holds them does not stop the others, nor the node's own work.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Belongings, call, ENTRY, freePorts, until } from './program.ts';
import { exchange } from './wire.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const OPEN_FILES = 40;

/** A durable master of two that may open so many files. */
async function limited() {
  const port = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const folder = join(await belongings.folder(), 'n1');
  const args = ['master', '--secondaries', '1', '--port', `${port}`, '--data-dir', folder];
  const child = spawn(
    'sh',
    ['-c', `ulimit -n ${OPEN_FILES}; exec "$0" "$@"`, process.execPath, ENTRY, ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  belongings.add(async () => child.kill('SIGKILL'));
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const secondary = belongings.program([
    ...['secondary', '--id', 'n2', '--join', url, '--port', `${port + 1}`, '--memory', '--json'],
  ]);
  await secondary.event('listening');
  const writable = () =>
    until(
      () => call('GET', `${url}/health`),
      ({ body }) => body.mode === 'read-write',
      'it takes writes',
    );
  await writable();
  return { child, port, url, said, writable };
}

/** Appends at `url`, all over one connection, to both nodes. Returns the status. */
function writer(url: string): (message: string) => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  belongings.add(async () => agent.destroy());
  return async (message) => {
    const body = JSON.stringify({ message, w: 2, timeoutMs: 10_000 });
    const headers = { 'content-type': 'application/json' };
    const post = { method: 'POST', path: '/messages', headers, body };
    return (await exchange(url, post, { agent })).status;
  };
}

/** Connections on which nothing is asked, until the server takes no more of them. */
async function hold(port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  let sentAway: () => void = () => undefined;
  const enough = new Promise<void>((resolve) => {
    sentAway = resolve;
  });
  for (let count = 0; count < 2 * OPEN_FILES; count += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).once('close', sentAway);
    sockets.push(socket);
  }
  belongings.add(async () => {
    for (const socket of sockets) socket.destroy();
  });
  await enough;
  return sockets;
}

test('G8, G16: idle connections leave a node the files that it works with', async ({ skip }) => {
  if (process.platform !== 'linux') skip('only Linux says how many files a process may open');
  const { child, port, url, said, writable } = await limited();
  const append = writer(url);
  expect(await append('a')).toBe(201);
  const held = await hold(port);
  await until(
    async () => said.join(''),
    (text) => text.includes('ulimit -n'),
    'it says that it is full',
  );
  const [line, ...more] = said.join('').trim().split('\n');
  expect(JSON.parse(line!)).toMatchObject({ level: 'warn', connections: expect.any(Number) });
  expect(more).toEqual([]);
  expect(readdirSync(`/proc/${child.pid}/fd`).length).toBeLessThan(OPEN_FILES - 2);

  // More than a segment takes: another file, and a summary of the first one.
  const statuses = new Set<number>();
  for (let count = 0; count < 20; count += 1) statuses.add(await append('x'.repeat(500_000)));
  expect([...statuses]).toEqual([201]);

  for (const socket of held) socket.destroy();
  await writable();
  expect(await append('b')).toBe(201);
});

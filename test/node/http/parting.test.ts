// What a server that ends says to those who are connected, and what it still does for them.

import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { createApp } from '../../../src/node/api/app.ts';
import type { Route } from '../../../src/node/http/route.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

/** A server whose writes wait until it is told to answer them, which does not end by force. */
async function start(routes: Route[] = [], graceMs = 60_000) {
  const asked: string[] = [];
  const undecided: ((outcome: Outcome) => void)[] = [];
  const engine = new FakeEngine();
  engine.write = ({ operations: [operation] }) => {
    asked.push(operation!.op === 'append' ? operation!.message : operation!.op);
    return new Promise((resolve) => undecided.push(resolve));
  };
  const app = createApp(engine, { routes });
  const server = await startServer({ app, port: 0, limits: { graceMs } });
  onTestFinished(() => server.stop());
  const answer = (): void => {
    for (const decide of undecided.splice(0)) decide({ type: 'ShuttingDown' });
  };
  return { server, asked, answer };
}

function client(server: RunningServer, text: string) {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let said = '';
  socket.setEncoding('latin1').on('data', (part) => {
    said += part;
  });
  socket.write(text);
  return { socket, ended: once(socket, 'end'), heads: () => headsIn(said) };
}

/** Status and `Connection` of each answer. */
const headsIn = (said: string) =>
  [...said.matchAll(/HTTP\/1\.1 (\d+).*?\r\nconnection: ([\w-]+)/gis)].map(
    ([, status, connection]) => [Number(status), connection],
  );

const append = (message: string, path = '/messages'): string => {
  const body = JSON.stringify({ message });
  const headers = 'host: localhost\r\ncontent-type: application/json\r\n';
  return `POST ${path} HTTP/1.1\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
};

const LOOK = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n';

test.each(['/messages', '/messages?'])(
  'of what a connection owes, the last answer says that it closes: %s',
  async (path) => {
    const { server, asked, answer } = await start();
    const many = client(server, append('a', path) + append('b', path) + append('c', path));
    const one = client(server, append('alone', path));
    await expect.poll(() => asked.toSorted()).toEqual(['a', 'alone', 'b', 'c']);
    server.part();
    answer();
    await Promise.all([many.ended, one.ended]);
    const [open, close] = [
      [503, 'keep-alive'],
      [503, 'close'],
    ];
    expect(many.heads()).toEqual([open, open, close]);
    expect(one.heads()).toEqual([close]);
  },
);

test('who asks anew is answered, and told; what comes behind is not done', async () => {
  const { server, asked, answer } = await start();
  const early = client(server, LOOK);
  await expect.poll(early.heads).toEqual([[200, 'keep-alive']]);
  server.part();
  early.socket.write(append('late'));
  await expect.poll(() => asked).toEqual(['late']);
  early.socket.write(append('too late') + append('later still'));
  const other = client(server, LOOK + LOOK);
  await other.ended;
  expect(other.heads()).toEqual([[200, 'close']]);
  answer();
  await early.ended;
  expect(early.heads()).toEqual([
    [200, 'keep-alive'],
    [503, 'close'],
  ]);
  expect(asked).toEqual(['late']);
});

test('who goes on sending, and reads later, gets the answers to all that was taken', async () => {
  const { server, asked, answer } = await start();
  const { socket, ended, heads } = client(server, append('first'));
  await expect.poll(() => asked).toEqual(['first']);
  server.part();
  const stopped = server.stop();
  socket.pause();
  answer();
  // More than the system takes while nobody reads it.
  const text = append('x'.repeat(100_000));
  for (let i = 0; i < 200; i += 1) {
    await new Promise<void>((resolve, reject) => {
      socket.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }
  socket.resume();
  await ended;
  expect(heads()).toEqual([[503, 'close']]);
  socket.end();
  await stopped;
  expect(asked).toEqual(['first']);
});

const BYTES = 32 << 20;

const long: Route = {
  method: 'GET',
  path: '/long',
  access: 'client',
  direct: true,
  doc: { id: 'long', summary: 'What takes long to read', success: [] },
  handle: () => ({ status: 200, headers: {}, body: 'x'.repeat(BYTES) }),
};

test('an answer that has been made is not cut off before its client has read it', async () => {
  const { server } = await start([long]);
  const idle = client(server, LOOK);
  await expect.poll(idle.heads).toHaveLength(1);
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET /long HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(socket, 'readable');
  const stopped = server.stop();
  await idle.ended;
  let bytes = 0;
  socket.on('data', (part) => {
    bytes += part.length;
  });
  await once(socket, 'close');
  expect(bytes).toBeGreaterThan(BYTES);
  await stopped;
});

test('who is still sending a request at the end is told that nothing came of it', async () => {
  const { server, asked } = await start([], 50);
  const slow = client(server, append('slow').slice(0, -3));
  const waiting = client(server, append('waits'));
  await expect.poll(() => asked).toEqual(['waits']);
  await server.stop();
  await Promise.all([slow.ended, waiting.ended]);
  expect(slow.heads()).toEqual([[503, 'close']]);
  // What becomes of it nobody can say.
  expect(waiting.heads()).toEqual([]);
});

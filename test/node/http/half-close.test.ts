import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

const running: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const STORED: Outcome = {
  type: 'Stored',
  first: logIndex(1),
  last: logIndex(1),
  acks: [nodeId('n1')],
  duplicate: false,
};

/** A server whose writes wait until the test decides them, and a client of it. */
async function waiting() {
  const engine = new FakeEngine();
  const undecided: ((outcome: Outcome) => void)[] = [];
  let gone = 0;
  engine.write = (_, signal) => {
    signal?.addEventListener('abort', () => {
      gone += 1;
    });
    return new Promise((resolve) => {
      undecided.push(resolve);
    });
  };
  const stopping = new AbortController();
  const limits = { graceMs: 100 };
  const app = createApp(engine, { stopping: stopping.signal });
  const server = await startServer({ app, port: 0, stopping, limits });
  running.push(server);
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  const decide = (): void => {
    for (const one of undecided.splice(0)) one(STORED);
  };
  const decideOne = (): void => undecided.shift()?.(STORED);
  const asked = (): number => undecided.length;
  return { asked, decide, decideOne, gone: () => gone, said: all(socket), socket };
}

function all(socket: Socket): { text: string; over: Promise<string> } {
  const said = { text: '', over: Promise.resolve('') };
  socket.on('data', (chunk) => {
    said.text += chunk;
  });
  said.over = new Promise((resolve) => {
    socket.on('error', () => {}).on('end', () => resolve(said.text));
  });
  return said;
}

const post = (path: string, body: string, version = '1.1'): string =>
  `POST ${path} HTTP/${version}\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
  `content-length: ${body.length}\r\n\r\n${body}`;
const APPEND = post('/messages', '{"message":"a"}');
const PUT = post('/kv/k', '{"value":"a"}').replace('POST', 'PUT');
const GATHERED = post('/messages/gathered', '{"appends":[{"message":"a"}]}');

test.each([
  ['an append', APPEND, 201],
  ['a key', PUT, 200],
  ['a gathered append', GATHERED, 200],
])('whoever has said all still gets the answer to %s, and only that', async (_, text, status) => {
  const { asked, decide, said, socket } = await waiting();
  socket.end(text);
  await expect.poll(asked).toBe(1);
  decide();
  expect(await said.over).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"acks":\\["n1"\\]`, 's'));
});

test('one who waits longer is asked, and keeps waiting', async () => {
  const { decide, gone, said, socket } = await waiting();
  socket.end(APPEND);
  await expect.poll(() => said.text).toContain('HTTP/1.1 102 ');
  setTimeout(decide, 100);
  expect(await said.over).toMatch(/^(?:HTTP\/1\.1 102 Processing\r\n\r\n)+HTTP\/1\.1 201 /);
  expect(gone()).toBe(0);
});

test('of requests in a row, all are answered', async () => {
  const { decide, said, socket } = await waiting();
  socket.end(APPEND + APPEND.replace('"a"', '"b"'));
  const deciding = setInterval(decide, 20);
  expect(await said.over).toMatch(/^HTTP\/1\.1 201 .*HTTP\/1\.1 201 /s);
  clearInterval(deciding);
});

test.each([
  ['closed', APPEND],
  ['closed, of HTTP/1.0', post('/messages', '{"message":"a"}', '1.0')],
])('one that has gone is known to have gone (%s)', async (_, text) => {
  const { asked, gone, socket } = await waiting();
  socket.write(text);
  // One that goes before its request was read has asked for nothing.
  await expect.poll(asked).toBe(1);
  socket.destroy();
  await expect.poll(gone, { timeout: 2_000 }).toBe(1);
});

test('one that half-closed may still go', async () => {
  const { gone, said, socket } = await waiting();
  socket.end(APPEND);
  await expect.poll(() => said.text).toContain('HTTP/1.1 102 ');
  expect(gone()).toBe(0);
  socket.destroy();
  await expect.poll(gone, { timeout: 5_000 }).toBe(1);
});

test('one of HTTP/1.0 cannot be asked, and counts as gone', async () => {
  const { gone, said, socket } = await waiting();
  socket.end(post('/messages', '{"message":"a"}', '1.0'));
  expect(await said.over).toBe('');
  await expect.poll(gone).toBe(1);
});

test('nothing is put into an answer that has begun: one that stands still is gone', async () => {
  const { asked, decideOne, said, socket } = await waiting();
  socket.end(post('/messages/gathered', '{"appends":[{"message":"a"},{"message":"b"}]}'));
  await expect.poll(asked).toBe(2);
  decideOne();
  const text = await said.over;
  expect(text.split('\r\n', 1)).toEqual(['HTTP/1.1 200 OK']);
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('an idle connection ends with its client', async () => {
  const { said, socket } = await waiting();
  socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await expect.poll(() => said.text).toContain('HTTP/1.1 200 ');
  socket.end();
  await said.over;
});

test('nothing is left of connections that have ended', async () => {
  const { socket } = await waiting();
  const { port } = running.at(-1)!;
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const before = timers();
  for (let i = 0; i < 50; i += 1) {
    const one = connect({ port, host: '127.0.0.1' });
    await new Promise<void>((resolve) =>
      one
        .once('close', () => resolve())
        .end()
        .resume(),
    );
  }
  expect(timers()).toBeLessThan(before + 25);
  socket.destroy();
});

test('whoever has sent more than is read, and gone, is noticed, and not before', async () => {
  const { asked, gone, said, socket } = await waiting();
  const longest = 1_500;
  socket.write(APPEND.repeat(longest));
  await expect.poll(asked).toBeGreaterThan(1_000);
  // It is there, and has been asked.
  await expect.poll(() => said.text).toContain('HTTP/1.1 102');
  expect(gone()).toBe(0);
  socket.destroy();
  await expect.poll(gone).toBe(asked());
});

// Requests that are read together with one that asks for another protocol.

import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { readBehindUpgrade } from '../../../src/node/http/behind-upgrade.ts';
import { raw, start } from './served.ts';

const UPGRADE =
  'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n';
const CLOSE = 'connection: close\r\n';

const get = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;

const append = (message: string, more = ''): string => {
  const body = JSON.stringify({ message });
  const headers = `host: localhost\r\ncontent-type: application/json\r\n${more}`;
  return `POST /messages HTTP/1.1\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
};

const chunked = (message: string, more = ''): string => {
  const body = JSON.stringify({ message });
  const headers = `host: localhost\r\ncontent-type: application/json\r\n${more}`;
  const framed = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  return `POST /messages HTTP/1.1\r\n${headers}transfer-encoding: chunked\r\n\r\n${framed}`;
};

/** Of the answers, without what a server says while one is waited for. */
const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => Number(status));

test.each([
  ['a read', get('/livez', UPGRADE), 200],
  ['an append', append('a', UPGRADE), 201],
  ['an append in chunks', chunked('a', UPGRADE), 201],
  ['a path that is none', get('/nowhere', UPGRADE), 404],
  ['a request to go on', append('a', `${UPGRADE}expect: 100-continue\r\n`), 201],
  ['an upgrade to a web socket', get('/livez', UPGRADE.replace('h2c', 'websocket')), 200],
])('%s: what is read together with it is answered', async (_, first, status) => {
  const { server, engine } = await start();
  const { said } = raw(server, `${first}${append('b')}${append('c', CLOSE)}`);
  expect(statuses(await said)).toEqual([status, 201, 201]);
  const messages = engine.writes.flatMap(({ operations }) =>
    operations.map((one) => (one.op === 'append' ? one.message : one.op)),
  );
  expect(messages.slice(-2)).toEqual(['b', 'c']);
});

test('each of many asks for it again, in front of the first and behind it', async () => {
  const { server } = await start();
  const many = Array.from({ length: 40 }, (_, i) => append(`${i}`, i % 3 === 1 ? UPGRADE : ''));
  const { said } = raw(server, `${get('/livez')}${many.join('')}${get('/livez', CLOSE)}`);
  expect(statuses(await said)).toEqual([200, ...many.map(() => 201), 200]);
});

test('the connection is cut into pieces at any byte, and each request is answered', async () => {
  const { server } = await start();
  const text = `${append('a', UPGRADE)}${append('b', UPGRADE)}${get('/livez', CLOSE)}`;
  for (let at = 1; at < text.length; at += 7) {
    const { socket, said } = raw(server, text.slice(0, at));
    socket.setNoDelay(true);
    // When a later connection is answered, what this one has sent has been read.
    await fetch(`${server.url}/livez`);
    socket.write(text.slice(at));
    expect([at, statuses(await said)]).toEqual([at, [201, 201, 200]]);
  }
});

test('one that asks for it with each request keeps its connection', async () => {
  const { server } = await start();
  const socket = connect(server.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let said = '';
  socket.on('data', (part) => {
    said += part;
  });
  for (let n = 1; n <= 5; n += 1) {
    socket.write(append(`${n}`, UPGRADE));
    await expect.poll(() => statuses(said)).toEqual(Array(n).fill(201));
  }
  expect(said).not.toMatch(/connection: close/i);
});

test('a tunnel or noise behind it is answered as behind any other request', async () => {
  const { server } = await start();
  const tunnel = 'CONNECT nowhere:1 HTTP/1.1\r\nhost: localhost\r\n\r\n';
  const first = get('/livez', UPGRADE);
  for (const noise of ['noise\r\n\r\n', 'GET /livez HTTP/1.1\r\nno header\r\n\r\n']) {
    expect(statuses(await raw(server, first + noise).said)).toEqual([200, 400]);
    const later = raw(server, first);
    await once(later.socket, 'data');
    later.socket.write(noise);
    expect(statuses(await later.said)).toEqual([200, 400]);
  }
  const both = await Promise.all(
    [`${get('/livez')}${tunnel}more`, `${first}${tunnel}more`].map(
      (text) => raw(server, text).said,
    ),
  );
  expect(statuses(both[1]!)).toEqual(statuses(both[0]!));
});

test('what is read together with more than may wait waits, and is answered', async () => {
  const { server, engine } = await start();
  let decide: (outcome: Outcome) => void = () => {};
  engine.write = () => new Promise((resolve) => (decide = resolve));
  const many = Array.from({ length: 3_000 }, (_, i) => get('/livez', i % 3 === 1 ? UPGRADE : ''));
  const { said } = raw(server, `${append('a')}${many.join('')}${get('/livez', CLOSE)}`);
  // When a later connection is answered, what this one has sent has been read as far as it may be.
  await fetch(`${server.url}/livez`);
  decide({ type: 'ShuttingDown' });
  expect(statuses(await said)).toEqual([503, ...many.map(() => 200), 200]);
});

test('where Node does not show how it reads, the answer ends the connection', () => {
  const outgoing = { shouldKeepAlive: true } as ServerResponse;
  const bare = { headers: { upgrade: 'h2c' }, socket: new EventEmitter() };
  readBehindUpgrade(bare as IncomingMessage, outgoing);
  expect(outgoing.shouldKeepAlive).toBe(false);
});

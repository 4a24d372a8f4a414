// Whatever is wrong with a request, it is refused by name, stores nothing and harms nobody: every
// row of the contract's sections 2 and 3, over the wire, against one real node.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { Belongings, call } from './program.ts';
import { send, sendBytes, type WireAnswer, type WireRequest } from './wire.ts';

const belongings = new Belongings();
let group: Group;
let url: string;

beforeAll(async () => {
  group = await Group.prepare(belongings, { size: 1 });
  await group.start(1);
  await group.caughtUp();
  url = group.master;
});

afterAll(() => belongings.release());

/** What the accepted requests of these tests have left in the log. */
let stored = 0;

afterEach(async () => {
  expect((await call('GET', `${url}/livez`)).status).toBe(200);
  expect((await group.health()).lastIndex).toBe(stored);
});

const MIB = 1 << 20;

async function refused(
  wire: WireRequest,
  status: number,
  code: string,
): Promise<WireAnswer['body']> {
  const answer = await send(url, wire);
  expect([answer.status, answer.body?.code]).toEqual([status, code]);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.body).toMatchObject({ type: `/problems/${code}`, status });
  expect(answer.body.title.length).toBeGreaterThan(0);
  expect(answer.body.detail.length).toBeGreaterThan(0);
  return answer.body;
}

/** Bodies of an append, and where the answer says that they are wrong. */
const MISTAKES: [what: string, body: string | Buffer, path: string][] = [
  ['an empty body', '', ''],
  ['what is no JSON', '{"message":"a"', ''],
  ['JSON with something behind it', '{"message":"a"}{}', ''],
  ['bytes that are not UTF-8', Buffer.from('{"message":"\xff"}', 'latin1'), ''],
  ['20,000 nested brackets', '['.repeat(10_000) + ']'.repeat(10_000), ''],
  [
    'brackets in place of a text',
    `{"message":${'['.repeat(9_990)}${']'.repeat(9_990)}}`,
    'message',
  ],
  ['null', 'null', ''],
  ['a text', '"a"', ''],
  ['a list', '[{"message":"a"}]', ''],
  ['no message', '{}', 'message'],
  ['a number as message', '{"message":1}', 'message'],
  ['null as message', '{"message":null}', 'message'],
  ['an object as message', '{"message":{"a":1}}', 'message'],
  ['half of a surrogate pair', '{"message":"\\ud800"}', 'message'],
  ['the other half', '{"message":"a\\udc00b"}', 'message'],
  ['an unknown field', '{"message":"a","x":1}', 'x'],
  ['an unknown field named __proto__', '{"message":"a","__proto__":{"w":1}}', '__proto__'],
  ...['0', '-1', '1.5', '"3"', '"1"', '"most"', '"Majority"', 'null', 'true', '[1]', '{}'].map(
    (w): [string, string, string] => [`w of ${w}`, `{"message":"a","w":${w}}`, 'w'],
  ),
  ['w of 1e400', '{"message":"a","w":1e400}', 'w'],
  ...['0', '-1', '0.5', '"100"', 'null', '86400001', '2147483648', '3000000000', '1e400'].map(
    (ms): [string, string, string] => [
      `timeoutMs of ${ms}`,
      `{"message":"a","timeoutMs":${ms}}`,
      'timeoutMs',
    ],
  ),
];

describe('B12, B14, B52, G17: POST /messages', () => {
  test.each(MISTAKES)('%s is an invalid request', async (_, body, path) => {
    const { errors } = await refused({ path: '/messages', body }, 400, 'invalid-request');
    expect(errors.map((error: { path: string }) => error.path)).toContain(path);
    expect(errors.every((error: { message: string }) => error.message.length > 0)).toBe(true);
  });

  test.each([2, 1_000_000_000])('w of %i, in a cluster of one, cannot be met', async (w) => {
    const body = JSON.stringify({ message: 'a', w });
    const problem = await refused({ path: '/messages', body }, 400, 'write-concern-unsatisfiable');
    expect(problem).toMatchObject({ w, size: 1 });
  });

  test.each([
    ['no type', null],
    ['text/plain', 'text/plain'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['another charset', 'application/json; charset=latin1'],
  ])('%s is an unsupported media type', async (_, type) => {
    const headers = { 'content-type': type ?? [] };
    const wire = { path: '/messages', headers, body: '{"message":"a"}' };
    await refused(wire, 415, 'unsupported-media-type');
  });

  test.each([
    ['none', ''],
    ['129 characters', 'k'.repeat(129)],
    ['a tab', 'a\tb'],
    ['an é', 'caf\u00e9'],
  ])('an Idempotency-Key of %s is an invalid request', async (_, key) => {
    const headers = { 'idempotency-key': key };
    const wire = { path: '/messages', headers, body: '{"message":"a"}' };
    await refused(wire, 400, 'invalid-request');
  });

  test('a body that ends before its length is nobody\u2019s message', async () => {
    const head = 'POST /messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json';
    await sendBytes(url, `${head}\r\ncontent-length: 99\r\n\r\n{"message":"a"}`, 'cut');
  });
});

describe('POST /messages/batch', () => {
  test.each([
    ['no messages', { messages: [] }, 'messages'],
    ['10,001 of them', { messages: Array.from({ length: 10_001 }, () => 'a') }, 'messages'],
    ['a number among them', { messages: ['a', 1, 'b'] }, 'messages[1]'],
    ['a lone surrogate among them', { messages: ['a', '\udfff'] }, 'messages[1]'],
    ['a text instead', { messages: 'a' }, 'messages'],
    ['the field of a single message', { message: 'a' }, 'message'],
  ])('%s: an invalid request, and none of it is stored', async (_, body, path) => {
    const wire = { path: '/messages/batch', body: JSON.stringify(body) };
    const { errors } = await refused(wire, 400, 'invalid-request');
    expect(errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});

describe('the limit of a body', () => {
  const message = (bytes: number): string => `{"message":"${'x'.repeat(bytes - 14)}"}`;
  const batch = (bytes: number): string => `{"messages":["${'x'.repeat(bytes - 17)}"]}`;
  const halves = (text: string): string[] => [text.slice(0, 60_000), text.slice(60_000)];

  test.each([
    ['with its length', (text: string) => text],
    ['in chunks', halves],
  ])('1 MiB is taken, one byte more is too large (%s)', async (_, sent) => {
    expect(message(MIB)).toHaveLength(MIB);
    await refused({ path: '/messages', body: sent(message(MIB + 1)) }, 413, 'too-large');
    const exact = await send(url, { path: '/messages', body: sent(message(MIB)) });
    stored += 1;
    expect([exact.status, exact.body.index]).toEqual([201, stored]);
  });

  test('of a batch is 16 MiB', async () => {
    expect(batch(16 * MIB)).toHaveLength(16 * MIB);
    const path = '/messages/batch';
    await refused({ path, body: batch(16 * MIB + 1) }, 413, 'too-large');
    await refused({ path, body: halves(batch(16 * MIB + 1)) }, 413, 'too-large');
    const exact = await send(url, { path, body: batch(16 * MIB) });
    stored += 1;
    expect([exact.status, exact.body.first]).toEqual([201, stored]);
  });

  test('is kept while it is read: an endless body is cut off, not stored', async () => {
    const part = Buffer.alloc(MIB, 'x');
    const parts = ['{"message":"', ...Array.from({ length: 64 }, () => part)];
    await refused({ path: '/messages', body: parts }, 413, 'too-large').catch((error: unknown) => {
      // The server may also cut the connection before so much is sent.
      expect((error as NodeJS.ErrnoException).code).toMatch(/^(?:ECONNRESET|EPIPE)$/);
    });
  });
});

describe('who asks', () => {
  const body = '{"message":"a"}';

  test.each(['http://evil.example', 'null', 'https://127.0.0.1:1', 'http://localhost'])(
    'a page of %s is a foreign origin',
    async (origin) => {
      await refused({ path: '/messages', headers: { origin }, body }, 403, 'foreign-origin');
      const read = { method: 'GET', path: '/messages', headers: { origin } };
      await refused(read, 403, 'foreign-origin');
    },
  );

  test.each(['evil.example', 'evil.example:4000', '10.0.0.1', 'localhost.evil.example'])(
    'a Host of %s is unknown',
    async (host) => {
      await refused({ path: '/messages', headers: { host }, body }, 421, 'unknown-host');
      await refused({ method: 'GET', path: '/health', headers: { host } }, 421, 'unknown-host');
    },
  );

  test('its own origin and every loopback name are welcome', async () => {
    const { host } = new URL(url);
    for (const headers of [
      { origin: `http://${host}` },
      { host: 'localhost' },
      { host: '[::1]:80' },
    ]) {
      const answer = await send(url, { path: '/messages', headers, body });
      stored += 1;
      expect([answer.status, answer.body.index]).toEqual([201, stored]);
    }
  });
});

describe('paths, methods and queries', () => {
  test.each(['/', '/nope', '/messages/', '/messages/1', '/log/1/2', '/%2e%2e/etc/passwd'])(
    '%s is not found',
    async (path) => {
      await refused({ method: 'GET', path }, 404, 'not-found');
    },
  );

  test.each([
    ['PUT', '/messages', 'GET, POST, HEAD'],
    ['DELETE', '/messages', 'GET, POST, HEAD'],
    ['OPTIONS', '/messages', 'GET, POST, HEAD'],
    ['GET', '/messages/batch', 'POST'],
    ['POST', '/log', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
    ['GET', '/replica/snapshot', 'POST'],
    ['GET', '/echo', 'POST'],
  ])('%s %s is not allowed, and it says what is', async (method, path, allow) => {
    const answer = await send(url, { method, path });
    expect([answer.status, answer.body.code]).toEqual([405, 'method-not-allowed']);
    expect(answer.headers.allow).toBe(allow);
  });

  test.each([
    '/messages?from=0',
    '/messages?from=1.5',
    '/messages?from=x',
    '/messages?limit=-1',
    '/messages?limit=',
    '/messages?from=1&from=2',
    '/messages?read=dirty',
    '/messages?unknown=1',
    '/log?limit=10001',
    '/log?from=1e3',
    '/log/0x1',
    `/outcomes/${'k'.repeat(129)}`,
  ])('GET %s is an invalid request', async (path) => {
    const { errors } = await refused({ method: 'GET', path }, 400, 'invalid-request');
    expect(errors.length).toBeGreaterThan(0);
  });

  test('what is not there is said to be not there', async () => {
    await refused({ method: 'GET', path: '/log/999999' }, 404, 'not-found');
    await refused({ method: 'GET', path: '/outcomes/never' }, 404, 'unknown-outcome');
  });
});

describe('what is no request at all', () => {
  test.each([
    ['noise', '\x00\x01\x02\r\n\r\n'],
    ['no Host', 'GET /messages HTTP/1.1\r\nconnection: close\r\n\r\n'],
    [
      'two lengths',
      'POST /messages HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na',
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`,
    ],
  ])('%s is answered with a 4xx, and the connection ends', async (_, bytes) => {
    expect(await sendBytes(url, bytes)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

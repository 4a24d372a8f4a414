import { describe, expect, test } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { Faults } from '../../../src/node/faults/faults.ts';
import { call } from '../calls.ts';
import { AT, FakeEngine } from '../fake-engine.ts';

const engine = new FakeEngine();
const app = createApp(engine, { faults: new Faults(systemClock()) });
const MIB = 1 << 20;

describe('a body that is not what the route takes is 400, says where, and changes nothing', () => {
  const bodies: [string, string][] = [
    ['', ''],
    ['{', ''],
    ['[]', ''],
    ['null', ''],
    ['"x"', ''],
    ['{}', 'message'],
    ['{"message":1}', 'message'],
    ['{"message":null}', 'message'],
    ['{"message":["a"]}', 'message'],
    ['{"message":"a","extra":1}', 'extra'],
    ['{"message":"a","__proto__":{"w":1}}', '__proto__'],
    ['{"message":"a","W":1}', 'W'],
    ['{"message":"a","w":0}', 'w'],
    ['{"message":"a","w":-1}', 'w'],
    ['{"message":"a","w":1.5}', 'w'],
    ['{"message":"a","w":"3"}', 'w'],
    ['{"message":"a","w":"Majority"}', 'w'],
    ['{"message":"a","w":1e400}', 'w'],
    ['{"message":"a","w":9007199254740993}', 'w'],
    ['{"message":"a","w":null}', 'w'],
    ['{"message":"a","w":true}', 'w'],
    ['{"message":"a","timeoutMs":0}', 'timeoutMs'],
    ['{"message":"a","timeoutMs":86400001}', 'timeoutMs'],
    ['{"message":"a","timeoutMs":3000000000}', 'timeoutMs'],
    ['{"message":"a","timeoutMs":1.5}', 'timeoutMs'],
    ['{"message":"a","timeoutMs":"5"}', 'timeoutMs'],
    ['{"message":"a","timeoutMs":1e400}', 'timeoutMs'],
    ['{"message":"\\ud800"}', 'message'],
    ['{"message":"a\\udc00b"}', 'message'],
    [`{"message":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'message'],
    [`{"message":"a","deep":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'deep'],
    ['['.repeat(20_000) + ']'.repeat(20_000), ''],
    ['{"message":"a"} trailing', ''],
    ["{'message':'a'}", ''],
  ];
  test.each(bodies)('%.60s', async (body, path) => {
    const before = engine.writes.length;
    const answer = await call(app, 'POST', '/messages', body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.code).toBe('invalid-request');
    expect(answer.body.errors).toContainEqual({ path, message: expect.any(String) });
    const [first] = answer.body.errors;
    expect(answer.body.detail).toBe(
      `${first.path === '' ? '' : `${first.path}: `}${first.message}`,
    );
    expect(engine.writes).toHaveLength(before);
  });

  test.each([
    ['[]', '', 'the body must be an object'],
    ['{}', 'message', 'is missing'],
    ['{"message":1}', 'message', 'must be a string'],
    ['{"message":"a","timeoutMs":1.5}', 'timeoutMs', 'must be an integer'],
    ['{"message":"a","timeoutMs":0}', 'timeoutMs', 'must be at least 1'],
    ['{"message":"a","timeoutMs":86400001}', 'timeoutMs', 'must be at most 86400000'],
  ])('%s is told in plain words', async (body, path, message) => {
    const answer = await call(app, 'POST', '/messages', body);
    expect(answer.body.errors).toEqual([{ path, message }]);
  });

  test('so are an empty list, a word that is none of those there are, and no switch', async () => {
    const empty = await call(app, 'POST', '/messages/batch', '{"messages":[]}');
    expect(empty.body.detail).toBe('messages: must have at least 1');
    const word = await call(app, 'GET', '/messages?read=latest');
    expect(word.body.detail).toBe('read: must be one of "local", "majority", "linearizable"');
    const hold = await call(app, 'PUT', '/faults', '{"hold":1}');
    expect(hold.body.detail).toBe('hold: must be true or false');
  });

  test('w = 10^9 is well formed: whether it can be met is for the engine to say', async () => {
    expect((await call(app, 'POST', '/messages', '{"message":"a","w":1000000000}')).status).toBe(
      201,
    );
  });

  // To parse what is named here by these words would take a node for seconds.
  test('brackets and nothing else are counted, not parsed', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const answer = await call(app, 'POST', '/messages/batch', `{"messages":${deep}}`);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ path: '', message: expect.stringContaining('nested') }]);
  });

  test.each([
    ['1', '/messages/batch', 'messages'],
    ['{}', '/messages/batch', 'messages'],
    ['""', '/messages/batch', 'messages'],
    ['{}', '/messages/gathered', 'appends'],
    ['{}', '/messages/batch', 'w'],
  ])('so are hundreds of thousands of %s in a row (%s, %s)', async (value, path, field) => {
    const body = `{"${field}":[${`${value},`.repeat(250_000)}${value}]}`;
    const answer = await call(app, 'POST', path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ path: '', message: expect.stringContaining('values') }]);
  });

  test('bytes that are not UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"message":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    const headers = { 'content-type': 'application/json' };
    const response = await app.request('/messages', { method: 'POST', body, headers });
    expect(response.status).toBe(400);
  });

  test('twenty mistakes are enough', async () => {
    const messages = Array.from({ length: 1_000 }, () => 1);
    const { body } = await call(app, 'POST', '/messages/batch', { messages });
    expect(body.errors).toHaveLength(20);
  });
});

describe('media types', () => {
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/json',
    'application/json; charset=latin1',
    'application/json; foo=bar; charset=latin1',
    'application/json; foo',
    'application/json foo=bar',
    'application/problem+json',
  ];
  const routes = [
    ['POST', '/messages'],
    ['POST', '/messages/batch'],
    ['PUT', '/kv/k'],
    ['DELETE', '/kv/k'],
    ['PUT', '/faults'],
    ['POST', '/replica/snapshot'],
    ['POST', '/arbiter/join'],
  ] as const;
  test.each(routes)('%s %s takes JSON and nothing else', async (method, path) => {
    for (const type of types) {
      const answer = await call(app, method, path, '{"message":"a"}', { 'content-type': type });
      expect([type, answer.status, answer.body.code]).toEqual([
        type,
        415,
        'unsupported-media-type',
      ]);
    }
  });

  test.each([
    ['the type of a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['chunked without a chunk', { 'transfer-encoding': 'chunked' }],
  ])('a body that may be absent is absent when it is empty: %s', async (_what, headers) => {
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const sent = { method: 'DELETE', headers, body, duplex: 'half' } as const;
    expect((await app.request('/kv/k', sent)).status).toBe(200);
  });

  test('what takes no body is not done in spite of one, and an empty one is none', async () => {
    const clear = (body: string, type = 'application/json') =>
      call(app, 'DELETE', '/faults', body, { 'content-type': type });
    await call(app, 'PUT', '/faults', { delayMs: 1, seed: 2 });
    // Who names one fault would have lost all of them.
    const named = await clear('{"delayMs":1}');
    expect([named.status, named.body.errors]).toEqual([
      400,
      [{ path: 'delayMs', message: 'is not a field of this request' }],
    ]);
    expect((await clear('delayMs', 'text/plain')).body.code).toBe('unsupported-media-type');
    expect((await clear(' '.repeat(MIB + 1))).body.code).toBe('too-large');
    expect((await call(app, 'GET', '/faults')).body.faults).toEqual({ delayMs: 1, seed: 2 });
    for (const none of ['{}', '']) expect((await clear(none)).status).toBe(200);
    expect((await clear('', 'text/plain')).body.faults).toEqual({});
  });

  test.each([
    'application/json;',
    'application/json ; ;',
    'Application/JSON;\tcharset=UTF-8\t;',
    'application/json; foo=bar; charset="utf-8"',
    'application/json; foo="a;b, \\" c"',
  ])('JSON may be called %j', async (type) => {
    const headers = { 'content-type': type, 'content-encoding': 'Identity' };
    expect((await call(app, 'POST', '/messages', '{"message":"a"}', headers)).status).toBe(201);
  });

  test('a content type that goes on and on holds up nobody', async () => {
    const started = performance.now();
    for (const piece of [' ', ';', '; ', '; a=b', 'a', '; a="']) {
      const type = `application/json;${piece.repeat(16_000 / piece.length)}x=`;
      const answer = await call(app, 'POST', '/messages', '{}', { 'content-type': type });
      expect(answer.status).toBe(415);
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('no type at all is refused, and so is a compressed body', async () => {
    const body = new Blob(['{"message":"a"}']);
    const untyped = await app.request('/messages', { method: 'POST', body });
    expect(untyped.status).toBe(415);
    const headers = { 'content-encoding': 'gzip' };
    expect((await call(app, 'POST', '/messages', '{}', headers)).status).toBe(415);
  });
});

describe('limits', () => {
  const message = (bytes: number) => `{"message":"${'x'.repeat(bytes - 14)}"}`;
  const chunked = (text: string) =>
    new ReadableStream({
      start(controller) {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += 60_000) {
          controller.enqueue(bytes.subarray(at, at + 60_000));
        }
        controller.close();
      },
    });
  const send = (path: string, text: string, stream: boolean) =>
    app.request(path, {
      method: 'POST',
      body: stream ? chunked(text) : text,
      headers: {
        'content-type': 'application/json',
        ...(stream ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
      },
      duplex: 'half',
    } as RequestInit);

  test.each([true, false])('1 MiB is taken, one byte more is 413 (chunked: %s)', async (stream) => {
    expect(message(MIB)).toHaveLength(MIB);
    expect((await send('/messages', message(MIB), stream)).status).toBe(201);
    const answer = await send('/messages', message(MIB + 1), stream);
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'too-large' });
  });

  test('a batch may be 16 MiB, a Snapshot that carries it a little more', async () => {
    const batch = `{"messages":["${'x'.repeat(16 * MIB - 17)}"]}`;
    expect((await send('/messages/batch', batch, false)).status).toBe(201);
    expect((await send('/messages/batch', `${batch} `, false)).status).toBe(413);
    const snapshot = {
      epoch: 1,
      session: 1,
      seq: 0,
      commitIndex: 0,
      updates: [
        { index: 1, epoch: 1, at: AT, op: 'append', message: 'x'.repeat(16 * MIB), batch: 1 },
      ],
    };
    expect((await send('/replica/snapshot', JSON.stringify(snapshot), false)).status).toBe(200);
  });

  test('the idempotency key is 1 to 128 printable ASCII characters', async () => {
    const status = async (key: string) =>
      (await call(app, 'POST', '/messages', { message: 'a' }, { 'idempotency-key': key })).status;
    expect(await status('k'.repeat(128))).toBe(201);
    expect(await status('k'.repeat(129))).toBe(400);
    expect(await status('')).toBe(400);
    expect(await status('caf\u00e9')).toBe(400);
    expect(await status('a\tb')).toBe(400);
  });
});

describe('queries are strict', () => {
  const bad = [
    '/messages?from=0',
    '/messages?from=-1',
    '/messages?from=1.0',
    '/messages?from=1e3',
    '/messages?from=%201',
    '/messages?from=',
    '/messages?from=0x10',
    '/messages?from=99999999999999999999',
    '/messages?limit=0',
    '/messages?limit=ten',
    '/messages?from=1&from=2',
    '/messages?frm=1',
    '/messages?__proto__=1',
    '/messages?read=dirty',
    '/messages?read=%ff',
    '/messages?%zz=1',
    '/log?limit=10001',
    '/log?limit=0',
    '/log?from=x',
    '/log/x',
    '/log/1.5',
    '/log/-1',
    '/log/%zz',
    '/kv?limit=10001',
    '/kv?prefix=%ed%a0%80',
    '/kv/k?read=',
    '/outcomes/%zz',
    '/outcomes',
    '/outcomes?idempotencyKey=',
    '/outcomes?key=k',
    `/outcomes/${'k'.repeat(129)}`,
  ];
  test.each(bad)('GET %s is 400', async (path) => {
    const { status, body } = await call(app, 'GET', path);
    expect([status, body.code]).toEqual([400, 'invalid-request']);
    expect(body.errors.length).toBeGreaterThan(0);
  });

  const told = [
    ['POST', '/messages', '{"message":"a"}', 'w'],
    ['POST', '/messages/batch', '{"messages":["a"]}', 'timeoutMs'],
    ['PUT', '/kv/k', '{"value":"a"}', 'w'],
    ['PUT', '/faults', '{"delayMs":1}', 'delayMs'],
  ] as const;
  test.each(told)('%s %s is told everything in its body', async (method, path, body, name) => {
    const before = engine.writes.length;
    for (const value of ['=3', '=0', '=all', '=', '']) {
      const answer = await call(app, method, `${path}?${name}${value}`, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
      expect(answer.body.errors).toContainEqual({ path: name, message: expect.any(String) });
    }
    expect(engine.writes).toHaveLength(before);
    // What else stands there is nobody's business.
    for (const query of ['?x=3', '?', '?%zz=%', `?${name}s=3`]) {
      expect((await call(app, method, `${path}${query}`, body)).status).toBeLessThan(300);
    }
  });
});

test('who names a fault that is to be cleared is told that all would be', async () => {
  await call(app, 'PUT', '/faults', { delayMs: 1 });
  const { status, body } = await call(app, 'DELETE', '/faults?delayMs=1');
  expect([status, body.errors]).toEqual([400, [{ path: 'delayMs', message: expect.any(String) }]]);
  expect((await call(app, 'GET', '/faults')).body.faults).toEqual({ delayMs: 1 });
  expect((await call(app, 'DELETE', '/faults')).body.faults).toEqual({});
});

describe('paths and methods', () => {
  const missing = ['/', '/nope', '/messages/', '/messages/x', '/Messages', '/log/1/2', '/replica'];
  test.each(missing)('%s is not there', async (path) => {
    const { status, body, headers } = await call(app, 'GET', path);
    expect([status, body.code]).toEqual([404, 'not-found']);
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  const wrong: [string, string, string][] = [
    ['PUT', '/messages', 'GET, POST, HEAD'],
    ['PATCH', '/messages', 'GET, POST, HEAD'],
    ['OPTIONS', '/messages', 'GET, POST, HEAD'],
    ['GET', '/messages/batch', 'POST'],
    ['HEAD', '/echo', 'POST'],
    ['POST', '/log', 'GET, HEAD'],
    ['DELETE', '/log/1', 'GET, HEAD'],
    ['POST', '/kv/k', 'GET, PUT, DELETE, HEAD'],
    ['PUT', '/kv', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
    ['GET', '/replica/snapshot', 'POST'],
    ['POST', '/faults', 'GET, PUT, DELETE, HEAD'],
  ];
  test.each(wrong)('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const response = await app.request(path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
    if (method !== 'HEAD')
      expect(await response.json()).toMatchObject({ code: 'method-not-allowed' });
  });

  test('HEAD is GET without a body', async () => {
    const response = await app.request('/health', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('/faults is only there with faults', async () => {
    expect((await call(createApp(engine), 'GET', '/faults')).status).toBe(404);
  });

  test('an error of the engine is 500 and says nothing of itself', async () => {
    const broken = new FakeEngine();
    broken.write = async () => {
      throw new Error('secret');
    };
    const { status, body } = await call(createApp(broken), 'POST', '/messages', { message: 'a' });
    expect([status, body.code]).toEqual([500, 'internal-error']);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});

test.each(['1.0', '1e0', '10e-1'])('%s is the integer 1 in a body', async (w) => {
  const { status } = await call(app, 'POST', '/messages', `{"message":"a","w":${w}}`);
  expect(status).toBe(201);
  expect(engine.writes.at(-1)).toMatchObject({ w: 1 });
});

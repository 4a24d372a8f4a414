import { describe, expect, test } from 'vitest';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { absent, getResult, keyList, operationAck } from '../../../src/node/api/success.ts';
import { call } from '../calls.ts';
import { FakeEngine } from '../fake-engine.ts';

const acks = [nodeId('n1'), nodeId('n2')];
const path = (key: string) => `/kv/${encodeURIComponent(key)}`;

function node(outcome: FakeEngine['outcome'] = 'append') {
  const engine = new FakeEngine();
  engine.outcome = outcome;
  return { engine, app: createApp(engine) };
}

describe('PUT and DELETE /kv/:key', () => {
  test('Insert is acknowledged with its id, key and place', async () => {
    const { engine, app } = node();
    const answer = await call(app, 'PUT', '/kv/k', { value: 'v', id: 7 });
    expect(answer.status).toBe(200);
    expect(operationAck.parse(answer.body)).toEqual({
      result: 'OperationAck',
      id: 7,
      key: 'k',
      index: 1,
      acks,
      ms: expect.any(Number),
    });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(engine.writes[0]).toEqual({
      operations: [{ op: 'put', key: 'k', value: 'v' }],
      batch: false,
      at: expect.any(String),
      w: 'all',
      timeoutMs: 1_000,
      arrivedAt: expect.any(Number),
    });
  });

  test('Remove needs no body, and takes the same fields', async () => {
    const { engine, app } = node();
    const bare = await app.request('/kv/k', { method: 'DELETE' });
    expect([bare.status, await bare.json()]).toEqual([
      200,
      expect.objectContaining({ result: 'OperationAck', id: null, key: 'k' }),
    ]);
    const full = await call(app, 'DELETE', '/kv/k', { id: 'x', w: 1, timeoutMs: 5 });
    expect([full.status, full.body.id]).toEqual([200, 'x']);
    expect(
      engine.writes.map(({ operations, w, timeoutMs }) => [operations[0], w, timeoutMs]),
    ).toEqual([
      [{ op: 'remove', key: 'k' }, 'all', 1_000],
      [{ op: 'remove', key: 'k' }, 1, 5],
    ]);
  });

  test('Remove takes its id from the query too; that of a body counts first', async () => {
    const { app } = node();
    const bare = await call(app, 'DELETE', '/kv/k?id=7');
    expect([bare.status, bare.body.id]).toEqual([200, '7']);
    const both = await call(app, 'DELETE', '/kv/k?id=7', { id: 8 });
    expect([both.status, both.body.id]).toEqual([200, 8]);
  });

  test('Remove takes write concern and time limit from the query likewise', async () => {
    const { engine, app } = node();
    await call(app, 'DELETE', '/kv/k?w=2&timeoutMs=50');
    await call(app, 'DELETE', '/kv/k?w=majority&timeoutMs=50', { w: 1 });
    expect(engine.writes.map(({ w, timeoutMs }) => [w, timeoutMs])).toEqual([
      [2, 50],
      [1, 50],
    ]);
    for (const query of [
      'timeotMs=5',
      'x=y',
      'id=1&id=2',
      'w=0',
      'w=none',
      'w=1.5',
      'timeoutMs=0',
      'timeoutMs=x',
      // B52: a timer of more than 2³¹−1 ms rings at once.
      'timeoutMs=86400001',
      'timeoutMs=4294967296',
    ]) {
      expect((await call(app, 'DELETE', `/kv/k?${query}`)).body.code).toBe('invalid-request');
    }
    expect(engine.writes).toHaveLength(2);
  });

  test('the write concern not met is OperationFailed', async () => {
    const place = { first: logIndex(3), last: logIndex(3) };
    const { app } = node({ type: 'TimedOut', ...place, acks });
    const { status, headers, body } = await call(app, 'PUT', '/kv/k', { value: 'v', id: '7' });
    expect([status, headers.get('content-type')]).toEqual([504, 'application/problem+json']);
    expect(body).toMatchObject({
      code: 'operation-failed',
      result: 'OperationFailed',
      id: '7',
      key: 'k',
      index: 3,
      acks,
    });
  });

  test('a repeat is marked as such', async () => {
    const place = { first: logIndex(3), last: logIndex(3) };
    const { engine, app } = node({ type: 'Stored', ...place, acks, duplicate: true });
    const headers = { 'idempotency-key': 'once' };
    const { status, body } = await call(app, 'PUT', '/kv/k', { value: 'v' }, headers);
    expect([status, body.index, body.duplicate]).toEqual([200, 3, true]);
    expect(engine.writes[0]?.idempotencyKey).toBe('once');
  });

  test('a secondary redirects to the key as it was sent', async () => {
    const { app } = node({ type: 'NotMaster', master: { node: nodeId('n1'), url: 'http://m:1' } });
    const { status, headers } = await call(app, 'PUT', '/kv/a%2Fb%20c/d', { value: 'v' });
    expect([status, headers.get('location')]).toEqual([307, 'http://m:1/kv/a%2Fb%20c/d']);
  });

  test.each([
    [{ 'if-match': '"12"' }, 12],
    // No operation has such an index: they match nothing.
    [{ 'if-match': '"0"' }, 0],
    [{ 'if-match': '"012"' }, 0],
    [{ 'if-match': '"abc"' }, 0],
    [{ 'if-match': 'W/"12"' }, 0],
    [{ 'if-match': '*' }, 'any'],
    [{ 'if-none-match': '*' }, null],
    [{}, undefined],
  ])('precondition %j', async (headers, ifIndex) => {
    const { engine, app } = node();
    await call(app, 'PUT', '/kv/k', { value: 'v' }, headers);
    await call(app, 'DELETE', '/kv/k', undefined, headers);
    expect(engine.writes.map((write) => write.ifIndex)).toEqual([ifIndex, ifIndex]);
  });

  test.each([
    { 'if-match': '12' },
    { 'if-match': '*', 'if-none-match': '*' },
    { 'if-match': '"1", "2"' },
    { 'if-none-match': '"12"' },
    { 'if-match': '"12"', 'if-none-match': '*' },
  ])('precondition %j is 400', async (headers) => {
    const { engine, app } = node();
    const { status } = await call(app, 'PUT', '/kv/k', { value: 'v' }, headers);
    expect([status, engine.writes]).toEqual([400, []]);
  });

  test('If-Match: * is met by a value of any index, and by nothing else', async () => {
    const { engine, app } = node();
    const any = { 'if-match': '*' };
    let now: number | null = 7;
    engine.write = async (write) => {
      engine.writes.push(write);
      if (now === null) return { type: 'PreconditionFailed', index: null };
      const place = { first: logIndex(8), last: logIndex(8) };
      return { type: 'Stored', ...place, acks, duplicate: false };
    };
    const met = await call(app, 'PUT', '/kv/k', { value: 'w' }, any);
    expect([met.status, met.body.index]).toEqual([200, 8]);
    expect(engine.writes.map(({ ifIndex }) => ifIndex)).toEqual(['any']);
    now = null;
    const missing = await call(app, 'DELETE', '/kv/absent', undefined, any);
    expect([missing.status, missing.body.code]).toEqual([412, 'precondition-failed']);
    expect(missing.body.index).toBeNull();
  });

  test('a key that was removed has no tag that could be matched', async () => {
    const { app } = node();
    const put = await call(app, 'PUT', '/kv/k', { value: 'v' });
    const removed = await call(app, 'DELETE', '/kv/k');
    expect([put.headers.get('etag'), removed.headers.get('etag')]).toEqual(['"1"', null]);
  });

  test.each([null, 4])('a precondition that fails says what holds: %s', async (index) => {
    const held = index === null ? null : logIndex(index);
    const { app } = node({ type: 'PreconditionFailed', index: held });
    const { status, body } = await call(app, 'PUT', '/kv/k', { value: 'v' });
    expect([status, body.code, body.index]).toEqual([412, 'precondition-failed', index]);
  });

  test.each([
    '{}',
    '{"value":1}',
    '{"value":null}',
    '{"value":"v","id":1.5}',
    '{"value":"v","id":null}',
    '{"value":"v","id":true}',
    '{"value":"v","id":"\\udfff"}',
    '{"value":"\\udfff"}',
    '{"value":"v","w":0}',
    '{"value":"v","key":"k"}',
  ])('body %s is 400', async (body) => {
    const { engine, app } = node();
    expect((await call(app, 'PUT', '/kv/k', body)).status).toBe(400);
    expect(engine.writes).toEqual([]);
  });

  test('a value may be empty, and as long as the body may be', async () => {
    const { app } = node();
    expect((await call(app, 'PUT', '/kv/k', { value: '' })).status).toBe(200);
    const value = 'x'.repeat((1 << 20) - '{"value":""}'.length);
    expect((await call(app, 'PUT', '/kv/k', { value })).status).toBe(200);
    expect((await call(app, 'PUT', '/kv/k', { value: `${value}x` })).status).toBe(413);
    expect((await call(app, 'GET', '/kv/k')).body.value).toBe(value);
  });
});

describe('keys', () => {
  const keys = [
    'k',
    '__proto__',
    'constructor',
    'toString',
    'a/b//c/',
    '/',
    ' ',
    'ein Schlüssel',
    '👍🏽',
    '%',
    '%2F',
    '?a=b&c#d',
    '\u0000\n\r\t',
    '\u202e',
    'a'.repeat(1_024),
    '👍'.repeat(256),
    '...',
    '*',
    ':key',
    'kv',
    '0',
  ];
  test.each(keys)('%j comes back as it went', async (key) => {
    const { engine, app } = node();
    expect((await call(app, 'PUT', path(key), { value: `of ${key}` })).body.key).toBe(key);
    expect(engine.writes[0]?.operations[0]).toEqual({ op: 'put', key, value: `of ${key}` });
    const { status, body } = await call(app, 'GET', path(key));
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: 'GetResult', key, value: `of ${key}`, index: 1 });
    const list = (await call(app, 'GET', '/kv')).body;
    expect(list).toEqual({ items: [{ key, value: `of ${key}`, index: 1 }], next: null });
    await call(app, 'DELETE', path(key));
    expect((await call(app, 'GET', path(key))).status).toBe(404);
  });

  test.each([
    ['', 'empty'],
    ['a'.repeat(1_025), 'one byte too long'],
    [encodeURIComponent(`${'👍'.repeat(256)}a`), 'one byte too long in UTF-8'],
    ['%', 'half an escape'],
    ['%zz', 'no escape'],
    ['%ff', 'not UTF-8'],
    ['%c0%80', 'overlong UTF-8'],
    ['%ed%a0%80', 'a surrogate in UTF-8'],
  ])('/kv/%.20s is 400: %s', async (key) => {
    const { engine, app } = node();
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { value: 'v' } : undefined;
      const answer = await call(app, method, `/kv/${key}`, body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    }
    expect(engine.writes).toEqual([]);
  });

  test.each(['.', '%2e'])('/kv/%s, which a URL cannot carry, is told apart', async (dot) => {
    const { app } = node();
    const { status, body } = await call(app, 'PUT', `/kv/${dot}`, { value: 'v' });
    expect(status).toBe(400);
    expect(body.detail).toContain('a URL cannot carry "." and ".."');
  });
});

describe('GET /kv/:key', () => {
  test('the value, its index, and the id as a string', async () => {
    const { app } = node();
    await call(app, 'PUT', '/kv/k', { value: 'v' });
    const { status, headers, body } = await call(app, 'GET', '/kv/k?id=7');
    expect(status).toBe(200);
    expect(getResult.parse(body)).toEqual({
      result: 'GetResult',
      id: '7',
      key: 'k',
      value: 'v',
      index: 1,
    });
    expect(headers.get('etag')).toBe('"1"');
  });

  test('a tag that a client has keeps no value from it: the log may be another', async () => {
    const { engine, app } = node();
    engine.append([{ op: 'put', key: 'k', value: 'lost' }]);
    const tag = (await call(app, 'GET', '/kv/k')).headers.get('etag')!;
    engine.replaceAfter(0);
    engine.append([{ op: 'put', key: 'k', value: 'kept' }]);
    const again = await call(app, 'GET', '/kv/k', undefined, { 'if-none-match': tag });
    expect([again.status, again.body.value, again.headers.get('etag')]).toEqual([200, 'kept', tag]);
  });

  test('an absent key is a result, not a problem', async () => {
    const { app } = node();
    const { status, headers, body } = await call(app, 'GET', '/kv/k?id=a%20b');
    expect([status, headers.get('content-type')]).toEqual([404, 'application/json']);
    expect(absent.parse(body)).toEqual({ result: 'GetResult', id: 'a b', key: 'k', value: null });
  });

  test('majority does not see what may still be lost', async () => {
    const { engine, app } = node();
    engine.append([{ op: 'put', key: 'k', value: 'old' }]);
    engine.append([{ op: 'put', key: 'k', value: 'new' }], { committed: false });
    expect((await call(app, 'GET', '/kv/k')).body.value).toBe('new');
    expect((await call(app, 'GET', '/kv/k?read=majority')).body.value).toBe('old');
    const list = await call(app, 'GET', '/kv?read=majority');
    expect(list.body.items).toEqual([{ key: 'k', value: 'old', index: 1 }]);
  });

  test('linearizable is proved or refused', async () => {
    const { engine, app } = node();
    engine.append([{ op: 'put', key: 'k', value: 'v' }]);
    expect((await call(app, 'GET', '/kv/k?read=linearizable')).status).toBe(503);
    engine.confirmation = { type: 'Confirmed', lastIndex: logIndex(1) };
    expect((await call(app, 'GET', '/kv/k?read=linearizable')).body.value).toBe('v');
  });
});

describe('GET /kv', () => {
  test('pages by prefix and after, in key order', async () => {
    const { engine, app } = node();
    for (const key of ['b/2', 'a', 'b/1', 'c', 'b/3', 'b']) {
      engine.append([{ op: 'put', key, value: key.toUpperCase() }]);
    }
    const first = (await call(app, 'GET', '/kv?prefix=b%2F&limit=2')).body;
    expect(keyList.parse(first)).toEqual({
      items: [
        { key: 'b/1', value: 'B/1', index: 3 },
        { key: 'b/2', value: 'B/2', index: 1 },
      ],
      next: 'b/2',
    });
    const rest = (await call(app, 'GET', `/kv?prefix=b/&limit=2&after=${first.next}`)).body;
    expect(rest).toEqual({ items: [{ key: 'b/3', value: 'B/3', index: 5 }], next: null });
    const all = (await call(app, 'GET', '/kv')).body.items.map(({ key }: { key: string }) => key);
    expect(all).toEqual(['a', 'b', 'b/1', 'b/2', 'b/3', 'c']);
  });

  test('long values are streamed', async () => {
    const { engine, app } = node();
    const value = 'x'.repeat(100_000);
    for (let i = 0; i < 30; i += 1) engine.append([{ op: 'put', key: `k${i}`, value }]);
    const response = await app.request('/kv');
    expect(response.headers.get('content-length')).toBeNull();
    const { items } = (await response.json()) as { items: { value: string }[] };
    expect(items.map((item) => item.value.length)).toEqual(Array(30).fill(100_000));
  });

  test('a key that goes while the page is read is not on it', async () => {
    const { engine, app } = node();
    for (const key of ['a', 'b', 'c']) {
      engine.append([{ op: 'put', key, value: 'x'.repeat(100_000) }]);
    }
    const response = await app.request('/kv');
    engine.append([{ op: 'remove', key: 'b' }]);
    engine.findValue = (key) => (key === 'b' ? null : logIndex(key === 'a' ? 1 : 3));
    const { items } = (await response.json()) as { items: { key: string }[] };
    expect(items.map(({ key }) => key)).toEqual(['a', 'c']);
  });
});

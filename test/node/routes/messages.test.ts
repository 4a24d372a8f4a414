import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { appended, batchAppended, messageList } from '../../../src/node/api/success.ts';
import { call } from '../calls.ts';
import { FakeEngine, N1 } from '../fake-engine.ts';

const n = [nodeId('n1'), nodeId('n2')];

function node(outcome: FakeEngine['outcome'] = 'append') {
  const engine = new FakeEngine();
  engine.outcome = outcome;
  return { engine, app: createApp(engine) };
}

describe('POST /messages', () => {
  test('appends and tells where, how many and how long', async () => {
    const { engine, app } = node();
    const { status, body } = await call(app, 'POST', '/messages', { message: 'a', w: 2 });
    expect(status).toBe(201);
    expect(appended.parse(body)).toMatchObject({ index: 1, w: 2, acks: ['n1', 'n2'] });
    expect(body.durable).toBe(false);
    expect(engine.writes).toEqual([
      { operations: [{ op: 'append', message: 'a' }], batch: false, at: expect.any(String), w: 2 },
    ]);
  });

  test('without w the default of the node holds, and is in the answer', async () => {
    const engine = new FakeEngine();
    const majority = await call(createApp(engine), 'POST', '/messages', { message: 'a' });
    expect(majority.body.w).toBe('majority');
    const all = await call(createApp(engine, { defaultW: 'all' }), 'POST', '/messages', {
      message: 'a',
    });
    expect(all.body.w).toBe('all');
    expect(engine.writes.map(({ w }) => w)).toEqual(['majority', 'all']);
  });

  test('timeout and idempotency key reach the engine', async () => {
    const { engine, app } = node();
    const body = { message: 'a', w: 'all', timeoutMs: 86_400_000 };
    await call(app, 'POST', '/messages', body, { 'idempotency-key': 'k 1~' });
    expect(engine.writes[0]).toMatchObject({ timeoutMs: 86_400_000, idempotencyKey: 'k 1~' });
  });

  test('a media type with a charset is JSON too', async () => {
    const { app } = node();
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' };
    expect((await call(app, 'POST', '/messages', { message: 'a' }, headers)).status).toBe(201);
  });

  test('a known key is answered with 200 and the first index', async () => {
    const first = logIndex(9);
    const { app } = node({ type: 'Stored', first, last: first, acks: n, duplicate: true });
    const { status, body } = await call(app, 'POST', '/messages', { message: 'a' });
    expect([status, body.index, body.duplicate]).toEqual([200, 9, true]);
  });

  test('the client that leaves frees its waiter', async () => {
    const { engine, app } = node('never');
    const gone = new AbortController();
    const request = new Request('http://127.0.0.1/messages', {
      method: 'POST',
      body: '{"message":"a"}',
      headers: { 'content-type': 'application/json' },
      signal: gone.signal,
    });
    void app.request(request);
    await expect.poll(() => engine.writes.length).toBe(1);
    gone.abort();
    // It hears of that only as long as somebody has it, as the server has while it answers.
    expect(request.signal.aborted).toBe(true);
    expect(engine.aborted).toBe(1);
  });

  const place = { first: logIndex(4), last: logIndex(4) };
  const refusals: [Outcome, number, string, Record<string, unknown>][] = [
    [
      { type: 'TimedOut', ...place, acks: n },
      504,
      'write-concern-timeout',
      { index: 4, w: 3, acks: n },
    ],
    [{ type: 'Unsatisfiable', size: 2 }, 400, 'write-concern-unsatisfiable', { w: 3, size: 2 }],
    [{ type: 'KeyReused' }, 422, 'idempotency-key-reused', {}],
    [
      { type: 'NoQuorum', alive: 1, needed: 2, missing: n },
      503,
      'no-quorum',
      { alive: 1, needed: 2, missing: n },
    ],
    [{ type: 'NoMaster' }, 503, 'no-master', {}],
    [{ type: 'NoMaster', ...place }, 503, 'no-master', { index: 4 }],
    [{ type: 'Recovering' }, 503, 'recovering', {}],
    [{ type: 'Overloaded' }, 503, 'overloaded', {}],
    [
      { type: 'StorageUnavailable', reason: 'full' },
      503,
      'storage-unavailable',
      { reason: 'full' },
    ],
    [{ type: 'ShuttingDown' }, 503, 'shutting-down', {}],
    [{ type: 'ShuttingDown', ...place }, 503, 'shutting-down', { index: 4 }],
  ];
  test.each(refusals)('%j is %d %s', async (outcome, status, code, extra) => {
    const { app } = node(outcome);
    const answer = await call(app, 'POST', '/messages', { message: 'a', w: 3 });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const { type, title, detail, ...rest } = answer.body;
    expect(type).toBe(`/problems/${code}`);
    expect([title, detail].map((text) => typeof text)).toEqual(['string', 'string']);
    expect(rest).toEqual({ status, code, ...extra });
    // The command line shows nothing else: that nothing was written does not say why.
    expect(detail).not.toBe('Nothing was appended.');
    const soon = ['no-quorum', 'no-master', 'recovering', 'overloaded', 'storage-unavailable'];
    expect(answer.headers.get('retry-after')).toBe(soon.includes(code) ? '1' : null);
  });

  test('a secondary sends to the master, path and query kept', async () => {
    const master = { node: nodeId('n1'), url: 'http://127.0.0.1:4000/' };
    const { app } = node({ type: 'NotMaster', master });
    const { status, headers, body } = await call(app, 'POST', '/messages?x=%2F', { message: 'a' });
    expect(status).toBe(307);
    expect(headers.get('location')).toBe('http://127.0.0.1:4000/messages?x=%2F');
    expect(body).toMatchObject({ code: 'not-master', master });
  });
});

describe('POST /messages/batch', () => {
  test('is one write of many operations', async () => {
    const { engine, app } = node();
    const { status, body } = await call(app, 'POST', '/messages/batch', { messages: ['a', 'b'] });
    expect(status).toBe(201);
    expect(batchAppended.parse(body)).toMatchObject({ first: 1, last: 2, count: 2, w: 'majority' });
    expect(engine.writes).toHaveLength(1);
    expect(engine.writes[0]).toMatchObject({ batch: true, operations: [{}, {}] });
  });

  test('B02: its key reaches the engine, and so do its time limit and write concern', async () => {
    const { engine, app } = node();
    const body = { messages: ['a', 'b'], w: 'all', timeoutMs: 5 };
    await call(app, 'POST', '/messages/batch', body, { 'idempotency-key': 'k' });
    await call(app, 'POST', '/messages/batch', { messages: ['a'] });
    expect(engine.writes[0]).toMatchObject({ w: 'all', timeoutMs: 5, idempotencyKey: 'k' });
    expect(engine.writes[1]!.idempotencyKey).toBeUndefined();
  });

  test('a known key is answered with 200 and the first place', async () => {
    const place = { first: logIndex(4), last: logIndex(5) };
    const { app } = node({ type: 'Stored', ...place, acks: n, duplicate: true });
    const { status, body } = await call(app, 'POST', '/messages/batch', { messages: ['a', 'b'] });
    expect([status, body.first, body.last, body.duplicate]).toEqual([200, 4, 5, true]);
  });

  test('its timeout carries the whole place', async () => {
    const place = { first: logIndex(4), last: logIndex(6) };
    const { app } = node({ type: 'TimedOut', ...place, acks: n });
    const { status, body } = await call(app, 'POST', '/messages/batch', { messages: ['a'], w: 2 });
    expect(status).toBe(504);
    expect(body).toMatchObject({
      code: 'write-concern-timeout',
      first: 4,
      last: 6,
      count: 3,
      w: 2,
      acks: n,
    });
  });

  test('shutting down, it names the place of what is in the log', async () => {
    const { app } = node({ type: 'ShuttingDown', first: logIndex(4), last: logIndex(6) });
    const { body } = await call(app, 'POST', '/messages/batch', { messages: ['a'] });
    expect(body).toMatchObject({ code: 'shutting-down', index: 4, first: 4, last: 6, count: 3 });
  });

  test.each([0, 10_001])('%d messages are too few or too many', async (count) => {
    const { engine, app } = node();
    const messages = Array.from({ length: count }, () => 'a');
    const { status, body } = await call(app, 'POST', '/messages/batch', { messages });
    expect([status, body.errors[0].path]).toEqual([400, 'messages']);
    expect(engine.writes).toEqual([]);
  });

  test('10,000 are not, and 5 MiB neither', async () => {
    const { app } = node();
    const messages = Array.from({ length: 10_000 }, () => 'x'.repeat(520));
    const { status, body } = await call(app, 'POST', '/messages/batch', { messages });
    expect([status, body.count]).toEqual([201, 10_000]);
  });

  test('names the message that is wrong', async () => {
    const { app } = node();
    const body = '{"messages":["a","\\ud83d"]}';
    const answer = await call(app, 'POST', '/messages/batch', body);
    expect(answer.body.errors).toEqual([
      { path: 'messages[1]', message: expect.stringContaining('surrogate') },
    ]);
  });
});

describe('GET /messages', () => {
  test('shows the messages in order, and nothing else of the log', async () => {
    const { engine, app } = node();
    engine.messages('a', 'é👍"\\');
    engine.append([{ op: 'put', key: 'k', value: 'v' }]);
    engine.messages('c');
    const { status, body } = await call(app, 'GET', '/messages');
    expect(status).toBe(200);
    expect(body).toEqual({ messages: ['a', 'é👍"\\', 'c'], lastIndex: 4 });
  });

  test('an empty log is an empty list', async () => {
    const { app } = node();
    expect((await call(app, 'GET', '/messages')).body).toEqual({ messages: [], lastIndex: 0 });
  });

  test.each(['from=1', 'limit=2', 'from=2&limit=1'])(
    'whoever asks for a part (%s) is told that it is the last one',
    async (part) => {
      const { engine, app } = node();
      engine.messages('a', 'b');
      expect((await call(app, 'GET', `/messages?${part}`)).body.next).toBeNull();
    },
  );

  test('pages fit together, whatever stands between the messages', async () => {
    const { engine, app } = node();
    for (let i = 0; i < 5; i += 1) {
      engine.messages(`m${i}`);
      engine.append([{ op: 'put', key: 'k', value: `${i}` }]);
    }
    const seen: string[] = [];
    let from: number | null = 1;
    let pages = 0;
    while (from !== null) {
      const page = await call(app, 'GET', `/messages?from=${from}&limit=2`);
      expect(messageList.safeParse(page.body).success).toBe(true);
      seen.push(...page.body.messages);
      from = page.body.next;
      pages += 1;
    }
    expect([seen, pages]).toEqual([['m0', 'm1', 'm2', 'm3', 'm4'], 3]);
  });

  test('100,000 messages are streamed, none missing', async () => {
    const { engine, app } = node();
    const messages = Array.from({ length: 100_000 }, (_, i) => `message ${i}`);
    engine.messages(...messages.slice(0, 3));
    engine.append(messages.slice(3).map((message) => ({ op: 'append', message })));
    const { body } = await call(app, 'GET', '/messages');
    expect(body.messages).toEqual(messages);
  });

  test('B20: a list that is read while the log grows is a prefix', async () => {
    const { engine, app } = node();
    engine.append(Array.from({ length: 5_000 }, (_, i) => ({ op: 'append', message: `${i}` })));
    const list = call(app, 'GET', '/messages');
    for (let i = 0; i < 50; i += 1) {
      engine.messages('later');
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { body } = await list;
    expect(body.lastIndex).toBe(5_000);
    expect(body.messages).toHaveLength(5_000);
  });

  test('majority shows only what is on a majority', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'append', message: 'b' }], { committed: false });
    const majority = await call(app, 'GET', '/messages?read=majority');
    expect(majority.body).toEqual({ messages: ['a'], lastIndex: 1 });
    expect((await call(app, 'GET', '/messages')).body.messages).toEqual(['a', 'b']);
  });

  test.each(['NotLinearizable', 'NotMaster'] as const)(
    'a secondary says who answers linearizable reads (%s)',
    async (type) => {
      const { engine, app } = node();
      engine.state = engine.follower('secondary');
      engine.confirmation =
        type === 'NotMaster' ? { type, master: N1 } : { type, reason: 'only the master' };
      const { status, body } = await call(app, 'GET', '/messages?read=linearizable');
      expect([status, body.code, body.master]).toEqual([503, 'not-linearizable', N1]);
      engine.state = engine.follower(null);
      const alone = await call(app, 'GET', '/messages?read=linearizable');
      expect([alone.status, alone.body.master]).toEqual([503, undefined]);
    },
  );

  test('linearizable shows what was proved, or nothing', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b');
    const refused = await call(app, 'GET', '/messages?read=linearizable');
    expect([refused.status, refused.body.code]).toEqual([503, 'not-linearizable']);
    engine.confirmation = { type: 'Confirmed', lastIndex: logIndex(1) };
    const proved = await call(app, 'GET', '/messages?read=linearizable');
    expect(proved.body).toEqual({ messages: ['a'], lastIndex: 1 });
  });
});

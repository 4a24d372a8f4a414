import { expect, test, vi } from 'vitest';
import {
  NoMaster,
  NoQuorum,
  OperationFailed,
  OutcomeUnknown,
  PreconditionFailed,
  ProblemError,
  ReplogClient,
  UnexpectedAnswer,
  Unreachable,
  WriteConcernTimeout,
} from '../../../src/client/client.ts';
import { quickPace } from '../quick-pace.ts';
import { deadUrl, sendJson, sendProblem, startStub } from '../stub-server.ts';

const STORED = { index: 3, w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };

function clientOf(url: string) {
  return new ReplogClient({ url, pace: quickPace() });
}

test('an append sends what was asked for and brings back the answer', async () => {
  const stub = await startStub((_, response) => sendJson(response, 201, STORED));
  // A clock that stands still: the timeout is sent less what has passed since the call.
  const pace = quickPace();
  const client = new ReplogClient({ url: `${stub.url}/`, token: 'secret', pace });
  const answer = await client.append('hello', { w: 2, timeoutMs: 500, idempotencyKey: 'k1' });
  expect(answer).toEqual(STORED);
  expect(stub.hits).toHaveLength(1);
  const [hit] = stub.hits;
  expect(hit).toMatchObject({ method: 'POST', path: '/messages' });
  expect(hit?.json).toEqual({ message: 'hello', w: 2, timeoutMs: 500 });
  expect(hit?.headers).toMatchObject({
    'content-type': 'application/json',
    authorization: 'Bearer secret',
    'idempotency-key': 'k1',
  });
  expect(hit?.headers['content-length']).toBe(String(hit?.text.length));
});

test('a write without a key gets one of its own, another one each time', async () => {
  const stub = await startStub((_, response) => sendJson(response, 201, STORED));
  const client = clientOf(stub.url);
  await client.append('a');
  await client.append('a');
  const keys = stub.hits.map((hit) => hit.headers['idempotency-key']);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(keys).size).toBe(2);
});

test('a connection that breaks is tried again with the same key', async () => {
  const stub = await startStub((_, response, count) =>
    count < 3 ? response.destroy() : sendJson(response, 200, { ...STORED, duplicate: true }),
  );
  const answer = await clientOf(stub.url).append('a');
  expect(answer.duplicate).toBe(true);
  expect(stub.hits).toHaveLength(3);
  expect(new Set(stub.hits.map((hit) => hit.headers['idempotency-key'])).size).toBe(1);
});

test('an answer that breaks off counts as none', async () => {
  const stub = await startStub((_, response, count) => {
    if (count > 1) return sendJson(response, 200, STORED);
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"index":', () => response.destroy());
  });
  expect(await clientOf(stub.url).append('a')).toEqual(STORED);
  expect(stub.hits).toHaveLength(2);
});

test('tries are bounded, and end as "outcome unknown" with the key', async () => {
  const stub = await startStub((_, response) => response.destroy());
  const error = await clientOf(stub.url)
    .append('a', { idempotencyKey: 'k7' })
    .catch((e) => e);
  expect(error).toBeInstanceOf(OutcomeUnknown);
  expect(error).toMatchObject({ name: 'OutcomeUnknown', idempotencyKey: 'k7', index: null });
  expect(error.message).toContain('outcome unknown');
  expect(stub.hits.length).toBeGreaterThan(3);
  expect(stub.hits.length).toBeLessThan(20);
});

test('where nothing listens nothing was sent: unreachable, soon', async () => {
  const pace = quickPace();
  const url = await deadUrl();
  const error = await new ReplogClient({ url, pace }).append('a').catch((e) => e);
  expect(error).toBeInstanceOf(Unreachable);
  expect(error.url).toBe(url);
  expect(error.message).toContain('ECONNREFUSED');
  expect(pace.now()).toBeLessThan(1_000);
});

test.each([
  [503, 'no-quorum', NoQuorum],
  [503, 'overloaded', ProblemError],
  [400, 'invalid-request', ProblemError],
  [412, 'precondition-failed', PreconditionFailed],
  [504, 'write-concern-timeout', WriteConcernTimeout],
])('%d %s is an answer: one hit, no retry', async (status, code, type) => {
  const stub = await startStub((_, response) => sendProblem(response, status, code));
  const error = await clientOf(stub.url)
    .append('a')
    .catch((e) => e);
  expect(error).toBeInstanceOf(type);
  expect(error).toMatchObject({ status, code });
  expect(stub.hits).toHaveLength(1);
});

test.each([500, 502, 504])('a %d may come after the append: outcome unknown', async (status) => {
  const stub = await startStub((_, response) => sendProblem(response, status, 'internal'));
  await expect(clientOf(stub.url).append('a')).rejects.toBeInstanceOf(OutcomeUnknown);
  expect(stub.hits).toHaveLength(1);
});

test('a refusal after a copy that went unanswered does not say "refused"', async () => {
  const stub = await startStub((_, response, count) =>
    count === 1 ? response.destroy() : sendProblem(response, 503, 'no-quorum'),
  );
  const error = await clientOf(stub.url)
    .append('a')
    .catch((e) => e);
  expect(error).toBeInstanceOf(OutcomeUnknown);
  expect(error.cause).toBeInstanceOf(NoQuorum);
});

test('a refusal that the first copy would have met as well is a refusal', async () => {
  const stub = await startStub((_, response, count) =>
    count === 1 ? response.destroy() : sendProblem(response, 422, 'idempotency-key-reused'),
  );
  const error = await clientOf(stub.url)
    .append('a')
    .catch((e) => e);
  expect(error).toMatchObject({ name: 'IdempotencyKeyReused', status: 422 });
});

test('waits out a change of master', async () => {
  const stub = await startStub((_, response, count) => {
    if (count === 1) return sendProblem(response, 503, 'no-master');
    if (count === 2) return sendProblem(response, 503, 'shutting-down');
    if (count === 3) return sendProblem(response, 503, 'recovering');
    sendJson(response, 201, STORED);
  });
  expect(await clientOf(stub.url).append('a')).toEqual(STORED);
  expect(stub.hits).toHaveLength(4);
});

test('no master for too long is NoMaster; nothing is in doubt', async () => {
  const pace = quickPace();
  const stub = await startStub((_, response) =>
    sendProblem(response, 503, 'no-master', {}, { 'retry-after': '1' }),
  );
  const client = new ReplogClient({ url: stub.url, pace });
  await expect(client.append('a')).rejects.toBeInstanceOf(NoMaster);
  expect(pace.pauses.every((ms) => ms >= 1_000)).toBe(true);
  expect(pace.now()).toBeLessThanOrEqual(10_000);
});

test('a node that ends with the write in its log leaves the outcome open', async () => {
  const stub = await startStub((_, response, count) =>
    count === 1
      ? sendProblem(response, 503, 'shutting-down', { index: 9 })
      : sendProblem(response, 503, 'no-master'),
  );
  const error = await clientOf(stub.url)
    .append('a')
    .catch((e) => e);
  expect(error).toMatchObject({ name: 'OutcomeUnknown', index: 9 });
});

test('a write given up in time for its own limit asks for what is left of it', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 503, 'no-master'));
  const pace = quickPace();
  const client = new ReplogClient({ url: stub.url, pace });
  await expect(client.append('a', { timeoutMs: 1_000 })).rejects.toBeInstanceOf(NoMaster);
  expect(pace.now()).toBeLessThanOrEqual(1_000);
  const asked = stub.hits.map((hit) => (hit.json as { timeoutMs: number }).timeoutMs);
  expect(asked[0]).toBe(1_000);
  expect(asked.at(-1)).toBeLessThan(1_000);
  // A node takes whole milliseconds only.
  expect(asked.filter((ms) => !Number.isInteger(ms))).toEqual([]);
});

test('nothing is sent after the signal has aborted', async () => {
  const stub = await startStub((_, response) => sendJson(response, 201, STORED));
  const signal = AbortSignal.abort(new Error('changed my mind'));
  const client = clientOf(stub.url);
  await expect(client.append('a', { signal })).rejects.toBe(signal.reason);
  await expect(client.put('k', 'v', { signal })).rejects.toBe(signal.reason);
  expect(stub.hits).toHaveLength(0);
});

test('an abort while the write is under way leaves its outcome unknown', async () => {
  const stub = await startStub(() => {});
  const controller = new AbortController();
  const failed = clientOf(stub.url)
    .append('a', { signal: controller.signal, idempotencyKey: 'k' })
    .catch((e) => e);
  await stub.arrived(1);
  controller.abort();
  expect(await failed).toMatchObject({ name: 'OutcomeUnknown', idempotencyKey: 'k' });
  expect(stub.hits).toHaveLength(1);
});

test('an abort between two tries ends the tries', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 503, 'no-master'));
  const controller = new AbortController();
  const { signal } = controller;
  const pause = vi.fn(async () => controller.abort(new Error('enough')));
  const client = new ReplogClient({ url: stub.url, pace: { ...quickPace(), pause } });
  await expect(client.append('a', { signal })).rejects.toThrow('enough');
  expect(pause).toHaveBeenCalledWith(expect.any(Number), signal);
  expect(stub.hits).toHaveLength(1);
});

test.each([0, -5, 1.5, Number.NaN, 2 ** 40])(
  '%s is no time limit, and for the node to refuse',
  async (ms) => {
    const stub = await startStub((_, response) => sendProblem(response, 400, 'invalid-request'));
    await expect(clientOf(stub.url).append('a', { timeoutMs: ms })).rejects.toMatchObject({
      code: 'invalid-request',
    });
    expect(stub.hits.at(-1)?.json).toEqual({
      message: 'a',
      timeoutMs: Number.isNaN(ms) ? null : ms,
    });
  },
);

test('a node that hangs beyond the time limit it was given is not waited for', async () => {
  const stub = await startStub(() => {});
  const client = clientOf(stub.url);
  await expect(client.append('a', { timeoutMs: 1 })).rejects.toBeInstanceOf(OutcomeUnknown);
});

test('something that is not replog is recognised', async () => {
  const stub = await startStub((_, response) => response.writeHead(200).end('<h1>It works!</h1>'));
  await expect(clientOf(stub.url).append('a')).rejects.toBeInstanceOf(UnexpectedAnswer);
  stub.respond((_, response) => response.writeHead(404).end('no such page'));
  await expect(clientOf(stub.url).append('a')).rejects.toBeInstanceOf(UnexpectedAnswer);
});

test.each([
  { acks: ['n1'] },
  { index: '1', acks: ['n1'] },
  { index: 0, acks: ['n1'] },
  { index: 1.5, acks: ['n1'] },
  { index: 1, acks: 'n1' },
  { index: 1, acks: [1] },
  { first: 1, last: null, acks: ['n1'] },
])('%j is no acknowledgement', async (body) => {
  const stub = await startStub((_, response) => sendJson(response, 201, body));
  const client = clientOf(stub.url);
  await expect(client.put('k', 'v')).rejects.toBeInstanceOf(UnexpectedAnswer);
  await expect(client.appendBatch(['a'])).rejects.toBeInstanceOf(UnexpectedAnswer);
});

test('a time limit that ran out says what is stored where', async () => {
  const stub = await startStub((_, response) =>
    sendProblem(response, 504, 'write-concern-timeout', {
      first: 5,
      last: 6,
      count: 2,
      w: 'all',
      acks: ['n1'],
    }),
  );
  const error = await clientOf(stub.url)
    .appendBatch(['a', 'b'])
    .catch((e) => e);
  expect(error).toBeInstanceOf(WriteConcernTimeout);
  expect(error).toMatchObject({ index: 5, last: 6, w: 'all', acks: ['n1'] });
  expect(stub.hits[0]).toMatchObject({ path: '/messages/batch', json: { messages: ['a', 'b'] } });
  stub.respond((_, response) => sendProblem(response, 504, 'write-concern-timeout', { index: 7 }));
  const one = clientOf(stub.url).append('a');
  await expect(one).rejects.toMatchObject({ index: 7, last: 7, w: null, acks: [] });
});

test('put and remove carry their conditions, and their failure is an OperationFailed', async () => {
  const stub = await startStub((_, response) =>
    sendProblem(response, 504, 'operation-failed', {
      result: 'OperationFailed',
      id: 7,
      key: 'a/ü b',
      index: 4,
      acks: ['n1'],
    }),
  );
  const client = clientOf(stub.url);
  const error = await client
    .put('a/ü b', 'v', { id: 7, w: 1, ifMatch: 3, ifNoneMatch: '*' })
    .catch((e) => e);
  expect(error).toBeInstanceOf(OperationFailed);
  expect(error).toMatchObject({ key: 'a/ü b', index: 4, acks: ['n1'] });
  const [hit] = stub.hits;
  expect(hit).toMatchObject({ method: 'PUT', path: '/kv/a%2F%C3%BC%20b' });
  expect(hit?.json).toEqual({ value: 'v', id: 7, w: 1 });
  expect(hit?.headers).toMatchObject({ 'if-match': '"3"', 'if-none-match': '*' });
  await expect(client.remove('a', { id: 8, w: 2, ifMatch: 5 })).rejects.toThrow(OperationFailed);
  const removal = stub.hits[1];
  expect(removal).toMatchObject({ method: 'DELETE', path: '/kv/a', json: { id: 8, w: 2 } });
  expect([removal?.headers['if-match'], removal?.headers['if-none-match']]).toEqual([
    '"5"',
    undefined,
  ]);
});

test('a key may have 1,024 bytes, and no more', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, STORED));
  const client = new ReplogClient({ url: stub.url });
  await client.put('ü'.repeat(512), 'v');
  await expect(client.put(`${'ü'.repeat(512)}k`, 'v')).rejects.toThrow('1025 bytes is too long');
  expect(stub.hits).toHaveLength(1);
});

test.each(['.', '..', '', '\ud800'])('%j cannot be a key', async (key) => {
  const client = clientOf('http://127.0.0.1:1');
  await expect(client.put(key, 'v')).rejects.toMatchObject({ name: 'InvalidKey' });
  await expect(client.remove(key)).rejects.toMatchObject({ name: 'InvalidKey' });
  await expect((async () => client.get(key))()).rejects.toMatchObject({ name: 'InvalidKey' });
});

test.each(['', 'nonsense', 'ftp://x', 'http://user:secret@x', 'http://x?q'])(
  '%j is no URL of a node',
  (url) => {
    expect(() => clientOf(url)).toThrow(expect.objectContaining({ name: 'InvalidUrl' }));
  },
);

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a bare URL', 'http://127.0.0.1:4000'],
])('a client that is given %s says what it needs', (_, options) => {
  const make = () => new ReplogClient(options as never);
  expect(make).toThrow(expect.objectContaining({ name: 'InvalidUrl' }));
  expect(make).toThrow('new ReplogClient({ url:');
});

test('a client without a url says so', () => {
  expect(() => new ReplogClient({} as never)).toThrow('undefined is not the URL of a node');
});

test('no timer is left behind an answer', async () => {
  const result = { result: 'OperationAck', index: 1, acks: [], id: null, key: 'k', ms: 1 };
  const stub = await startStub((_, response) => sendJson(response, 200, result));
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const put = () => client.put('k', 'v', { timeoutMs: 60_000 });
  await put();
  const before = timers();
  for (let i = 0; i < 10; i += 1) await put();
  expect(timers()).toBeLessThan(before + 5);
});

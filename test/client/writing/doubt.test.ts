// What a write may say of itself at its end: refused, unreachable, given up, or "outcome unknown";
// and for how long it waits before it does.

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OutcomeUnknown, ReplogClient, UnexpectedAnswer } from '../../../src/client/client.ts';
import { Departures } from '../../../src/client/wire/departures.ts';
import {
  type Call,
  ConnectionFailure,
  type Reply,
  WRITE_ANSWER_MAX,
} from '../../../src/client/wire/link.ts';
import { WireFailure } from '../../../src/client/wire/wire.ts';
import { PendingWrite, type WriteOrder } from '../../../src/client/writing/pending-write.ts';
import { quickPace } from '../quick-pace.ts';
import { sendProblem, startStub } from '../stub-server.ts';

const STORED: Reply = {
  url: 'http://n1/messages',
  status: 201,
  headers: new Headers(),
  body: { index: 1, acks: ['n1'] },
};

/** A write to one node, whose answers are the caller's. */
function writeVia(send: (call: Call) => Promise<Reply>, more: Partial<WriteOrder> = {}) {
  const pace = quickPace();
  const order = {
    ...({ method: 'POST', path: '/messages', idempotencyKey: 'k' } as const),
    ...{ json: () => ({ message: 'a' }), departures: new Departures(), ...more },
  };
  const route = { configured: ['http://n1'], turn: 0, learned: null, answered: false };
  return {
    pace,
    write: new PendingWrite({ send: (_, call) => send(call) }, route, order, pace, 10_000),
  };
}

/** How a write ends whose first copy is not answered, and whose second one is refused. */
async function afterSilence(status: number, code: string): Promise<unknown> {
  const stub = await startStub((_, response, count) => {
    if (count === 1) response.destroy();
    else sendProblem(response, status, code);
  });
  const write = new ReplogClient({ url: stub.url, pace: quickPace() }).append('a');
  return write.catch((error: unknown) => error);
}

test.each([200, 404, 409, 502])(
  'a %d that is not replog does not say what became of an unanswered copy',
  async (status) => {
    const stub = await startStub((_, response, count) => {
      if (count === 1) response.destroy();
      else response.writeHead(status).end('<h1>Hello</h1>');
    });
    const write = new ReplogClient({ url: stub.url, pace: quickPace() }).append('a');
    const error = await write.catch((reason) => reason);
    expect(error).toBeInstanceOf(OutcomeUnknown);
    expect(error.cause).toBeInstanceOf(UnexpectedAnswer);
    expect(stub.hits).toHaveLength(2);
  },
);

describe('an answer that does not end', () => {
  /** One whose body goes on for as long as anybody reads it. */
  const endless = (type: string, reads: { bytes: number }) =>
    startStub((_, response) => {
      const block = Buffer.alloc(64 << 10, ' ');
      const go = (): void => {
        while (!response.destroyed && response.write(block)) reads.bytes += block.length;
      };
      response.writeHead(201, { 'content-type': type }).on('drain', go);
      go();
    });

  test.each([
    ['one append', (client: ReplogClient) => [client.append('a')]],
    [
      'several that travel together',
      (client: ReplogClient) => [1, 2].map(() => client.append('a')),
    ],
    ['a batch', (client: ReplogClient) => [client.appendBatch(['a'])]],
  ])('says nothing of %s', async (_, begin) => {
    const reads = { bytes: 0 };
    const stub = await endless('application/json', reads);
    const writes = begin(new ReplogClient({ url: stub.url, pace: quickPace(), retryForMs: 0 }));
    for (const write of writes) {
      const error = await write.catch((reason) => reason);
      expect(error).toBeInstanceOf(OutcomeUnknown);
      expect(String(error.cause?.cause ?? error.cause)).toContain('goes on beyond');
    }
    // What sockets and streams hold on top of it.
    expect(reads.bytes).toBeLessThan(stub.hits.length * (WRITE_ANSWER_MAX + (8 << 20)));
  });
});

test.each([
  [400, 'invalid-request'],
  [401, 'unauthorized'],
  [403, 'foreign-origin'],
  [404, 'not-found'],
  [405, 'method-not-allowed'],
  [413, 'too-large'],
  [415, 'unsupported-media-type'],
  [421, 'unknown-host'],
  [422, 'idempotency-key-reused'],
  [504, 'write-concern-timeout'],
  [504, 'operation-failed'],
])('%d %s says what became of an unanswered copy, too', async (status, code) => {
  expect(await afterSilence(status, code)).toMatchObject({ status, code });
});

test.each([
  [412, 'precondition-failed'],
  [400, 'write-concern-unsatisfiable'],
  [500, 'internal-error'],
  [503, 'overloaded'],
])('%d %s does not: that copy may be what has changed since', async (status, code) => {
  const error = await afterSilence(status, code);
  expect(error).toBeInstanceOf(OutcomeUnknown);
  expect(error).toMatchObject({ cause: { status, code } });
});

test.each([
  [401, 'unauthorized'],
  [404, 'not-found'],
  [421, 'unknown-host'],
])('%d %s of one node does not say what became of a copy on another', async (status, code) => {
  const master = await startStub((_, response) => response.destroy());
  const first = await startStub((_, response, count) => {
    if (count > 1) return sendProblem(response, status, code);
    sendProblem(response, 307, 'not-master', { master: { node: 'n2', url: master.url } });
  });
  const write = new ReplogClient({ url: first.url, pace: quickPace() }).append('a');
  const error = await write.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OutcomeUnknown);
  expect(error).toMatchObject({ cause: { status, code } });
});

test('where a write stands is not forgotten when its node breaks off', async () => {
  const stub = await startStub((_, response, count) => {
    if (count === 1) sendProblem(response, 503, 'shutting-down', { index: 9 });
    else response.destroy();
  });
  const write = new ReplogClient({ url: stub.url, pace: quickPace() }).append('a');
  await expect(write).rejects.toMatchObject({ name: 'OutcomeUnknown', index: 9 });
  expect(stub.hits.length).toBeGreaterThan(1);
});

test('a node that only just starts is waited for, half a second', async () => {
  const gone = new ConnectionFailure('http://n1', new Error('ECONNREFUSED'), false);
  let asked = 0;
  const { pace, write } = writeVia(async () => {
    asked += 1;
    if (asked < 4) throw gone;
    return STORED;
  });
  expect(await write.run()).toBe(STORED.body);
  expect(pace.pauses).toHaveLength(3);
});

test('a node that has answered is one that comes back: it is waited for', async () => {
  const gone = new ConnectionFailure('http://n1', new Error('ECONNREFUSED'), false);
  const noMaster = { ...STORED, status: 503, body: { code: 'no-master' } };
  let asked = 0;
  const { pace, write } = writeVia(async () => {
    asked += 1;
    if (asked === 1) return noMaster;
    if (asked < 7) throw gone;
    return STORED;
  });
  expect(await write.run()).toBe(STORED.body);
  expect(pace.now()).toBeGreaterThan(2_000);
});

test('a master that answered an earlier write is waited for while it starts again', async () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  let asked = 0;
  const fetch = async (): Promise<Response> => {
    asked += 1;
    if (asked > 1 && asked < 9) throw new TypeError('fetch failed', { cause: refused });
    return Response.json(STORED.body, { status: 201 });
  };
  const pace = quickPace();
  const client = new ReplogClient({ url: 'http://n1:4000', fetch, pace });
  await client.append('before');
  expect(await client.append('while it is away')).toEqual(STORED.body);
  expect(pace.now()).toBeGreaterThan(2_000);
});

test('a node that asks for a long pause is asked again sooner', async () => {
  const pace = quickPace();
  const stub = await startStub((_, response, count) => {
    if (count === 1) sendProblem(response, 503, 'no-master', {}, { 'retry-after': '60' });
    else sendProblem(response, 503, 'no-quorum');
  });
  const write = new ReplogClient({ url: stub.url, pace }).append('a');
  await expect(write).rejects.toMatchObject({ code: 'no-quorum' });
  expect(pace.pauses).toEqual([2_000]);
});

test('what stands before a node and failed may have passed the write on', async () => {
  const stub = await startStub((_, response) => response.writeHead(502).end('Bad Gateway'));
  const error = await new ReplogClient({ url: stub.url, pace: quickPace() })
    .append('a')
    .catch((reason) => reason);
  expect(error).toBeInstanceOf(OutcomeUnknown);
  expect(error.cause).toBeInstanceOf(UnexpectedAnswer);
});

test('a node that holds the write for longer than fetch waits is asked again at once', async () => {
  const silent = new WireFailure(new Error('HeadersTimeoutError'), true, true);
  let asked = 0;
  const { pace, write } = writeVia(async () => {
    asked += 1;
    if (asked < 30) throw new ConnectionFailure('http://n1', silent, true);
    return STORED;
  });
  expect(await write.run()).toBe(STORED.body);
  expect(pace.pauses).toEqual([]);
});

test.each([
  ['soon', 0, 10_000],
  ['late', 600, 10_000],
  ['where there are no further tries', 0, 0],
])(
  'a write given up before it was sent ends with the reason for that: %s',
  async (_, ms, retryForMs) => {
    const stub = await startStub(() => {});
    let now = 0;
    const pace = { ...quickPace(), now: () => now };
    const client = new ReplogClient({ url: stub.url, pace, retryForMs });
    const controller = new AbortController();
    const { signal } = controller;
    const given = expect(client.append('a', { signal })).rejects.toThrow(/^changed my mind$/);
    now = ms;
    controller.abort(new Error('changed my mind'));
    await given;
    expect(stub.hits).toEqual([]);
  },
);

test('a write given up between two tries may be where the first one went', async () => {
  const stub = await startStub((_, response) => response.destroy());
  const controller = new AbortController();
  const pause = async () => controller.abort(new Error('enough'));
  const client = new ReplogClient({ url: stub.url, pace: { ...quickPace(), pause } });
  const write = client.append('a', { signal: controller.signal });
  await expect(write).rejects.toBeInstanceOf(OutcomeUnknown);
});

test('a last try that comes as the time is up asks for what a node takes', async () => {
  const stub = await startStub((_, response) =>
    sendProblem(response, 503, 'no-master', {}, { 'retry-after': '1' }),
  );
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  await expect(client.append('a', { timeoutMs: 1_000 })).rejects.toMatchObject({ status: 503 });
  expect(stub.hits.map(({ json }) => (json as { timeoutMs: number }).timeoutMs)).toEqual([
    1_000, 1,
  ]);
});

test('a write that its node ends by itself is not waited for much longer', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const silent = ({ signal }: Call) =>
    new Promise<Reply>((_, reject) =>
      signal!.addEventListener('abort', () => reject(signal!.reason)),
    );
  const { write } = writeVia(silent, { defaultTimeoutMs: 1_000 });
  const ended = expect(write.run()).rejects.toMatchObject({
    name: 'OutcomeUnknown',
    cause: { name: 'TimeoutError' },
  });
  await vi.advanceTimersByTimeAsync(2_000);
  await ended;
});

test('nor is it by being sent from node to node when its time is over', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const startedAt = Date.now();
  let asked = 0;
  const slow = ({ signal }: Call) =>
    new Promise<Reply>((resolve, reject) => {
      asked += 1;
      const body = { code: 'not-master', master: { node: 'n', url: `http://n${asked + 1}` } };
      setTimeout(() => resolve({ ...STORED, status: 307, body }), 900);
      signal!.addEventListener('abort', () => reject(signal!.reason));
    });
  const { pace, write } = writeVia(slow, { timeoutMs: 100 });
  vi.spyOn(pace, 'now').mockImplementation(() => Date.now() - startedAt);
  let endedAt = 0;
  const ended = write.run().catch((error: unknown) => {
    endedAt = Date.now();
    return error;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await ended).toMatchObject({ name: 'OutcomeUnknown', cause: { name: 'TimeoutError' } });
  expect(endedAt - startedAt).toBe(1_100);
});

test('nor is a put to a node that does not end it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const stub = await startStub(() => {});
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  const ended = expect(client.put('k', 'v')).rejects.toMatchObject({ name: 'OutcomeUnknown' });
  await stub.arrived(1);
  await vi.advanceTimersByTimeAsync(2_000);
  await ended;
});

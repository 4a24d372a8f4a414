import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OutcomeUnknown, ReplogClient, WriteConcernTimeout } from '../../../src/client/client.ts';
import { quickPace } from '../quick-pace.ts';
import {
  deadUrl,
  type Hit,
  type Responder,
  sendJson,
  sendProblem,
  startStub,
} from '../stub-server.ts';

/** The message says how many came before it. */
const stored = (before: number) => ({
  index: before + 1,
  w: 1,
  acks: ['n1'],
  durable: true,
  ms: 1,
});

interface Gathered {
  readonly appends: readonly { message: string; w?: number; idempotencyKey: string }[];
}

const appendsIn = (hit: Hit | undefined) => (hit!.json as Gathered).appends;

/** Answers a gathered request: one line for each append, in the order given. */
const answered: Responder = (hit, response) => {
  if (hit.path === '/messages') {
    sendJson(response, 201, stored(Number((hit.json as { message: string }).message)));
    return;
  }
  const lines = appendsIn(hit).map(({ message }, n) =>
    JSON.stringify({ n, status: 201, body: stored(Number(message)) }),
  );
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.end(`${lines.reverse().join('\n')}\n`);
};

const clientOf = (url: string) => new ReplogClient({ url, pace: quickPace() });

/** Appends the numbers 0…count - 1 at once. */
const together = (client: ReplogClient, count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => client.append(String(i), { w: 1 })));

describe('G21: appends of one client', () => {
  test('asked for in one go leave in one request, and each gets its own answer', async () => {
    const stub = await startStub(answered);
    const answers = await together(clientOf(stub.url), 20);
    expect(answers.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(stub.hits.map(({ path }) => path)).toEqual(['/messages/gathered']);
    const keys = new Set(appendsIn(stub.hits[0]).map(({ idempotencyKey }) => idempotencyKey));
    expect(keys.size).toBe(20);
  });

  test('each says what it was asked for with, and nothing else', async () => {
    const stub = await startStub(answered);
    const client = clientOf(stub.url);
    await Promise.all([
      client.append('0', { w: 'all', idempotencyKey: 'a' }),
      client.append('1', { timeoutMs: 60_000, idempotencyKey: 'b' }),
      client.append('2', { idempotencyKey: 'c' }),
    ]);
    expect(appendsIn(stub.hits[0])).toEqual([
      { message: '0', w: 'all', idempotencyKey: 'a' },
      { message: '1', timeoutMs: expect.closeTo(57_000, -4), idempotencyKey: 'b' },
      { message: '2', idempotencyKey: 'c' },
    ]);
  });

  test('one alone goes as ever', async () => {
    const stub = await startStub(answered);
    await clientOf(stub.url).append('7');
    expect(stub.hits.map(({ path }) => path)).toEqual(['/messages']);
  });

  test('what is asked for while two requests are unanswered goes together next', async () => {
    const held: (() => void)[] = [];
    const stub = await startStub((hit, response, count) => {
      if (count > 2) answered(hit, response, count);
      else held.push(() => answered(hit, response, count));
    });
    const client = new ReplogClient({ url: stub.url, pace: quickPace() });
    const first = client.append('0');
    await stub.arrived(1);
    const second = client.append('1');
    await stub.arrived(2);
    const rest = together(client, 5);
    for (const release of held) release();
    await Promise.all([first, second, rest]);
    expect(stub.hits.slice(2).map((hit) => appendsIn(hit).length)).toEqual([5]);
  });

  test('so does what is asked for bit by bit, and is not held up for long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const held: (() => void)[] = [];
    const stub = await startStub((...request) => void held.push(() => answered(...request)));
    const client = clientOf(stub.url);
    const appends: Promise<unknown>[] = [];
    const ask = async () => {
      appends.push(client.append(String(appends.length)));
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let i = 0; i < 5; i += 1) await ask();
    await stub.arrived(2);
    vi.advanceTimersByTime(9);
    await ask();
    vi.advanceTimersByTime(1);
    await stub.arrived(3);
    expect(stub.hits.map(({ path }) => path).slice(0, 2)).toEqual(['/messages', '/messages']);
    expect(appendsIn(stub.hits[2])).toHaveLength(4);
    for (const release of held) release();
    await Promise.all(appends);
  });

  test('G8 one that waits for ever holds up nobody', async () => {
    const stub = await startStub((hit, response, count) => {
      if (count > 3) answered(hit, response, count);
    });
    const client = clientOf(stub.url);
    const leaving = new AbortController();
    const waiting: Promise<unknown>[] = [];
    for (const [i, message] of ['a', 'b', 'c'].entries()) {
      waiting.push(client.append(message, { signal: leaving.signal }));
      await stub.arrived(i + 1);
    }
    const settled = Promise.allSettled(waiting);
    expect((await client.append('5')).index).toBe(6);
    leaving.abort(new Error('enough'));
    for (const outcome of await settled) expect(outcome.status).toBe('rejected');
  });

  test('when all who asked have gone, so does the request', async () => {
    let closed = false;
    const stub = await startStub((_, response) => {
      response.on('close', () => {
        closed = true;
      });
    });
    const leaving = new AbortController();
    const client = clientOf(stub.url);
    const both = ['a', 'b'].map((message) => client.append(message, { signal: leaving.signal }));
    const settled = Promise.allSettled(both);
    await stub.arrived(1);
    leaving.abort(new Error('enough'));
    for (const { status } of await settled) expect(status).toBe('rejected');
    await expect.poll(() => closed).toBe(true);
  });

  test('so it does when the others are answered later', async () => {
    let closed: Promise<unknown>;
    let stays: () => void;
    const stub = await startStub((_, response) => {
      closed = new Promise((done) => response.on('close', done));
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders();
      stays = () => response.write(`${JSON.stringify({ n: 1, status: 201, body: stored(1) })}\n`);
    });
    const leaving = new AbortController();
    const client = clientOf(stub.url);
    const goes = client.append('a', { signal: leaving.signal });
    const answer = client.append('b');
    const gone = expect(goes).rejects.toBeInstanceOf(OutcomeUnknown);
    await stub.arrived(1);
    leaving.abort(new Error('enough'));
    await gone;
    stays!();
    expect(await answer).toMatchObject({ index: 2 });
    await closed!;
  });

  test('a signal that many share is listened to once, and forgotten at the end', async () => {
    const stub = await startStub(answered);
    const leaving = new AbortController();
    const { signal } = leaving;
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const client = clientOf(stub.url);
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        client.append(String(i), i % 2 === 0 ? { signal } : { signal, timeoutMs: 5_000 }),
      ),
    );
    expect(added).toHaveBeenCalledTimes(removed.mock.calls.length);
    expect(added.mock.calls.length).toBeLessThanOrEqual(2);
  });

  test('a refusal of one is not a refusal of the others', async () => {
    const stub = await startStub((hit, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const [late] = appendsIn(hit);
      const problem = {
        code: 'write-concern-timeout',
        index: 4,
        acks: ['n1'],
        title: late?.message,
      };
      const lines = [
        { n: 0, status: 504, body: problem },
        { n: 1, status: 201, body: stored(1) },
      ];
      response.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    });
    const client = clientOf(stub.url);
    const [late, fine] = await Promise.allSettled([
      client.append('0', { w: 3, timeoutMs: 50 }),
      client.append('1', { w: 1 }),
    ]);
    expect(late).toMatchObject({ status: 'rejected', reason: expect.any(WriteConcernTimeout) });
    expect(fine).toMatchObject({ status: 'fulfilled', value: { index: 2 } });
  });

  test('after a break those without an answer are repeated, with the same keys', async () => {
    const stub = await startStub((hit, response, count) => {
      if (count > 1) {
        answered(hit, response, count);
        return;
      }
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const line = `${JSON.stringify({ n: 1, status: 201, body: stored(1) })}\n`;
      response.write(line, () => response.destroy());
    });
    const answers = await together(clientOf(stub.url), 3);
    expect(answers.map(({ index }) => index)).toEqual([1, 2, 3]);
    const keyOf = new Map(
      appendsIn(stub.hits[0]).map(({ message, idempotencyKey }) => [message, idempotencyKey]),
    );
    const again = appendsIn(stub.hits[1]);
    expect(again.map(({ message }) => message)).toEqual(['0', '2']);
    for (const { message, idempotencyKey } of again)
      expect(idempotencyKey).toBe(keyOf.get(message));
  });

  test.each([
    [404, 'not-found'],
    [405, 'method-not-allowed'],
    [400, 'invalid-request'],
    [413, 'too-large'],
  ])('a %i says nothing of the parts: they go one by one', async (status, code) => {
    const stub = await startStub((hit, response, count) => {
      if (hit.path === '/messages') answered(hit, response, count);
      else sendProblem(response, status, code);
    });
    const answers = await together(clientOf(stub.url), 3);
    expect(answers.map(({ index }) => index)).toEqual([1, 2, 3]);
  });

  test('for a node that is not there they were not sent, and nothing is in doubt', async () => {
    const url = await deadUrl();
    const client = clientOf(url);
    const ended = await Promise.allSettled(['1', '2'].map((message) => client.append(message)));
    expect(ended).toMatchObject(Array(2).fill({ reason: { name: 'Unreachable', url } }));
  });

  test('a whole refusal reaches each', async () => {
    const stub = await startStub((_, response) => sendProblem(response, 401, 'unauthorized'));
    const client = clientOf(stub.url);
    const refused = await Promise.allSettled([client.append('1'), client.append('2')]);
    expect(stub.hits).toHaveLength(1);
    for (const outcome of refused)
      expect(outcome).toMatchObject({ reason: { code: 'unauthorized' } });
  });

  test('a redirect sends all of them to the master', async () => {
    const master = await startStub(answered);
    const stub = await startStub((hit, response) => {
      const body = { code: 'not-master', master: { node: 'n2', url: master.url } };
      const lines = appendsIn(hit).map((_, n) => JSON.stringify({ n, status: 307, body }));
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.end(`${lines.join('\n')}\n`);
    });
    const answers = await together(clientOf(stub.url), 4);
    expect(answers.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect(master.hits.map((hit) => appendsIn(hit).length)).toEqual([4]);
  });

  test('time that runs out before an answer leaves the outcome open', async () => {
    const stub = await startStub(() => undefined);
    const client = new ReplogClient({ url: stub.url, pace: quickPace(), retryForMs: 0 });
    const leaving = new AbortController();
    const both = ['a', 'b'].map((message) => client.append(message, { signal: leaving.signal }));
    const settled = Promise.allSettled(both);
    await stub.arrived(1);
    leaving.abort(new Error('time is up'));
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ reason: expect.any(OutcomeUnknown) });
    }
  });

  test('whose node is not the master go where the header of each answer points', async () => {
    const master = await startStub(answered);
    const secondary = await startStub((hit, response) => {
      const headers = { location: `${master.url}/messages` };
      const lines = appendsIn(hit).map((_, n) =>
        JSON.stringify({ n, status: 307, headers, body: { code: 'not-master' } }),
      );
      response.writeHead(200).end(lines.join('\n'));
    });
    const answers = await together(clientOf(secondary.url), 2);
    expect(answers.map(({ index }) => index)).toEqual([1, 2]);
    expect(secondary.hits).toHaveLength(1);
  });
});

test('appends whose lines never come are not waited for', async () => {
  const stub = await startStub(({ path }, response) => {
    if (path === '/messages') response.destroy();
    else response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end();
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace(), retryForMs: 500 });
  const ended = await Promise.allSettled(['1', '2'].map((message) => client.append(message)));
  // They may be stored all the same.
  expect(ended).toMatchObject(Array(2).fill({ reason: expect.any(OutcomeUnknown) }));
});

test('an append that was given up before it was sent is not sent', async () => {
  const stub = await startStub(answered);
  const client = clientOf(stub.url);
  const controller = new AbortController();
  const stays = client.append('1');
  const goes = client.append('2', { signal: controller.signal });
  controller.abort(new Error('changed my mind'));
  // It cannot be anywhere: nothing about it is unknown.
  await expect(goes).rejects.toThrow(/^changed my mind$/);
  expect(await stays).toMatchObject({ index: 2 });
  expect(stub.hits.map(({ text }) => text).join()).not.toContain('"2"');
});

test('one that is given up takes none of those with it that it went with', async () => {
  const begun: (() => void)[] = [];
  const stub = await startStub((...request) => void begun.push(() => answered(...request)));
  const client = clientOf(stub.url);
  const leaving = new AbortController();
  const goes = client.append('0', { signal: leaving.signal });
  const stays = [client.append('1'), client.append('2')];
  const gone = expect(goes).rejects.toBeInstanceOf(OutcomeUnknown);
  await stub.arrived(1);
  leaving.abort(new Error('enough'));
  await gone;
  begun[0]!();
  expect(await Promise.all(stays)).toMatchObject([{ index: 2 }, { index: 3 }]);
  expect(stub.hits).toHaveLength(1);
});

test('a request whose appends are all answered ends by itself: its connection stays', async () => {
  const connections = new Set<unknown>();
  const stub = await startStub((hit, response, count) => {
    connections.add(response.socket);
    answered(hit, response, count);
  });
  const client = clientOf(stub.url);
  for (let round = 0; round < 3; round += 1) await together(client, 2);
  expect(stub.hits.map(({ path }) => path)).toEqual(Array(3).fill('/messages/gathered'));
  expect(connections.size).toBe(1);
});

test('a line for nobody is passed over', async () => {
  const stub = await startStub((_, response) => {
    const lines = [7, 1, 0].map((n) => ({ n, status: 201, body: stored(n) }));
    response.writeHead(200).end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
  const answers = await together(clientOf(stub.url), 2);
  expect(answers.map(({ index }) => index)).toEqual([1, 2]);
  expect(stub.hits).toHaveLength(1);
});

test('whoever wants a receipt asks for it in a request of its own', async () => {
  const stub = await startStub(answered);
  const client = clientOf(stub.url);
  await Promise.all(['1', '2'].map((message) => client.append(message, { receipt: true })));
  const asked = stub.hits.map(({ path, headers }) => [path, headers.prefer]);
  expect(asked).toEqual(Array(2).fill(['/messages', 'receipt']));
});

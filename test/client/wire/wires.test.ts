// What both ways out of the client owe to what is above them: failures are called the same.

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ReplogClient } from '../../../src/client/client.ts';
import { Departures } from '../../../src/client/wire/departures.ts';
import { kyWire } from '../../../src/client/wire/ky-wire.ts';
import { nodeWire } from '../../../src/client/wire/node-wire.ts';
import { neverSent, type Wire, WireFailure } from '../../../src/client/wire/wire.ts';
import { quickPace } from '../quick-pace.ts';
import { deadUrl, sendJson, startStub } from '../stub-server.ts';

const ASKED = { method: 'GET', headers: {}, body: undefined, signal: undefined } as const;

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

async function readAll(body: AsyncIterable<Uint8Array> | null): Promise<void> {
  for await (const _ of body ?? []);
}

describe.each<[string, Wire]>([
  ['by Node', nodeWire(new Departures())],
  ['by ky', kyWire(fetch)],
])('a wire %s', (_, wire) => {
  test('where nobody listens, nothing was sent', async () => {
    const failure = await failureOf(wire(await deadUrl(), ASKED));
    expect(failure).toBeInstanceOf(WireFailure);
    expect(failure).toMatchObject({ sent: false, stillWaiting: false });
    expect((failure as Error).message).toContain('ECONNREFUSED');
  });

  test('a connection that ends without an answer may have brought it', async () => {
    const stub = await startStub((_, response) => response.destroy());
    const failure = await failureOf(wire(stub.url, ASKED));
    expect(failure).toBeInstanceOf(WireFailure);
    expect(failure).toMatchObject({ sent: true });
    expect(stub.hits).toHaveLength(1);
  });

  test('an answer that breaks off says so however it is read', async () => {
    const stub = await startStub((_, response) => {
      response.writeHead(200, { 'content-length': '9' });
      response.write('half', () => response.destroy());
    });
    for (const read of ['text', 'body'] as const) {
      const answer = await wire(stub.url, ASKED);
      const reading = read === 'text' ? answer.text() : readAll(answer.body);
      const failure = await failureOf(reading);
      expect(failure).toBeInstanceOf(WireFailure);
      expect(failure).toMatchObject({ sent: true });
    }
  });

  test.each([307, 503])(
    'a %i is an answer like any other: one request, and no more',
    async (is) => {
      const stub = await startStub((_, response) => {
        response.writeHead(is, { location: '/elsewhere', 'retry-after': '0' }).end();
      });
      expect((await wire(stub.url, ASKED)).status).toBe(is);
      expect(stub.hits).toHaveLength(1);
    },
  );

  test('an answer is waited for without a limit', async () => {
    let answer = (): void => {};
    const stub = await startStub((_, response) => {
      answer = () => sendJson(response, 200, {});
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const waiting = wire(stub.url, ASKED);
    await stub.arrived(1);
    vi.advanceTimersByTime(600_000);
    answer();
    expect((await waiting).status).toBe(200);
  });

  test('for a caller who has gone, nothing is sent', async () => {
    const stub = await startStub((_, response) => sendJson(response, 200, {}));
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await failureOf(wire(stub.url, { ...ASKED, signal }))).toBeInstanceOf(Error);
    expect(stub.hits).toEqual([]);
  });

  test('whoever stops reading ends the answer', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const stub = await startStub((_, response) => {
      closed = new Promise((done) => response.on('close', done));
      response.write('begun');
    });
    const { body } = await wire(stub.url, ASKED);
    for await (const chunk of body!) {
      expect(Buffer.from(chunk).toString()).toBe('begun');
      break;
    }
    await closed;
  });

  test('what cannot be a request is no failure of a connection', async () => {
    const stub = await startStub((_, response) => sendJson(response, 200, {}));
    const failure = await failureOf(wire(stub.url, { ...ASKED, headers: { a: 'b\nc' } }));
    expect(failure).toBeInstanceOf(TypeError);
    expect(stub.hits).toEqual([]);
  });
});

test('a port that fetch refuses has not been asked', async () => {
  const failure = await failureOf(kyWire(fetch)('http://127.0.0.1:1', ASKED));
  expect(failure).toMatchObject({ name: 'WireFailure', sent: false });
});

test.each([[undefined], [fetch]])('a stream that breaks is resumed (%s)', async (own) => {
  const entry = (index: number) => `id: ${index}\ndata: ${JSON.stringify({ index })}\n\n`;
  let streams = 0;
  const stub = await startStub(({ path }, response) => {
    if (path === '/health') {
      sendJson(response, 200, { role: 'secondary' });
      return;
    }
    streams += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(entry(streams), () => response.destroy());
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace(), fetch: own });
  const seen: number[] = [];
  for await (const { index } of client.follow()) {
    seen.push(index);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual([1, 2, 3]);
});

test.each<[readonly string[], boolean]>([
  [[], false],
  [['ECONNREFUSED'], true],
  [['ECONNREFUSED', 'EHOSTUNREACH'], true],
  [['ECONNREFUSED', 'ECONNRESET'], false],
])('whether failures that are called %j say that nothing was sent: %s', (codes, said) => {
  expect(neverSent(codes)).toBe(said);
});

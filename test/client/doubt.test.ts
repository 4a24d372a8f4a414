// What a write may say of itself at its end: refused, unreachable, given up, or "outcome unknown".

import { expect, test } from 'vitest';
import { OutcomeUnknown, ReplogClient, UnexpectedAnswer } from '../../src/client/client.ts';
import { Departures } from '../../src/client/departures.ts';
import { ConnectionFailure, type Reply } from '../../src/client/link.ts';
import { PendingWrite } from '../../src/client/pending-write.ts';
import { WireFailure } from '../../src/client/wire.ts';
import { quickPace } from './quick-pace.ts';
import { startStub } from './stub-server.ts';

const STORED: Reply = { url: 'http://n1/messages', status: 201, headers: new Headers(), body: {} };

/** A write to one node, whose answers are the caller's. */
function writeVia(send: () => Promise<Reply>) {
  const pace = quickPace();
  const order = {
    ...({ method: 'POST', path: '/messages', idempotencyKey: 'k' } as const),
    ...{ json: () => ({ message: 'a' }), departures: new Departures() },
  };
  const route = { configured: 'http://n1', learned: null };
  return { pace, write: new PendingWrite({ send }, route, order, pace, 10_000) };
}

test.each([404, 409, 502])(
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
  expect(await write.run()).toBe(STORED);
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

import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReplogClient } from '../../src/client/client.ts';
import { Departures } from '../../src/client/departures.ts';
import { OutcomeUnknown } from '../../src/client/errors.ts';
import { Link } from '../../src/client/link.ts';
import { isReached } from '../../src/client/lookout.ts';
import { nodeWire } from '../../src/client/node-wire.ts';
import { deadUrl, type Responder, sendJson, startStub } from './stub-server.ts';

const call = { method: 'POST', path: '/messages', json: { message: 'x' } } as const;

/** Of the time only that in which nobody looks is made up: sockets have the real one. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A node that answers as it is told, a link to it, and what is found when somebody looks. */
async function held(responder: Responder = () => {}) {
  const stub = await startStub(responder);
  const reach = vi.fn(async (_: string) => true);
  const link = new Link(nodeWire(new Departures(), reach));
  return { stub, reach, link };
}

const gone = { name: 'ConnectionFailure', sent: true, message: /machine does not answer/ };

const failureOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'answered',
    (error: unknown) => error,
  );

test('what a machine holds that is gone may have arrived there', async () => {
  const { link, reach, stub } = await held();
  const failure = failureOf(link.send(stub.url, call));
  await stub.arrived(1);
  vi.advanceTimersByTime(30_000);
  expect(reach).toHaveBeenCalledWith(stub.url);
  reach.mockResolvedValue(false);
  await Promise.resolve();
  vi.advanceTimersByTime(10_000);
  expect(await failure).toMatchObject({ ...gone, message: expect.stringMatching(gone.message) });
});

test('whoever is there may take its time', async () => {
  const { link, reach, stub } = await held((_, response) => {
    queueMicrotask(() => vi.advanceTimersByTime(60_000));
    setImmediate(() => sendJson(response, 201, { index: 1 }));
  });
  expect(await link.send(stub.url, call)).toMatchObject({ status: 201 });
  expect(reach).toHaveBeenCalled();
});

test('nobody looks while something comes, nor when all is answered', async () => {
  const { link, reach, stub } = await held((_, response, count) => {
    response.writeHead(200);
    response.write('a');
    if (count === 2) response.end('b');
  });
  const first = await link.open(stub.url, call);
  vi.advanceTimersByTime(10_000);
  expect(reach, 'the head has come').not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(1);
  await (await link.open(stub.url, call)).text();
  vi.advanceTimersByTime(10_000);
  expect(reach, 'of the first answer the rest').toHaveBeenCalledOnce();
  reach.mockResolvedValue(false);
  await Promise.resolve();
  vi.advanceTimersByTime(10_000);
  await expect(first.text()).rejects.toMatchObject({ name: 'WireFailure', sent: true });
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
});

test('only what its machine holds is ended, and was silent when the look began', async () => {
  const [{ link, reach, stub }, other] = [await held(), await held()];
  reach.mockImplementation(async (origin) => origin !== stub.url);
  const old = failureOf(link.send(stub.url, call));
  const elsewhere = failureOf(link.send(other.stub.url, call));
  await Promise.all([stub.arrived(1), other.stub.arrived(1)]);
  vi.advanceTimersByTime(5_000);
  const young = failureOf(link.send(stub.url, call));
  await stub.arrived(2);
  vi.advanceTimersByTime(5_000);
  expect(await old).toMatchObject({ name: 'ConnectionFailure', sent: true });
  await Promise.all([stub.close(), other.stub.close()]);
  for (const failure of [await young, await elsewhere]) {
    expect(failure).toMatchObject({ name: 'ConnectionFailure', message: 'socket hang up' });
  }
});

test('who follows a log looks for signs of life itself', async () => {
  const { link, stub } = await held();
  const headers = { accept: 'text/event-stream' };
  const failure = failureOf(link.send(stub.url, { method: 'GET', path: '/log', headers }));
  await stub.arrived(1);
  expect(vi.getTimerCount()).toBe(0);
  await stub.close();
  expect(await failure).toMatchObject({ sent: true });
});

test('a machine that refuses connections is there', async () => {
  expect(await isReached(await deadUrl())).toBe(true);
  const server = createServer().listen(0, '::1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect(await isReached(`http://[::1]:${port}`)).toBe(true);
  server.close();
});

test('a write that was held for long is repeated elsewhere when its node is gone', async () => {
  const holder = await startStub((_, response, count) => {
    now += 60_000;
    if (count === 1) response.destroy();
  });
  const heir = await startStub((_, response) =>
    sendJson(response, 201, { index: 7, epoch: 2, acks: ['n2'] }),
  );
  let now = 0;
  const pace = {
    now: () => now,
    pause: async (ms: number) => {
      now += ms;
    },
    random: () => 0.5,
  };
  const client = new ReplogClient({ url: holder.url, others: [heir.url], pace });
  expect(await client.append('a')).toMatchObject({ index: 7 });
  const hurried = new ReplogClient({ url: holder.url, others: [heir.url], pace });
  holder.respond((_, response) => {
    now += 60_000;
    response.destroy();
  });
  await expect(hurried.append('a', { timeoutMs: 90_000 })).rejects.toThrow(OutcomeUnknown);
  const keys = [holder, heir].map(({ hits: [hit] }) => hit!.json);
  expect(keys[0]).toEqual(keys[1]);
});

import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ReplogClient } from '../../../src/client/client.ts';
import { OutcomeUnknown } from '../../../src/client/errors.ts';
import { Departures } from '../../../src/client/wire/departures.ts';
import { Link } from '../../../src/client/wire/link.ts';
import { isReached } from '../../../src/client/wire/lookout.ts';
import { nodeWire } from '../../../src/client/wire/node-wire.ts';
import { deadUrl, type Responder, sendJson, startStub } from '../stub-server.ts';

const call = { method: 'POST', path: '/messages', json: { message: 'x' } } as const;

/** A node that answers as it is told, a link to it, and what is found when somebody looks. */
async function held(responder: Responder = () => {}) {
  const stub = await startStub(responder);
  const reach = vi.fn(async (_: string) => true);
  const link = new Link(nodeWire(new Departures(), reach));
  return { stub, reach, link };
}

/** Something is looked for so many times. */
async function looks(times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    vi.advanceTimersByTime(5_000);
    // What was found is heard.
    await Promise.resolve();
    await Promise.resolve();
  }
}

const failureOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'answered',
    (error: unknown) => error,
  );

describe('a machine from which something is awaited', () => {
  beforeEach(() => {
    // Sockets have the real time.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test('is gone: what it holds may have arrived there', async () => {
    const { link, reach, stub } = await held();
    const failures = [1, 2].map(() => failureOf(link.send(stub.url, call)));
    await stub.arrived(2);
    await looks(1);
    expect(reach).not.toHaveBeenCalled();
    await looks(3);
    expect(reach.mock.calls).toEqual([[stub.url], [stub.url], [stub.url]]);
    reach.mockResolvedValue(false);
    await looks(1);
    for (const failure of failures) {
      expect(await failure).toMatchObject({
        ...{ name: 'ConnectionFailure', sent: true },
        message: expect.stringMatching(/machine does not answer/),
      });
    }
  });

  test('is there, and may take its time', async () => {
    const { link, reach, stub } = await held();
    stub.respond(async (_, response) => {
      await looks(10);
      sendJson(response, 201, { index: 1 });
    });
    expect(await link.send(stub.url, call)).toMatchObject({ status: 201 });
    expect(reach).toHaveBeenCalledTimes(9);
  });

  test('is looked at while silent within an answer, and not once that is whole', async () => {
    const { link, reach, stub } = await held((_, response, count) => {
      response.writeHead(200);
      response.write('a');
      if (count === 2) response.end('b');
    });
    const first = await link.open(stub.url, call);
    await looks(1);
    await (await link.open(stub.url, call)).text();
    expect(reach).not.toHaveBeenCalled();
    await looks(1);
    expect(reach).toHaveBeenCalledOnce();
    reach.mockResolvedValue(false);
    await looks(1);
    await expect(first.text()).rejects.toMatchObject({ name: 'WireFailure', sent: true });
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
    const next = failureOf(link.send(stub.url, call));
    await stub.arrived(3);
    await looks(2);
    expect(await next).toMatchObject({ sent: true });
  });

  test('keeps what was not silent before, and what another one holds', async () => {
    const [{ link, reach, stub }, other] = [await held(), await held()];
    reach.mockImplementation(async (origin) => origin !== stub.url);
    const old = failureOf(link.send(stub.url, call));
    const elsewhere = failureOf(link.send(other.stub.url, call));
    await Promise.all([stub.arrived(1), other.stub.arrived(1)]);
    await looks(1);
    const young = failureOf(link.send(stub.url, call));
    await stub.arrived(2);
    await looks(1);
    expect(await old).toMatchObject({ name: 'ConnectionFailure', sent: true });
    await Promise.all([stub.close(), other.stub.close()]);
    for (const failure of [await young, await elsewhere]) {
      expect(failure).toMatchObject({ name: 'ConnectionFailure', message: 'socket hang up' });
    }
  });

  test('is looked at once at a time; what has come meanwhile is a sign of it', async () => {
    const answers: ServerResponse[] = [];
    const { link, reach, stub } = await held((_, response) => {
      answers.push(response);
      response.writeHead(200).write('a');
    });
    const { body } = await link.open(stub.url, call);
    const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    const next = async () => String((await chunks.next()).value);
    expect(await next()).toBe('a');
    let found = (_: boolean): void => {};
    reach.mockReturnValue(
      new Promise((resolve) => {
        found = resolve;
      }),
    );
    await looks(4);
    expect(reach).toHaveBeenCalledOnce();
    answers[0]!.write('b');
    expect(await next()).toBe('b');
    found(false);
    await looks(0);
    answers[0]!.end('c');
    expect(await next()).toBe('c');
  });

  test('is not looked at for who follows a log: that looks for signs of life itself', async () => {
    const { link, stub } = await held();
    const headers = { accept: 'text/event-stream' };
    const failure = failureOf(link.send(stub.url, { method: 'GET', path: '/log', headers }));
    await stub.arrived(1);
    expect(vi.getTimerCount()).toBe(0);
    await stub.close();
    expect(await failure).toMatchObject({ sent: true });
  });
});

describe('a machine is there', () => {
  test('if it refuses a connection, or takes one, which ends at once', async () => {
    expect(await isReached(await deadUrl())).toBe(true);
    const server = createServer().listen(0, '::1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const taken = once(server, 'connection');
    expect(await isReached(`http://[::1]:${port}`)).toBe(true);
    const [socket] = await taken;
    await once(socket.resume(), 'end');
    server.close();
  });

  test.each([
    ['EHOSTUNREACH', false],
    ['ENETUNREACH', false],
    ['ETIMEDOUT', false],
    ['ECONNREFUSED', true],
    ['ENOTFOUND', true],
  ])('where the way to it says %s: %s', async (code, there) => {
    const socket = Object.assign(new EventEmitter(), { destroy: vi.fn() });
    const found = isReached('https://n1', () => socket as never);
    socket.emit('error', Object.assign(new Error(code), { code }));
    expect([await found, socket.destroy.mock.calls.length]).toEqual([there, 1]);
  });

  test.each([
    ['http://n1', { host: 'n1', port: 80 }],
    ['https://n1', { host: 'n1', port: 443 }],
    ['http://[fe80::1]:4000', { host: 'fe80::1', port: 4_000 }],
  ])('not where nothing is heard of it at %s for ten seconds', async (origin, where) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const socket = Object.assign(new EventEmitter(), { destroy: vi.fn() });
      const open = vi.fn(() => socket as never);
      const found = isReached(origin, open);
      expect(open).toHaveBeenCalledWith(where);
      vi.advanceTimersByTime(10_000);
      expect(await found).toBe(false);
      const quick = isReached(origin, open);
      socket.emit('connect');
      expect([await quick, vi.getTimerCount()]).toEqual([true, 0]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a write that was held for long', () => {
  /** A clock that moves when somebody pauses, or answers. */
  function clock() {
    let now = 0;
    const passes = (ms: number): void => {
      now += ms;
    };
    return { now: () => now, pause: async (ms: number) => passes(ms), random: () => 0.5, passes };
  }

  const STORED = { index: 7, epoch: 2, acks: ['n2'] };

  test('goes elsewhere when its node is gone, unless its own time is up', async () => {
    const pace = clock();
    const holder = await startStub((_, response) => {
      pace.passes(60_000);
      response.destroy();
    });
    const heir = await startStub((_, response) => sendJson(response, 201, STORED));
    const client = () => new ReplogClient({ url: holder.url, others: [heir.url], pace });
    expect(await client().append('a')).toMatchObject({ index: 7 });
    expect(heir.hits[0]!.json).toEqual(holder.hits[0]!.json);
    const hurried = client().append('a', { timeoutMs: 90_000 });
    await expect(hurried).rejects.toThrow(OutcomeUnknown);
  });

  test('is not one that never came to a node: those tries end', async () => {
    const pace = clock();
    let tries = 0;
    const fetch = async (): Promise<Response> => {
      tries += 1;
      if (tries === 1 || tries > 5) return Response.json(STORED, { status: 201 });
      pace.passes(60_000);
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), codes) });
    };
    const codes = { code: 'ECONNREFUSED' };
    const client = new ReplogClient({ url: 'http://n1', fetch, pace });
    await client.append('a');
    await expect(client.append('b')).rejects.toMatchObject({ name: 'Unreachable' });
    expect(tries).toBe(2);
  });
});

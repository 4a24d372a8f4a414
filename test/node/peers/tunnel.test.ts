// Snapshots and heartbeats through tunnels between two replog nodes: when there is one, and that
// nothing else differs from requests of their own.

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, createServer, connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { epoch, incarnation, logIndex, nodeId, seq, session } from '../../../src/core/ids.ts';
import type { Request, Response, SnapshotOrder } from '../../../src/core/messages.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { Faults } from '../../../src/node/faults/faults.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { Tokens } from '../../../src/node/http/tokens.ts';
import { Transport } from '../../../src/node/peers/transport.ts';
import {
  answerFrame,
  answerOf,
  FrameReader,
  requestFrame,
  TUNNELS,
} from '../../../src/node/peers/tunnel-frames.ts';
import { FakeEngine } from '../fake-engine.ts';

const snapshot = (at: number): SnapshotOrder => ({
  type: 'Snapshot',
  epoch: epoch(1),
  session: session(1),
  seq: seq(at),
  commitIndex: logIndex(0),
  from: logIndex(1),
  to: logIndex(0),
});

const heartbeat: Extract<Request, { type: 'Heartbeat' }> = {
  type: 'Heartbeat',
  epoch: epoch(1),
  master: { node: nodeId('n1'), url: 'http://127.0.0.1:9' },
  lastIndex: logIndex(7),
  commitIndex: logIndex(7),
};

const BEAT_ACK: Response = {
  type: 'HeartbeatAck',
  node: nodeId('n2'),
  incarnation: incarnation('a'),
  epoch: epoch(1),
  lastIndex: logIndex(7),
};

const ACK: Response = {
  type: 'SnapshotAck',
  session: session(1),
  seq: seq(0),
  lastIndex: logIndex(0),
};

/** A secondary that counts what comes as requests of their own, and as tunnels. */
class Node {
  readonly engine = new FakeEngine();
  readonly faults = new Faults(systemClock());
  readonly stopping = new AbortController();
  posts = 0;
  tunnels = 0;
  entered: (socket: Duplex) => void = () => undefined;
  server!: RunningServer;

  async start(tokens?: Tokens, graceMs: number = 200): Promise<void> {
    this.engine.response = ACK;
    const { faults, stopping } = this;
    const settings = {
      faults,
      stopping: stopping.signal,
      ...(tokens === undefined ? {} : { tokens }),
    };
    const app = createApp(this.engine, settings);
    const counted = {
      fetch: app.fetch,
      direct: (...args: Parameters<typeof app.direct>) => {
        if (args[0].url?.startsWith('/replica/')) this.posts += 1;
        return app.direct(...args);
      },
      door: (...args: Parameters<NonNullable<typeof app.door>>) => {
        this.tunnels += 1;
        app.door!(...args);
        this.entered(args[1]);
      },
    };
    this.server = await startServer({ app: counted, port: 0, stopping, limits: { graceMs } });
  }
}

let node: Node;
let transport: Transport;

beforeEach(async () => {
  node = new Node();
  await node.start();
  transport = new Transport();
});

afterEach(async () => {
  node.faults.clear();
  await transport.close();
  await node.server.stop();
});

/** Sends until a Snapshot has gone through a tunnel; returns how many were sent. */
async function untilTunnel(url: string, most = 200): Promise<number> {
  for (let sent = 1; sent <= most; sent += 1) {
    const before = node.posts;
    expect(await transport.send(url, snapshot(sent))).toEqual(ACK);
    if (node.posts === before) return sent;
  }
  return most + 1;
}

describe('a tunnel', () => {
  test('takes over from requests, and carries the same', async () => {
    const sent = await untilTunnel(node.server.url);
    expect(node.tunnels).toBe(1);
    expect(node.engine.received).toHaveLength(sent);
    expect(node.engine.received.at(-1)).toMatchObject({ type: 'Snapshot', seq: sent, updates: [] });
  });

  test('is opened with the token of the cluster', async () => {
    await Promise.all([node.server.stop(), transport.close()]);
    node = new Node();
    await node.start(new Tokens(['secret']));
    transport = new Transport({ tokens: new Tokens(['secret']) });
    expect(await untilTunnel(node.server.url)).toBeLessThan(200);
  });

  test('ends when its token is accepted no more, and begins again with another', async () => {
    await Promise.all([node.server.stop(), transport.close()]);
    node = new Node();
    const accepted = new Tokens(['old', 'new']);
    await node.start(accepted);
    const own = new Tokens(['old', 'new']);
    transport = new Transport({ tokens: own });
    const entered = new Promise<Duplex>((resolve) => {
      node.entered = resolve;
    });
    await untilTunnel(node.server.url);
    own.exchange(['new']);
    accepted.exchange(['new', 'old']);
    const { posts } = node;
    await transport.send(node.server.url, snapshot(900));
    expect([node.tunnels, node.posts]).toEqual([1, posts]);
    accepted.exchange(['new']);
    await once(await entered, 'close');
    expect(await untilTunnel(node.server.url)).toBeLessThan(200);
    expect(node.tunnels).toBe(2);
  });

  test('carries refusals, and what is wrong with a Snapshot', async () => {
    await untilTunnel(node.server.url);
    const { posts } = node;
    node.engine.response = { type: 'Refused', code: 'out-of-order', expected: seq(7) };
    expect(await transport.send(node.server.url, snapshot(900))).toEqual(node.engine.response);
    const wrong = { ...snapshot(901), epoch: epoch(-1) };
    await expect(transport.send(node.server.url, wrong)).rejects.toThrow(/400 invalid-request/);
    expect(node.posts).toBe(posts);
  });

  test('meets the same faults, and a copy of what is unanswered goes another way', async () => {
    await untilTunnel(node.server.url);
    const { posts } = node;
    node.faults.replace({ dropReply: 1, times: 1 });
    const lost = transport.send(node.server.url, snapshot(900));
    lost.catch(() => undefined);
    expect(await transport.send(node.server.url, snapshot(901))).toEqual(ACK);
    expect(node.posts).toBe(posts);
    expect(await transport.send(node.server.url, snapshot(900))).toEqual(ACK);
    expect(node.posts).toBe(posts + 1);
    node.faults.replace({ errorAfter: 1, times: 1 });
    await expect(transport.send(node.server.url, snapshot(902))).rejects.toThrow(/fault-injected/);
    expect(node.faults.view().hits).toMatchObject({ errorAfter: 1 });
    await transport.close();
    await expect(lost).rejects.toThrow(/is not listened to any more/);
  });

  test('that ends fails what waits in it, and requests take over again', async () => {
    await untilTunnel(node.server.url);
    node.faults.replace({ dropRequest: 1, times: 1 });
    const lost = transport.send(node.server.url, snapshot(900));
    const ended = expect(lost).rejects.toThrow(/closed the connection without an answer/);
    await node.server.stop();
    await ended;
    await expect(transport.send(node.server.url, snapshot(901))).rejects.toThrow(/refuses/);
  });
});

describe('a tunnel whose receiver stops', () => {
  test('carries the answers that are due, and ends with the last of them', async () => {
    await node.server.stop();
    // Longer than a test may take: what ends here is not ended by the grace time.
    node = new Node();
    await node.start(undefined, 60_000);
    await untilTunnel(node.server.url);
    const due: ((response: Response) => void)[] = [];
    node.engine.receive = () => new Promise((resolve) => due.push(resolve));
    const sent = [900, 901].map((at) => transport.send(node.server.url, snapshot(at)));
    await expect.poll(() => due.length).toBe(2);
    const stopped = node.server.stop();
    for (const [i, answer] of due.entries()) {
      answer(ACK);
      expect(await sent[i]).toEqual(ACK);
    }
    await stopped;
  });
});

describe('a tunnel of heartbeats', () => {
  /** Beats until one has gone through a tunnel. */
  async function untilBeats(): Promise<void> {
    node.engine.response = BEAT_ACK;
    for (let sent = 1; sent <= 200; sent += 1) {
      const before = node.posts;
      expect(await transport.send(node.server.url, heartbeat)).toEqual(BEAT_ACK);
      if (node.posts === before) return;
    }
    throw new Error('no tunnel after 200 heartbeats');
  }

  test('is of its own, and carries the same', async () => {
    await untilBeats();
    expect(node.engine.received.at(-1)).toMatchObject(heartbeat);
    node.engine.response = ACK;
    await untilTunnel(node.server.url);
    expect(node.tunnels).toBe(2);
    node.engine.response = { type: 'Refused', code: 'stale-epoch', epoch: epoch(2) };
    const { posts } = node;
    const refused = await transport.send(node.server.url, heartbeat);
    expect(refused).toEqual(node.engine.response);
    expect(node.posts).toBe(posts);
  });

  test('meets the same faults; while one is unanswered, the next take another way', async () => {
    await untilBeats();
    const { posts } = node;
    node.faults.replace({ dropReply: 1 });
    expect(await transport.send(node.server.url, heartbeat)).toEqual(BEAT_ACK);
    expect(node.posts).toBe(posts);
    node.faults.replace({ dropReply: 1, heartbeat: true, times: 1 });
    const lost = transport.send(node.server.url, heartbeat);
    const given = expect(lost).rejects.toThrow(/is not listened to any more/);
    expect(await transport.send(node.server.url, heartbeat)).toEqual(BEAT_ACK);
    expect(node.posts).toBe(posts + 1);
    await transport.close();
    await given;
  });

  test('in which nothing is answered in time is given up', async () => {
    await transport.close();
    transport = new Transport({ limitsMs: { Heartbeat: 100 } });
    await untilBeats();
    node.faults.replace({ dropReply: 1, heartbeat: true, times: 1 });
    const { posts } = node;
    const lost = transport.send(node.server.url, heartbeat);
    await expect(lost).rejects.toThrow(/did not answer in time/);
    expect(await transport.send(node.server.url, heartbeat)).toEqual(BEAT_ACK);
    expect(node.posts).toBe(posts + 1);
  });
});

describe('no tunnel', () => {
  test('where something stands between the nodes', async () => {
    const to = new URL(node.server.url);
    const sockets = new Set<Socket>();
    const proxy = createServer((socket) => {
      const onward = netConnect(Number(to.port), to.hostname);
      sockets.add(socket).add(onward);
      socket.pipe(onward).pipe(socket);
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    expect(await untilTunnel(url, 20)).toBe(21);
    expect(node.tunnels).toBe(0);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
  });

  test.each([
    ['another destination', 'elsewhere:80', {}, 404],
    ['an unknown Host', 'replog-snapshots:1', { host: 'evil.example' }, 421],
    ['no token', 'replog-snapshots:1', {}, 401],
  ])('for %s', async (name, path, headers, status) => {
    if (name === 'no token') {
      await node.server.stop();
      await node.start(new Tokens(['secret']));
    }
    const { port } = new URL(node.server.url);
    const asked = httpRequest({ method: 'CONNECT', host: '127.0.0.1', port, path, headers });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      asked.on('connect', ({ statusCode }, socket: Socket) => {
        socket.destroy();
        resolve(statusCode);
      });
      asked.on('error', reject);
    });
    asked.end();
    expect(await answered).toBe(status);
  });
});

test('a frame that comes with the request for the tunnel is answered', async () => {
  const { hostname, port, host } = new URL(node.server.url);
  const socket = netConnect(Number(port), hostname);
  const body = JSON.stringify({ epoch: 1, session: 1, seq: 0, updates: [], commitIndex: 0 });
  const ask = `CONNECT ${TUNNELS.Snapshot} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(ask), ...requestFrame(7, [Buffer.from(body)])]));
  const end = '\r\n\r\n';
  const answers: unknown[] = [];
  let said = Buffer.alloc(0);
  for await (const chunk of socket) {
    said = Buffer.concat([said, chunk as Buffer]);
    if (!said.includes(end)) continue;
    const frames = said.subarray(said.indexOf(end) + end.length);
    new FrameReader(1_000).take(frames, (id, payload) =>
      answers.push([id, answerOf(payload).status]),
    );
    if (answers.length > 0) break;
  }
  expect(answers).toEqual([[7, 200]]);
});

/** A tunnel that a stranger has opened, seen from both of its ends. */
async function strangersTunnel(): Promise<{
  mine: Socket;
  theirs: Duplex;
  over: Promise<unknown>;
}> {
  const { hostname, port, host } = new URL(node.server.url);
  const entered = new Promise<Duplex>((resolve) => {
    node.entered = resolve;
  });
  const mine = netConnect(Number(port), hostname).on('error', () => {});
  mine.setNoDelay(true).write(`CONNECT ${TUNNELS.Heartbeat} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  const theirs = await entered;
  return { mine, theirs, over: once(theirs, 'close') };
}

const beat = (lastIndex: number): Buffer => {
  const { type: _, ...message } = { ...heartbeat, lastIndex };
  return Buffer.concat(requestFrame(lastIndex, [Buffer.from(JSON.stringify(message))]));
};

test('a tunnel cut at any byte has brought its whole frames, once, and no part', async () => {
  node.engine.response = BEAT_ACK;
  const whole = Buffer.concat([beat(1), beat(2)]);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    node.engine.received.length = 0;
    const { mine, over } = await strangersTunnel();
    mine.end(whole.subarray(0, cut));
    await over;
    const count = cut === whole.length ? 2 : Number(cut >= beat(1).length);
    const read = node.engine.received.map((one) => 'lastIndex' in one && one.lastIndex);
    expect([cut, read]).toEqual([cut, [1, 2].slice(0, count)]);
  }
});

test('frames that come in two pieces, parted at any byte, are taken once', async () => {
  node.engine.response = BEAT_ACK;
  const whole = Buffer.concat([beat(1), beat(2)]);
  for (let cut = 1; cut < whole.length; cut += 1) {
    node.engine.received.length = 0;
    const { mine, theirs, over } = await strangersTunnel();
    const first = once(theirs, 'data');
    mine.write(whole.subarray(0, cut));
    await first;
    mine.end(whole.subarray(cut));
    await over;
    expect([cut, node.engine.received.length]).toEqual([cut, 2]);
  }
});

test('a tunnel that is there only after its transport has closed is closed', async () => {
  const entered = new Promise<Duplex>((resolve) => {
    node.entered = resolve;
  });
  // Its answer offers one, which is asked for with the next.
  await transport.send(node.server.url, snapshot(1));
  const next = Promise.allSettled([transport.send(node.server.url, snapshot(2))]);
  await transport.close();
  await next;
  const socket = await entered;
  if (!socket.destroyed) await once(socket, 'close');
  expect(node.tunnels).toBe(1);
});

describe('frames', () => {
  const frames = [
    ...requestFrame(1, [Buffer.from('o'), Buffer.from('ne')]),
    ...requestFrame(2, []),
    ...requestFrame(2 ** 32 - 1, [Buffer.alloc(300, 'x')]),
  ];
  const whole = Buffer.concat(frames);

  test.each([1, 2, 7, 8, 9, 11, 64, 1_000])('come out whole, in pieces of %d bytes', (size) => {
    const reader = new FrameReader(1_000);
    const read: [number, string][] = [];
    for (let at = 0; at < whole.length; at += size) {
      reader.take(whole.subarray(at, at + size), (id, payload) =>
        read.push([id, payload.toString()]),
      );
    }
    expect(read).toEqual([
      [1, 'one'],
      [2, ''],
      [2 ** 32 - 1, 'x'.repeat(300)],
    ]);
  });

  test('that are too long are refused before they are kept', () => {
    const reader = new FrameReader(299);
    expect(() => reader.take(whole, () => undefined)).toThrow(/300 bytes/);
  });

  test('an answer has a status and a text', () => {
    const reader = new FrameReader(100);
    const read: unknown[] = [];
    reader.take(answerFrame(5, 409, '{"ü":1}'), (id, payload) =>
      read.push([id, answerOf(payload)]),
    );
    expect(read).toEqual([[5, { status: 409, text: '{"ü":1}' }]]);
    expect(() => answerOf(Buffer.from('x'))).toThrow(/status/);
  });
});

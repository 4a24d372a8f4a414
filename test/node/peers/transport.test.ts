import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { epoch, logIndex, nodeId, seq, session } from '../../../src/core/ids.ts';
import type { Heartbeat, Replicas, SnapshotOrder } from '../../../src/core/messages.ts';
import { Tokens } from '../../../src/node/http/tokens.ts';
import { PeerError } from '../../../src/node/peers/peer-answers.ts';
import { StaleConnection } from '../../../src/node/peers/peer-exchange.ts';
import { explained } from '../../../src/node/peers/peer-failure.ts';
import { PEERS_MAX, Transport } from '../../../src/node/peers/transport.ts';
import { FakeEngine, N1 } from '../fake-engine.ts';

const ACK = '{"result":"SnapshotAck","session":1,"seq":1,"lastIndex":2}';
const NOTED = '{"result":"ReplicasNoted"}';
const BEAT = '{"node":"n2","incarnation":"i","epoch":3,"lastIndex":2}';

const order: SnapshotOrder = {
  type: 'Snapshot',
  epoch: epoch(3),
  session: session(1),
  seq: seq(0),
  commitIndex: logIndex(1),
  from: logIndex(1),
  to: logIndex(2),
};
const heartbeat: Heartbeat = {
  type: 'Heartbeat',
  epoch: epoch(3),
  master: N1,
  lastIndex: logIndex(2),
  commitIndex: logIndex(1),
};

const replicas: Replicas = { type: 'Replicas', epoch: epoch(3), replicas: [N1] };

interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly port: number;
}

/** A peer that remembers what it got and answers as it is told. */
class Peer {
  readonly seen: Seen[] = [];
  private waiters: { readonly count: number; readonly done: () => void }[] = [];
  readonly sockets = new Set<Socket>();
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => {
    response.end(ACK);
  };
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const port = request.socket.remotePort ?? 0;
        this.seen.push({ path: request.url ?? '', headers: request.headers, body, port });
        this.waiters = this.waiters.filter(({ count, done }) =>
          this.seen.length < count ? true : void done(),
        );
        this.answer(response, request);
      });
    });
    this.server.on('connection', (socket) => this.sockets.add(socket));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when this many requests have arrived. */
  arrived(count: number): Promise<void> {
    if (this.seen.length >= count) return Promise.resolve();
    return new Promise((done) => this.waiters.push({ count, done }));
  }

  closeIdle(): void {
    this.server.closeIdleConnections();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

/** A connection is free again two turns of the event loop after its answer. */
async function idle(): Promise<void> {
  for (let i = 0; i < 2; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A machine that is busy may take longer for so many than a cut counts as early. */
function slowedClock(): void {
  const real = performance.now.bind(performance);
  const began = real();
  vi.spyOn(performance, 'now').mockImplementation(() => began + (real() - began) / 10);
  onTestFinished(() => void vi.restoreAllMocks());
}

let peer: Peer;
let url: string;
let transport: Transport;

beforeEach(async () => {
  peer = new Peer();
  url = await peer.start();
  transport = new Transport();
});

afterEach(async () => {
  await transport.close();
  await peer.stop();
});

describe('what goes out', () => {
  test('a Snapshot with the stored entries, to the path of the peer', async () => {
    const engine = new FakeEngine();
    engine.messages('a', 'b');
    const chunk = engine.persistence.read(logIndex(1), logIndex(2));
    const answer = await transport.send(`${url}/behind/a/proxy/`, order, chunk, chunk.prev);
    expect(answer).toEqual({ type: 'SnapshotAck', session: 1, seq: 1, lastIndex: 2 });
    const [request] = peer.seen;
    expect(request?.path).toBe('/behind/a/proxy/replica/snapshot');
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(request?.headers.authorization).toBeUndefined();
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ seq: 0, updates: chunk.entries() });
  });

  test('the token, and no `type` in the body', async () => {
    await transport.close();
    transport = new Transport({ tokens: new Tokens(['secret']) });
    const said = { ...JSON.parse(BEAT), durable: false, trouble: 'no room' };
    peer.answer = (response) => response.end(JSON.stringify(said));
    const answer = await transport.send(url, heartbeat);
    expect(answer).toEqual({ type: 'HeartbeatAck', ...said });
    const { type: _, ...fields } = heartbeat;
    expect(JSON.parse(peer.seen[0]?.body ?? '')).toEqual(fields);
    expect(peer.seen[0]?.headers.authorization).toBe('Bearer secret');
  });
});

describe('one send is one copy (B49)', () => {
  test.each([
    [
      500,
      '{"code":"fault-injected","detail":"asked for"}',
      /answered 500 fault-injected: asked for/,
    ],
    [502, '<html>', /answered 502/],
    [200, '<html>', /gave an answer that is not understood: Invalid input: expected object/],
    [408, '', /answered 408/],
    [200, ACK.replace('SnapshotAck', 'Nack'), /answered a Snapshot with something else/],
    [200, ACK.replace('"result":"SnapshotAck",', ''), /is not understood: result Invalid input/],
  ])('%d %s is an error in words, and not repeated', async (status, body, words) => {
    peer.answer = (response) => response.writeHead(status).end(body);
    await expect(transport.send(url, order)).rejects.toThrow(words);
    expect(peer.seen).toHaveLength(1);
  });

  test('a refusal is an answer', async () => {
    peer.answer = (response) => response.writeHead(409).end('{"code":"out-of-order","expected":5}');
    expect(await transport.send(url, order)).toEqual({
      type: 'Refused',
      code: 'out-of-order',
      expected: 5,
    });
  });

  test('a redirect is not followed', async () => {
    const location = `${url}/elsewhere`;
    peer.answer = (response) => {
      const master = { node: 'n9', url: 'http://127.0.0.1:1' };
      response.writeHead(307, { location }).end(JSON.stringify({ code: 'not-master', master }));
    };
    expect(await transport.send(url, order)).toMatchObject({ code: 'not-master' });
    expect(peer.seen.map(({ path }) => path)).toEqual(['/replica/snapshot']);
  });

  test('a new connection that is cut is not tried again', async () => {
    peer.answer = (_response, request) => request.socket.destroy();
    await expect(transport.send(url, order)).rejects.toThrow(/the connection/);
    expect(peer.seen).toHaveLength(1);
  });

  test('a kept connection that is cut after it began to answer is not tried again', async () => {
    await transport.send(url, order);
    await idle();
    peer.answer = (response, request) => {
      response.write('{"result":');
      setImmediate(() => request.socket.destroy());
    };
    await expect(transport.send(url, order)).rejects.toThrow();
    expect(peer.seen).toHaveLength(2);
  });

  test('nobody there', async () => {
    await peer.stop();
    await expect(transport.send(url, order)).rejects.toThrow(`${url} refuses connections`);
    peer = new Peer();
    await peer.start();
  });

  test('no answer in time', async () => {
    await transport.close();
    transport = new Transport({ limitsMs: { Heartbeat: 50 } });
    peer.answer = () => {};
    await expect(transport.send(url, heartbeat)).rejects.toThrow('did not answer in time');
    expect(peer.seen).toHaveLength(1);
  });
});

describe('the keep-alive race (B58)', () => {
  test('connections are kept', async () => {
    for (let i = 0; i < 5; i += 1) {
      await transport.send(url, order);
      await idle();
    }
    expect(new Set(peer.seen.map(({ port }) => port)).size).toBe(1);
  });

  test.each([
    ['does not say', (response: ServerResponse) => response.setHeader('connection', 'keep-alive')],
    [
      'says 60 s',
      (response: ServerResponse) => {
        response.setHeader('connection', 'keep-alive');
        response.setHeader('keep-alive', 'timeout=60');
      },
    ],
  ])('of a peer that %s how long it keeps them, they go within 5 s', async (_, say) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    peer.answer = (response) => {
      say(response);
      response.end(ACK);
    };
    await transport.send(url, order);
    await idle();
    const [socket] = peer.sockets;
    // The peer itself closes nothing.
    socket?.setTimeout(0);
    await vi.advanceTimersByTimeAsync(4_999);
    await expect.poll(() => socket?.destroyed).toBe(true);
  });

  test('1,000 sends, 100 at a time, as the peer closes what is idle: none is lost', async () => {
    slowedClock();
    peer.answer = (response) => void response.end(NOTED);
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < 10; round += 1) {
      // A turn of the event loop before they are sent, right before, right behind, a turn behind.
      const moment = round % 4;
      if (moment < 2) peer.closeIdle();
      if (moment === 0) await turn();
      const sends = Array.from({ length: 100 }, () => transport.send(url, replicas));
      if (moment === 3) await turn();
      if (moment >= 2) peer.closeIdle();
      const answers = await Promise.all(sends);
      expect(answers.map(({ type }) => type)).toEqual(Array(100).fill('ReplicasNoted'));
      await idle();
    }
    expect(peer.seen).toHaveLength(1_000);
    expect(peer.sockets.size).toBeGreaterThan(500);
  });

  test('a kept connection found closed is replaced, once and without a word', async () => {
    peer.answer = (response) => void response.end(NOTED);
    await transport.send(url, replicas);
    await idle();
    let cuts = 0;
    peer.answer = (response, request) => {
      if (cuts === 0) {
        // The peer closes its idle connection just as the request is on its way.
        cuts += 1;
        peer.seen.pop();
        request.socket.destroy();
      } else {
        response.end(NOTED);
      }
    };
    expect(await transport.send(url, replicas)).toMatchObject({ type: 'ReplicasNoted' });
    expect(cuts).toBe(1);
    expect(peer.seen).toHaveLength(2);
  });

  test('all kept connections closed at once: every send still arrives', async () => {
    const together = 40;
    let waiting: ServerResponse[] = [];
    peer.answer = (response) => {
      waiting.push(response);
      if (waiting.length < together) return;
      for (const one of waiting.splice(0)) one.end(NOTED);
    };
    const round = () => Array.from({ length: together }, () => transport.send(url, replicas));
    await Promise.all(round());
    await idle();
    expect(peer.sockets.size).toBe(together);
    const kept = new Set(peer.sockets);
    let cut = 0;
    peer.answer = (response, request) => {
      if (!kept.has(request.socket)) {
        response.end(NOTED);
        return;
      }
      cut += 1;
      request.socket.destroy();
    };
    waiting = [];
    slowedClock();
    const answers = await Promise.all(round());
    expect(answers.map(({ type }) => type)).toEqual(Array(together).fill('ReplicasNoted'));
    expect(cut).toBe(together);
  });

  test('who cuts a kept connection late has had the request: it is not sent again', async () => {
    peer.answer = (response) => void response.end(NOTED);
    await transport.send(url, replicas);
    await idle();
    peer.answer = (_response, request) => {
      setTimeout(() => request.socket.destroy(), 250);
    };
    await expect(transport.send(url, replicas)).rejects.toThrow(/the connection/);
    expect(peer.seen).toHaveLength(2);
  });

  test('the second copy is the last: a peer that cuts that too has failed', async () => {
    peer.answer = (response) => void response.end(NOTED);
    await transport.send(url, replicas);
    await idle();
    peer.answer = (_response, request) => request.socket.destroy();
    await expect(transport.send(url, replicas)).rejects.toThrow(/the connection/);
    expect(peer.seen).toHaveLength(3);
  });

  test('a Snapshot stays one copy on a kept connection: the core repeats it', async () => {
    await transport.send(url, order);
    await idle();
    peer.answer = (_response, request) => request.socket.destroy();
    await expect(transport.send(url, order)).rejects.toThrow(/the connection/);
    expect(peer.seen).toHaveLength(2);
  });
});

describe('many at once', () => {
  test('heartbeats do not wait behind Snapshots', async () => {
    peer.answer = (response, request) => {
      if (request.url === '/replica/heartbeat') response.end(BEAT);
    };
    const snapshots = Array.from({ length: 250 }, () => transport.send(url, order));
    const ended = Promise.allSettled(snapshots);
    await peer.arrived(192);
    expect(await transport.send(url, heartbeat)).toMatchObject({ type: 'HeartbeatAck' });
    await transport.close();
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
    await expect(transport.send(url, heartbeat)).rejects.toThrow('closing');
  });

  test('a peer that swallows Snapshots is sent further copies, however many it has', async () => {
    peer.answer = () => {};
    const first = transport.send(url, order);
    const failed = expect(first).rejects.toThrow(/before many later copies/);
    await peer.arrived(1);
    const others = Array.from({ length: 200 }, () => transport.send(url, order));
    const ended = Promise.allSettled(others);
    await failed;
    peer.answer = (response) => response.end(ACK);
    expect(await transport.send(url, order)).toMatchObject({ type: 'SnapshotAck' });
    await transport.close();
    await ended;
  });

  test('of heartbeats that a peer swallows, one fewer is kept than connections', async () => {
    peer.answer = () => {};
    const failures: string[] = [];
    const beat = () => transport.send(url, heartbeat);
    const kept = Array.from({ length: 31 }, () =>
      beat().catch(({ message }: Error) => failures.push(message)),
    );
    await peer.arrived(31);
    expect(failures).toEqual([]);
    peer.answer = (response) => response.end(BEAT);
    expect(await beat()).toMatchObject({ type: 'HeartbeatAck' });
    expect(failures).toEqual([expect.stringMatching(/before many later copies/)]);
    await transport.close();
    await Promise.all(kept);
  });

  test('peers that are spoken to no more are forgotten, those in use are not', async () => {
    for (let i = 0; i < 80; i += 1) {
      await expect(transport.send(`http://127.0.0.1:1/${i}`, order)).rejects.toThrow();
    }
    await transport.send(url, order);
    expect(peer.seen).toHaveLength(1);
  });

  test('an answer without an end is cut off', async () => {
    const flood = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const piece = `${(1 << 20).toString(16)}\r\n${'x'.repeat(1 << 20)}\r\n`;
      const pour = (): void => {
        while (socket.writable && socket.write(piece));
      };
      socket.on('drain', pour);
      pour();
    });
    await new Promise<void>((resolve) => flood.listen(0, '127.0.0.1', resolve));
    const { port } = flood.address() as AddressInfo;
    const to = `http://127.0.0.1:${port}`;
    await expect(transport.send(to, { type: 'Leave', node: nodeId('n1') })).rejects.toThrow(
      'gave too long an answer',
    );
    await new Promise((resolve) => flood.close(resolve));
  });
});

test('connections are kept to so many peers, and those used last', async () => {
  peer.answer = (response) => response.end(BEAT);
  const first = `${url}/peer-0`;
  await transport.send(first, heartbeat);
  const [oldest] = peer.sockets;
  const others = Array.from({ length: PEERS_MAX }, (_, i) => `${url}/peer-${i + 1}`);
  await Promise.all(others.map((other) => transport.send(other, heartbeat)));
  // Both sides close what is unused for 4 s and more; this is sooner.
  const signal = AbortSignal.timeout(2_000);
  if (!oldest!.destroyed) await once(oldest!, 'close', { signal });
  expect([...peer.sockets].filter(({ destroyed }) => !destroyed)).toHaveLength(PEERS_MAX);
});

test.each([
  [new StaleConnection('stale', { cause: coded('ECONNRESET') }), 'n2 cut the connection'],
  [coded('ECONNREFUSED'), 'n2 refuses connections'],
  [coded('ESTRANGE'), 'n2 ESTRANGE happened'],
  [new PeerError('answered nonsense'), 'n2 answered nonsense'],
])('%s is said as "%s"', (error, said) => {
  expect(explained(error, 'n2').message).toBe(said);
});

function coded(code: string): Error {
  return Object.assign(new Error(`${code} happened`), { code });
}

// The sender's end of a tunnel, with another end that does what a test tells it to.

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { TunnelCaller } from '../../../src/node/peers/tunnel-caller.ts';
import { answerFrame, FrameReader } from '../../../src/node/peers/tunnel-frames.ts';
import { deadUrl } from '../../client/stub-server.ts';

const GRANTED = 'HTTP/1.1 200 Tunnel\r\n\r\n';
/** Some systems have it switched off. */
const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((each) => each?.address === '::1');

const LIMITS = { connectMs: 10_000, answerMs: 10_000 };

/** Listens for tunnels; what has come through one is a list of the numbers of its frames. */
async function otherEnd(said: string | null, host = '127.0.0.1') {
  const sockets: Duplex[] = [];
  const asked: IncomingMessage[] = [];
  const frames: number[] = [];
  const server = createServer();
  server.on('connect', (request, socket) => {
    asked.push(request);
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    const reader = new FrameReader(1_000);
    socket.on('data', (chunk) => reader.take(chunk, (id) => frames.push(id)));
    if (said !== null) socket.write(said);
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { origin, sockets, asked, frames };
}

/** A tunnel, and the end of it that answers. */
async function tunnelled(limits = LIMITS) {
  const other = await otherEnd(GRANTED);
  const caller = await TunnelCaller.open(other.origin, 'somewhere:1', {}, limits);
  onTestFinished(() => caller!.close());
  const [socket] = other.sockets;
  const arrived = async (count: number) => {
    while (other.frames.length < count) await once(socket!, 'data');
  };
  const answer = (id: number) => socket!.write(answerFrame(id, 200, `to ${id}`));
  return { caller: caller!, socket: socket!, arrived, answer };
}

const copyOf = (session: number, seq: number) => ({ session, seq });
const body = [Buffer.from('x')];

test.each([
  ['nobody listens', deadUrl],
  ['a node says nothing', async () => (await otherEnd(null)).origin],
  ['a node has no tunnels', async () => (await otherEnd('HTTP/1.1 404 Refused\r\n\r\n')).origin],
])('there is none where %s', async (_, origin) => {
  const limits = { ...LIMITS, connectMs: 50 };
  expect(await TunnelCaller.open(await origin(), 'somewhere:1', {}, limits)).toBeNull();
});

test('a connection on which there is none is closed', async () => {
  const { origin, sockets } = await otherEnd('HTTP/1.1 503 Refused\r\n\r\n');
  expect(await TunnelCaller.open(origin, 'somewhere:1', {}, LIMITS)).toBeNull();
  const [socket] = sockets;
  if (!socket!.destroyed) await once(socket!, 'close');
});

test('it is asked for by its destination, with the headers of any request', async () => {
  const { origin, asked } = await otherEnd(GRANTED);
  const headers = { authorization: 'Bearer secret' };
  const caller = await TunnelCaller.open(origin, 'somewhere:1', headers, LIMITS);
  expect(asked[0]).toMatchObject({ method: 'CONNECT', url: 'somewhere:1' });
  expect(asked[0]!.headers).toMatchObject({ ...headers, host: new URL(origin).host });
  caller!.close();
});

test.runIf(HAS_IPV6)('an address of version 6 is one that can be named', async () => {
  const { origin, asked } = await otherEnd(GRANTED, '::1');
  const caller = await TunnelCaller.open(origin, 'somewhere:1', {}, LIMITS);
  expect(asked[0]!.headers.host).toBe(new URL(origin).host);
  caller!.close();
});

test('it has all the time it needs for an answer, once it is there', async () => {
  const { caller, arrived, answer } = await tunnelled({ connectMs: 30, answerMs: 10_000 });
  const sent = caller.send(copyOf(1, 1), body);
  await arrived(1);
  setTimeout(() => answer(1), 90);
  expect(await sent).toEqual({ status: 200, text: 'to 1' });
});

test('it knows what is unanswered by session and number, and that it has ended', async () => {
  const { caller, socket, arrived, answer } = await tunnelled();
  const sent = [caller.send(copyOf(1, 1), body), caller.send(copyOf(2, 7), body)];
  expect(caller.holds(copyOf(1, 1))).toBe(true);
  expect(caller.holds(copyOf(2, 7))).toBe(true);
  expect(caller.holds(copyOf(2, 1))).toBe(false);
  expect(caller.holds(copyOf(1, 7))).toBe(false);
  await arrived(2);
  answer(2);
  expect(await sent[1]).toEqual({ status: 200, text: 'to 2' });
  expect(caller.holds(copyOf(2, 7))).toBe(false);
  expect(caller.closed).toBe(false);
  const lost = expect(sent[0]).rejects.toThrow(/closed the connection without an answer/);
  socket.end();
  await lost;
  expect(caller.closed).toBe(true);
});

test.each([
  ['an answer without a status', Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 1])],
  ['an answer that is too long', Buffer.from([0, 0, 0, 2, 1, 0, 0, 0])],
])('%s ends it: what waits is settled', async (_, bytes) => {
  const { caller, socket, arrived } = await tunnelled();
  const sent = [caller.send(copyOf(1, 1), body), caller.send(copyOf(1, 2), body)];
  const settled = Promise.allSettled(sent);
  await arrived(2);
  socket.write(bytes);
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(caller.closed).toBe(true);
});

/** Time that only moves when a test says so; connections go on. */
function standingClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
}

test('each is given up in its own time; the tunnel stays while anything is answered', async () => {
  standingClock();
  const { caller, arrived, answer } = await tunnelled({ connectMs: 10_000, answerMs: 100 });
  vi.advanceTimersByTime(1);
  const answered = async (seq: number) => {
    const sent = caller.send(copyOf(1, seq), body);
    await arrived(seq);
    answer(seq);
    expect(await sent).toMatchObject({ text: `to ${seq}` });
  };
  const first = expect(caller.send(copyOf(1, 1), body)).rejects.toThrow(/did not answer in time/);
  vi.advanceTimersByTime(60);
  await answered(2);
  const third = expect(caller.send(copyOf(1, 3), body)).rejects.toThrow(/did not answer in time/);
  vi.advanceTimersByTime(39);
  expect(caller.holds(copyOf(1, 1))).toBe(true);
  vi.advanceTimersByTime(1);
  await first;
  expect([1, 3].map((seq) => caller.holds(copyOf(1, seq)))).toEqual([false, true]);
  // Too late: nobody waits for it, and that is no fault of what follows.
  answer(1);
  await answered(4);
  vi.advanceTimersByTime(60);
  await third;
  expect(caller.closed).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
  const last = expect(caller.send(copyOf(1, 5), body)).rejects.toThrow(/did not answer in time/);
  vi.advanceTimersByTime(100);
  await last;
});

test('a tunnel in which nothing was answered at all ends for all that wait in it', async () => {
  standingClock();
  const { caller, arrived } = await tunnelled({ connectMs: 10_000, answerMs: 100 });
  vi.advanceTimersByTime(1);
  const first = expect(caller.send(copyOf(1, 1), body)).rejects.toThrow(/did not answer in time/);
  vi.advanceTimersByTime(60);
  const second = expect(caller.send(copyOf(1, 2), body)).rejects.toThrow(/is not listened to/);
  await arrived(2);
  vi.advanceTimersByTime(40);
  await Promise.all([first, second]);
  expect(caller.closed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

// The receiver's end of a tunnel, over a connection in memory.

import { getEventListeners, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Answer, json } from '../../../src/node/http/answer.ts';
import { PEER_LIMIT } from '../../../src/node/http/body.ts';
import { reachedDirectly, tunnelDoor } from '../../../src/node/peers/tunnel-door.ts';
import { answerOf, FrameReader, requestFrame } from '../../../src/node/peers/tunnel-frames.ts';
import { NO_GUARD } from '../http/no-guard.ts';

const PLACE = 'somewhere:1';

interface Due {
  readonly body: string;
  readonly answer: (given: Answer | null) => void;
  readonly fail: (error: unknown) => void;
}

/** A tunnel whose requests are answered by hand, and what has come back through it. */
function tunnel(stopping = new AbortController(), place = PLACE) {
  const due: Due[] = [];
  const handle = (body: Buffer): Promise<Answer | null> =>
    new Promise((answer, fail) => due.push({ body: body.toString(), answer, fail }));
  const failed = (error: unknown) => (error === 'nobody' ? null : json(500, { error }));
  const [near, far] = duplexPair();
  const door = tunnelDoor(new Map([[PLACE, { handle, failed }]]), NO_GUARD, stopping.signal);
  const incoming = { url: place, headers: { host: 'n1' }, rawHeaders: ['host', 'n1'] };
  door(incoming as unknown as IncomingMessage, near, Buffer.alloc(0));
  return { near, far, due, stopping, ...heard(far) };
}

/** The head of the answer to a CONNECT, and the answers in the frames behind it. */
function heard(far: Duplex) {
  let head = '';
  const answers: [number, number][] = [];
  const reader = new FrameReader(1 << 21);
  far.on('data', (chunk: Buffer) => {
    if (head === '') head = chunk.toString();
    else reader.take(chunk, (id, payload) => answers.push([id, answerOf(payload).status]));
  });
  return { head: () => head, answers };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function send(far: Duplex, ...ids: number[]): Promise<void> {
  for (const id of ids) far.write(Buffer.concat(requestFrame(id, [Buffer.from(`body ${id}`)])));
  await turn();
}

test('each request is answered when it is its turn, and by its number', async () => {
  const { far, due, head, answers } = tunnel();
  await send(far, 7, 8, 9, 10);
  expect(head()).toMatch(/^HTTP\/1\.1 200 /);
  expect(due.map(({ body }) => body)).toEqual(['body 7', 'body 8', 'body 9', 'body 10']);
  due[2]!.answer(json(200, {}));
  due[0]!.fail('a mistake');
  due[1]!.fail('nobody');
  due[3]!.answer(null);
  await turn();
  expect(answers).toEqual([
    [9, 200],
    [7, 500],
  ]);
});

test.each([
  ['elsewhere:1', false, 404],
  [PLACE, true, 503],
])('there is no way to %s where the node stops: %s', (place, stops, status) => {
  const stopping = new AbortController();
  if (stops) stopping.abort();
  const { near, far } = tunnel(stopping, place);
  expect(String(far.read())).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(near.writableEnded).toBe(true);
});

test('who is refused one and keeps the connection is not waited for', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { near } = tunnel(undefined, 'elsewhere:1');
  expect(near.destroyed).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(near.destroyed).toBe(true);
});

test('who does not read the answers is not asked for more until it does', async () => {
  const { far, due } = tunnel();
  await send(far, 1);
  far.pause();
  due[0]!.answer(json(200, 'x'.repeat(1 << 20)));
  await turn();
  await send(far, 2);
  expect(due).toHaveLength(1);
  far.resume();
  await vi.waitUntil(() => due.length === 2);
});

test.each([
  ['short', 10, 1_500, 1_000],
  ['long', 16 << 20, 8, 4],
])('no more is read while so many %s ones wait', async (_, bytes, sent, most) => {
  const { far, due, answers } = tunnel();
  for (let id = 1; id <= sent; id += 1) {
    far.write(Buffer.concat(requestFrame(id, [Buffer.alloc(bytes, 'x')])));
  }
  await vi.waitUntil(() => due.length === most);
  for (let turns = 0; turns < 100; turns += 1) await turn();
  expect(due).toHaveLength(most);
  for (let at = 0; at < sent; at += 1) {
    await vi.waitUntil(() => due.length > at);
    due[at]!.answer(json(200, {}));
  }
  await vi.waitUntil(() => answers.length === sent);
});

test('a node that stops ends a tunnel in which nothing waits', async () => {
  const { far, stopping } = tunnel();
  await send(far);
  stopping.abort();
  await once(far, 'end');
});

test('a node that stops takes no more, and ends the tunnel with the last answer', async () => {
  const { near, far, due, stopping, answers } = tunnel();
  await send(far, 1, 2);
  stopping.abort();
  await send(far, 3);
  due[0]!.answer(json(200, {}));
  await turn();
  expect(near.writableEnded).toBe(false);
  due[1]!.answer(null);
  await once(far, 'end');
  expect(answers).toEqual([[1, 200]]);
  expect(due).toHaveLength(2);
});

test.each([0, 1])('what comes too late holds no stop up: not behind %d requests', async (count) => {
  const { near, far, due, stopping } = tunnel();
  await send(far, ...[1].slice(0, count));
  stopping.abort();
  await send(far, 2, 3);
  for (const { answer } of due) answer(json(200, {}));
  far.end();
  await once(near, 'close');
  expect(due).toHaveLength(count);
});

test('a tunnel that has ended is forgotten, and what was due in it is of no interest', async () => {
  const { near, far, due, stopping } = tunnel();
  await send(far, 1);
  const listeners = () => getEventListeners(stopping.signal, 'abort').length;
  expect(listeners()).toBe(1);
  far.end();
  await once(near, 'close');
  expect(listeners()).toBe(0);
  const write = vi.spyOn(near, 'write');
  due[0]!.answer(json(200, {}));
  await turn();
  expect(write).not.toHaveBeenCalled();
});

test('bytes that are no frames end a tunnel', async () => {
  const { near, far } = tunnel();
  const [header] = requestFrame(1, []);
  header!.writeUInt32LE(PEER_LIMIT + 1, 0);
  await send(far);
  far.write(header);
  await once(near, 'close');
});

test('a connection that breaks takes nothing else with it', () => {
  const { near } = tunnel();
  near.emit('error', new Error('ECONNRESET'));
  expect(near.destroyed).toBe(true);
});

test.each([
  ['http://127.0.0.1:4001', '127.0.0.1', true],
  ['http://127.0.0.1:4001/', '::ffff:127.0.0.1', true],
  ['http://localhost:4001', '127.0.0.1', true],
  ['http://localhost:4001', '10.0.0.2', false],
  ['http://10.0.0.2:4001', '10.0.0.2', true],
  ['http://10.0.0.3:4001', '10.0.0.2', false],
  ['http://127.0.0.1:4002', '127.0.0.1', false],
  ['https://127.0.0.1:4001', '127.0.0.1', false],
  ['http://127.0.0.1:4001/behind', '127.0.0.1', false],
  ['nowhere', '127.0.0.1', false],
])('whether %s leads straight to %s: %s', (url, localAddress, direct) => {
  expect(reachedDirectly(url, { localAddress, localPort: 4_001 } as Socket)).toBe(direct);
});

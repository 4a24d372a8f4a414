// How many requests wait behind others on their connections.

import { EventEmitter, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { inTurn } from '../../../src/node/http/in-turn.ts';
import { PipelineRoom } from '../../../src/node/http/pipeline-room.ts';

const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** The body of each answer: a byte that stands nowhere else in one. */
const MARK = '\0';

/** A server that leaves the first request unanswered until it is told to, and its only client. */
async function held(room?: PipelineRoom) {
  let arrived = 0;
  let first: ServerResponse | null = null;
  const turn = inTurn((_, outgoing) => {
    if (first === null) first = outgoing;
    else outgoing.end(MARK);
  }, room);
  const server = createServer((incoming, outgoing) => {
    arrived += 1;
    turn(incoming, outgoing);
  });
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  onTestFinished(() => void server.close());
  onTestFinished(() => void client.destroy());
  let answers = 0;
  client.on('data', (part) => {
    answers += part.filter((byte) => byte === 0).length;
  });
  const release = () => first!.end(MARK);
  return { client, connection: await accepted, release, counts: () => ({ arrived, answers }) };
}

test('who sends on and on is not read any further, and is answered in the end', async () => {
  const { client, connection, release, counts } = await held();
  const paused = once(connection, 'pause');
  client.write(GET.repeat(50_000));
  await paused;
  // Nothing of what has come meanwhile is looked at.
  const others = await held();
  others.client.write(GET);
  await expect.poll(() => others.counts().arrived).toBe(1);
  expect(counts().arrived).toBeGreaterThan(1_000);
  expect(counts().arrived).toBeLessThan(5_000);
  release();
  await expect.poll(() => counts().answers).toBe(50_000);
});

test('a crowd is cut off where there is no more room, and nobody else', async () => {
  const room = new PipelineRoom(100);
  const { client, counts } = await held(room);
  const modest = await held(room);
  modest.client.write(GET.repeat(10));
  await expect.poll(() => modest.counts().arrived).toBe(10);
  client.write(GET.repeat(500));
  await once(client, 'close');
  expect(counts().answers).toBe(0);
  modest.release();
  await expect.poll(() => modest.counts().answers).toBe(10);
});

/** A connection that says what is done to it. */
function connection() {
  const done: string[] = [];
  const emitter = new EventEmitter();
  const noting = (what: string) => () => void done.push(what);
  const acts = { pause: noting('pause'), resume: noting('resume'), destroy: noting('destroy') };
  return { done, socket: Object.assign(emitter, acts) as unknown as Socket };
}

function enters(room: PipelineRoom, socket: Socket, count: number): boolean {
  return Array.from({ length: count }, () => room.enter(socket)).every(Boolean);
}

test('a connection is read on when all but five hundred have their answers', () => {
  const room = new PipelineRoom();
  const { done, socket } = connection();
  expect(enters(room, socket, 1_000)).toBe(true);
  expect(done).toEqual([]);
  expect(enters(room, socket, 2)).toBe(true);
  expect(done).toEqual(['pause']);
  socket.emit('resume');
  expect(done).toEqual(['pause', 'pause']);
  for (let i = 0; i < 501; i += 1) room.leave(socket);
  expect(done).toEqual(['pause', 'pause']);
  room.leave(socket);
  socket.emit('resume');
  expect(done).toEqual(['pause', 'pause', 'resume']);
});

test('sixteen of each may wait where others have filled the room', () => {
  const room = new PipelineRoom(100);
  expect(enters(room, connection().socket, 100)).toBe(true);
  const { done, socket } = connection();
  expect(enters(room, socket, 16)).toBe(true);
  expect(done).toEqual([]);
  expect(room.enter(socket)).toBe(false);
  expect(done).toEqual(['destroy']);
});

test('one that ends leaves its room to others, and does so once', () => {
  const room = new PipelineRoom(100);
  const { socket } = connection();
  enters(room, socket, 100);
  socket.emit('close');
  for (let i = 0; i < 100; i += 1) room.leave(socket);
  const next = connection();
  expect(enters(room, next.socket, 100)).toBe(true);
  expect(room.enter(next.socket)).toBe(false);
  expect(next.socket.listenerCount('close')).toBe(1);
});

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { connectionRoom } from '../../../src/node/http/connection-room.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

let server: RunningServer | null = null;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
});

test.each([
  ['the limit is not known', 16_384, null, 16_384],
  ['there is room for all', 16_384, 20_000, 16_384],
  ['136 are kept back of a thousand', 16_384, 1_024, 888],
  ['40 are kept back of 64', 16_384, 64, 24],
  ['fewer are wanted', 3, 1_024, 3],
  ['there is hardly room for anything', 16_384, 20, 1],
])('where %s, of %d wanted, with %s files, there are %d', (_, wanted, openFiles, room) => {
  expect(connectionRoom(wanted, openFiles)).toBe(room);
});

/** Resolves to whether the server lets this connection stay. */
async function letIn(): Promise<boolean> {
  const socket = connect(server!.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [data] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  return data instanceof Buffer;
}

test('who finds no room is sent away; that is told once, until half have left', async () => {
  const told: number[] = [];
  server = await startServer({
    app: createApp(new FakeEngine()),
    port: 0,
    limits: { connections: 4, graceMs: 100 },
    full: (connections) => told.push(connections),
  });
  const four = [await letIn(), await letIn(), await letIn(), await letIn()];
  expect(four).toEqual([true, true, true, true]);
  expect([await letIn(), await letIn()]).toEqual([false, false]);
  expect(told).toEqual([4]);
  const leave = async (count: number): Promise<void> => {
    const leaving = sockets.splice(0, count);
    const staying = leaving.filter((socket) => !socket.closed);
    const gone = staying.map((socket) => once(socket, 'close'));
    for (const socket of leaving) socket.end();
    await Promise.all(gone);
  };
  await leave(1);
  await vi.waitFor(async () => expect(await letIn()).toBe(true));
  expect(await letIn()).toBe(false);
  expect(told).toEqual([4]);
  await leave(sockets.length);
  await vi.waitFor(async () => expect(await letIn()).toBe(true));
  expect([await letIn(), await letIn(), await letIn()]).toEqual([true, true, true]);
  expect(await letIn()).toBe(false);
  expect(told).toEqual([4, 4]);
});

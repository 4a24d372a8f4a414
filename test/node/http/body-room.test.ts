import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { BATCH_LIMIT, readBody } from '../../../src/node/http/body.ts';
import { BodyRoom } from '../../../src/node/http/body-room.ts';
import type { RunningServer } from '../../../src/node/http/server.ts';
import { bodyServer } from './body-server.ts';

let server: RunningServer | null = null;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
});

const MIB = 1 << 20;

/** A server that takes at most 1 MiB each, and answers with their size. */
async function start(direct: boolean, room: BodyRoom): Promise<void> {
  server = await bodyServer(direct, room, async (call) => `${(await readBody(call, MIB)).length}`);
}

/** Says that it sends `length` bytes, and sends `sent` of them. */
function post(length: number, sent: number): Socket {
  const socket = connect(server!.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(`POST /take HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\n`);
  socket.write(Buffer.alloc(sent, 'x'));
  return socket;
}

/** Sends a byte more than a body may have, and does not say so before. */
function postTooMuch(): Socket {
  const socket = connect(server!.port, '127.0.0.1');
  sockets.push(socket);
  const chunk = (size: number): string => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;
  socket.write('POST /take HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n');
  socket.write(`${chunk(1_000)}${chunk(MIB - 999)}0\r\n\r\n`);
  return socket;
}

async function answerTo(socket: Socket): Promise<string> {
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString().split('\r\n', 1)[0]!;
}

test.each([true, false])(
  'G16: bodies that never end are refused together above a limit (direct: %s)',
  async (direct) => {
    const room = new BodyRoom(2 * MIB);
    const take = vi.spyOn(room, 'take');
    await start(direct, room);
    const arrived = (bytes: number) =>
      vi.waitFor(() =>
        expect(take.mock.calls.reduce((sum, [more]) => sum + more, 0)).toBeGreaterThanOrEqual(
          bytes,
        ),
      );
    const slow = [post(MIB, MIB - 1), post(MIB, MIB - 1)];
    await arrived(2 * MIB - 2);
    const late = post(100_000, 1_000);
    await arrived(2 * MIB - 2 + 1_000);
    late.write(Buffer.alloc(99_000, 'x'));
    expect(await answerTo(late)).toBe('HTTP/1.1 503 Service Unavailable');
    // What is short goes on, and so does everything once there is room.
    expect(await answerTo(post(1_000, 1_000))).toBe('HTTP/1.1 200 OK');
    slow[0]!.write('x');
    expect(await answerTo(slow[0]!)).toBe('HTTP/1.1 200 OK');
    expect(await answerTo(post(100_000, 100_000))).toBe('HTTP/1.1 200 OK');
    expect(await answerTo(postTooMuch())).toBe('HTTP/1.1 413 Payload Too Large');
    slow[1]!.destroy();
    // There is as much room as at first, and no more: nothing was given back twice.
    await vi.waitFor(() => expect(room.take(2 * MIB, 2 * MIB)).toBe(true));
    expect(room.take(1, MIB)).toBe(false);
  },
);

test('G16: by default sixteen of the largest batches have room, and 16 KiB of each always', () => {
  const room = new BodyRoom();
  for (let count = 0; count < 16; count += 1) {
    expect(room.take(BATCH_LIMIT, BATCH_LIMIT)).toBe(true);
  }
  expect(room.take(1, BATCH_LIMIT)).toBe(false);
  expect(room.take(16_384, 16_384)).toBe(true);
  expect(room.take(1, 16_385)).toBe(false);
});

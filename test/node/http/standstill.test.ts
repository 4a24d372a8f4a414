import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import {
  type RunningServer,
  type ServerOptions,
  startServer,
} from '../../../src/node/http/server.ts';
import { LOOKS, Standstill } from '../../../src/node/http/standstill.ts';
import { FakeEngine } from '../fake-engine.ts';

describe('of connections that are looked at', () => {
  const reader = () => {
    const handle = { bytesWritten: 1_000, writeQueueSize: 600 };
    const seen = { ended: 0 };
    const destroy = (): void => {
      seen.ended += 1;
    };
    return { handle, seen, connection: { _handle: handle, destroy } };
  };

  test('one that takes nothing ends after so many looks, and not before', () => {
    const { connection, seen } = reader();
    const standstill = new Standstill();
    for (let look = 0; look < LOOKS; look += 1) standstill.look([connection]);
    expect(seen.ended).toBe(0);
    standstill.look([connection]);
    expect(seen.ended).toBe(1);
  });

  test('what is written to one that takes nothing is nothing that it takes', () => {
    const { connection, handle, seen } = reader();
    const standstill = new Standstill();
    for (let look = 0; look <= LOOKS; look += 1) {
      standstill.look([connection]);
      handle.bytesWritten += 15;
      handle.writeQueueSize += 15;
    }
    expect(seen.ended).toBe(1);
  });

  test('one that takes a byte now and then stays, and so does one with nothing to take', () => {
    const slow = reader();
    const quiet = reader();
    quiet.handle.writeQueueSize = 0;
    const closing = { destroy: quiet.connection.destroy, _handle: null };
    const standstill = new Standstill();
    for (let look = 1; look < 20 * LOOKS; look += 1) {
      standstill.look([slow.connection, quiet.connection, closing]);
      if (look % LOOKS === 0) slow.handle.writeQueueSize -= 1;
    }
    expect([slow.seen.ended, quiet.seen.ended]).toEqual([0, 0]);
  });
});

describe('a server', () => {
  let server: RunningServer | null = null;
  let socket: Socket | null = null;
  afterEach(async () => {
    socket?.destroy();
    await server?.stop();
  });

  test.each(['/messages', '/log'])('ends a reader of %s that stands still', async (path) => {
    const engine = new FakeEngine();
    engine.messages(...Array.from({ length: 32_000 }, () => 'm'.repeat(1_000)));
    const stopping = new AbortController();
    const node = createApp(engine, { stopping: stopping.signal });
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const app: ServerOptions['app'] = {
      fetch: (request, env) => {
        env.outgoing.once('close', end);
        return node.fetch(request, env);
      },
    };
    const limits = { standstillMs: 100, graceMs: 100 };
    server = await startServer({ app, port: 0, stopping, limits });
    socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
    const accept = path === '/log' ? 'accept: text/event-stream\r\n' : '';
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n${accept}\r\n`);
    await ended;
  });
});

// A client that stops reading costs a bounded buffer, however long the answer would be.

import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

const MESSAGES = 32_000;
const MESSAGE = 'm'.repeat(1_000);

/** What a stopped reader may cost: the buffers of both ends of a connection, and a chunk or two. */
const BOUND_BYTES = 12 << 20;

/** A log of 32 MB, and how much of it has been read. */
class Counting extends FakeEngine {
  bytes = 0;

  constructor() {
    super();
    this.messages(...Array.from({ length: MESSAGES }, () => MESSAGE));
    const { persistence } = this;
    const read = persistence.read.bind(persistence);
    persistence.read = (from, to) => {
      const chunk = read(from, to);
      this.bytes += chunk.json.length;
      return chunk;
    };
  }
}

const open: { server: RunningServer | null; socket: Socket | null } = {
  server: null,
  socket: null,
};

afterEach(async () => {
  open.socket?.destroy();
  await open.server?.stop();
});

/** Waits until nothing more is read from the log for a while. */
async function quiet(engine: Counting): Promise<number> {
  for (let before = -1; engine.bytes === 0 || engine.bytes !== before; ) {
    before = engine.bytes;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return engine.bytes;
}

describe('G16: a reader that stops reading', () => {
  it.each([
    ['the list of messages', '/messages', 'application/json'],
    ['a stream of the log', '/log', 'text/event-stream'],
  ])(
    'of %s makes the node read no further, and gets all of it in the end',
    async (_, path, type) => {
      const engine = new Counting();
      const stopping = new AbortController();
      const app = createApp(engine, { stopping: stopping.signal });
      open.server = await startServer({ app, port: 0, stopping, limits: { graceMs: 200 } });
      const socket = connect(open.server.port, '127.0.0.1');
      open.socket = socket;
      socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: ${type}\r\n\r\n`);
      const cost = await quiet(engine);
      expect(cost).toBeLessThan(BOUND_BYTES);
      let received = 0;
      await new Promise<void>((resolve) => {
        socket.on('data', (data) => {
          received += data.length;
          // Around each message stands something, in the log as in what is sent of it.
          if (Math.min(received, engine.bytes) > MESSAGES * MESSAGE.length) resolve();
        });
        socket.resume();
      });
    },
    30_000,
  );
});

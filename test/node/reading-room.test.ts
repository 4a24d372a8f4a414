// Who reads the log at length takes turns with everything else that a node has to do.

import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/node/api/app.ts';
import { startServer } from '../../src/node/http/server.ts';
import { ReadingRoom } from '../../src/node/reading-room.ts';
import { FakeEngine } from './fake-engine.ts';

const LONG = 64 << 10;

describe('a reading room', () => {
  it('begins four long pieces in each turn of the event loop, in the order of asking', async () => {
    const room = new ReadingRoom();
    const begun: number[] = [];
    const all = Array.from({ length: 20 }, (_, i) => room.read(LONG, () => begun.push(i)));
    const perTurn: number[] = [];
    for (let before = 0; begun.length < all.length; before = begun.length) {
      await turn();
      perTurn.push(begun.length - before);
    }
    await Promise.all(all);
    expect(Math.max(...perTurn)).toBe(4);
    expect(begun).toEqual(all.map((_, i) => i));
  });

  it('lets a short piece go at once, ahead of the long ones', async () => {
    const room = new ReadingRoom();
    const order: string[] = [];
    const long = room.read(LONG, () => order.push('long'));
    const short = room.read(100, () => order.push('short'));
    expect(order).toEqual(['short']);
    await Promise.all([long, short]);
  });

  it('has four pieces on their way at the most, also where one comes to nothing', async () => {
    const room = new ReadingRoom();
    const reading: { done: () => void; fail: (error: Error) => void }[] = [];
    const all = Array.from({ length: 6 }, () =>
      room
        .read(LONG, () => new Promise<void>((done, fail) => reading.push({ done, fail })))
        .catch((error: Error) => error.message),
    );
    for (let i = 0; i < 20; i += 1) await turn();
    expect(reading).toHaveLength(4);
    reading[2]!.fail(new Error('unreadable'));
    reading[0]!.done();
    while (reading.length < 6) await turn();
    for (const { done } of reading) done();
    expect(await Promise.all(all)).toEqual([
      ...[undefined, undefined, 'unreadable'],
      ...[undefined, undefined, undefined],
    ]);
  });
});

const READERS = 60;

/** A log of 8 MB in memory, which tells how often it was read in the turn at hand. */
class Counting extends FakeEngine {
  inTurn = 0;

  constructor() {
    super();
    this.messages(...Array.from({ length: 8_000 }, () => 'm'.repeat(1_000)));
    const { persistence } = this;
    const read = persistence.read.bind(persistence);
    persistence.read = (from, to) => {
      this.inTurn += 1;
      return read(from, to);
    };
  }
}

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('a node that many read at length', () => {
  it.each([
    ['lists of messages', '/messages', 'application/json'],
    ['pages of the log', '/log?limit=10000', 'application/json'],
    ['backups', '/backup', '*/*'],
    ['streams of the log', '/log', 'text/event-stream'],
  ])(
    'reads four pieces in each turn of the event loop: %s',
    async (_, path, accept) => {
      const engine = new Counting();
      const stopping = new AbortController();
      const app = createApp(engine, { stopping: stopping.signal });
      const server = await startServer({ app, port: 0, stopping, limits: { graceMs: 200 } });
      closers.push(() => server.stop());
      let received = 0;
      for (let i = 0; i < READERS; i += 1) {
        const socket = connect(server.port, '127.0.0.1');
        closers.push(() => socket.destroy());
        socket.on('data', (data) => {
          received += data.length;
        });
        socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: ${accept}\r\n\r\n`);
      }
      let most = 0;
      for (engine.inTurn = 0; received < READERS * 300_000; engine.inTurn = 0) {
        await turn();
        most = Math.max(most, engine.inTurn);
      }
      expect(most).toBe(4);
    },
    30_000,
  );
});

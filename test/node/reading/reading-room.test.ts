// Who reads the log at length takes turns with everything else that a node has to do.

import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { startServer } from '../../../src/node/http/server.ts';
import { ReadingRoom } from '../../../src/node/reading/reading-room.ts';
import { FakeEngine } from '../fake-engine.ts';

const LONG = 64 << 10;

const piece = { json: { length: LONG } };

/** A room with a clock that stands until it is set; one reads there who is told when to be cut. */
function roomFor(limits = {}) {
  const clock = { now: 0, timers: [] as { at: number; run: () => void }[] };
  const room = new ReadingRoom(
    {
      monotonicMs: () => clock.now,
      after: (ms, run) => {
        clock.timers.push({ at: clock.now + ms, run });
        return () => undefined;
      },
    },
    limits,
  );
  const goTo = (now: number): void => {
    clock.now = now;
    const due = clock.timers.filter(({ at }) => at <= now);
    clock.timers = clock.timers.filter(({ at }) => at > now);
    for (const { run } of due) run();
  };
  return { room, goTo };
}

/** A reader of one piece, and what has come of it. */
function readerIn(room: ReadingRoom) {
  const seen = { has: false, cut: 0 };
  const reader = room.enter(() => {
    seen.cut += 1;
    reader.end();
  });
  const read = async (): Promise<void> => {
    seen.has = false;
    await reader.read(LONG, () => piece);
    seen.has = true;
  };
  return { reader, read, seen };
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await turn();
}

describe('a reading room', () => {
  it('begins four long pieces in each turn of the event loop, in the order of asking', async () => {
    const { room } = roomFor();
    const begun: number[] = [];
    const all = Array.from({ length: 20 }, (_, i) =>
      room
        .enter(() => undefined)
        .read(LONG, () => {
          begun.push(i);
          return piece;
        }),
    );
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
    const { room } = roomFor();
    const order: string[] = [];
    const [long, short] = [LONG, 100].map((bytes) =>
      room
        .enter(() => undefined)
        .read(bytes, () => {
          order.push(bytes === LONG ? 'long' : 'short');
          return piece;
        }),
    );
    expect(order).toEqual(['short']);
    await Promise.all([long, short]);
  });

  it('has four pieces on their way at the most, also where one comes to nothing', async () => {
    const { room } = roomFor();
    const reading: { done: (what: null) => void; fail: (error: Error) => void }[] = [];
    const all = Array.from({ length: 6 }, () =>
      room
        .enter(() => undefined)
        .read(LONG, () => new Promise<null>((done, fail) => reading.push({ done, fail })))
        .catch((error: Error) => error.message),
    );
    await turns();
    expect(reading).toHaveLength(4);
    reading[2]!.fail(new Error('unreadable'));
    reading[0]!.done(null);
    while (reading.length < 6) await turn();
    for (const { done } of reading) done(null);
    expect(await Promise.all(all)).toEqual([null, null, 'unreadable', null, null, null]);
  });
});

describe('what has been read and not been taken', () => {
  it('is bounded: the next one waits until a reader takes its piece, or leaves', async () => {
    const { room } = roomFor({ heldMax: 2 * LONG });
    const readers = Array.from({ length: 5 }, () => readerIn(room));
    for (const { read } of readers) void read();
    await turns();
    // Those that had begun before the room was full.
    expect(readers.map(({ seen }) => seen.has)).toEqual([true, true, true, true, false]);
    for (const { reader } of readers.slice(0, 2)) reader.took();
    await turns();
    expect(readers[4]!.seen.has).toBe(false);
    readers[2]!.reader.end();
    await turns();
    expect(readers[4]!.seen.has).toBe(true);
    void readers[3]!.read();
    await turns();
    expect(readers[3]!.seen.has).toBe(true);
  });

  it('is nothing of a reader that left while it was read', async () => {
    const { room } = roomFor({ heldMax: LONG });
    const gone = readerIn(room);
    void gone.read();
    gone.reader.end();
    await turns();
    const next = readerIn(room);
    void next.read();
    await turns();
    expect([gone.seen.has, next.seen.has]).toEqual([true, true]);
  });

  it('cuts who has taken nothing for ten seconds while others wait, and nobody else', async () => {
    const { room, goTo } = roomFor({ heldMax: LONG });
    const [standing, other, waiting] = [readerIn(room), readerIn(room), readerIn(room)];
    void standing.read();
    await turns();
    goTo(60_000);
    expect(standing.seen.cut).toBe(0);
    goTo(60_001);
    standing.reader.took();
    void other.read();
    await turns();
    void waiting.read();
    goTo(70_000);
    await turns();
    expect([other.seen.cut, waiting.seen.has]).toEqual([0, false]);
    goTo(70_001);
    await turns();
    expect([other.seen.cut, waiting.seen.has, standing.seen.cut]).toEqual([1, true, 0]);
  });
});

const READERS = 60;

/** A log in memory, which tells how often it was read, also in the turn at hand alone. */
class Counting extends FakeEngine {
  reads = 0;
  inTurn = 0;

  constructor(message: string, count: number) {
    super();
    this.messages(...Array.from({ length: count }, () => message));
    this.append([{ op: 'put', key: 'key', value: message }]);
    const { persistence } = this;
    const read = persistence.read.bind(persistence);
    persistence.read = (from, to) => {
      this.inTurn += 1;
      this.reads += 1;
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
      const engine = new Counting('m'.repeat(1_000), 8_000);
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

describe('readers that take nothing of what they asked for', () => {
  it.each([
    ['lists of messages', '/messages', '*/*'],
    ['streams of the log', '/log', 'text/event-stream'],
    ['backups', '/backup', '*/*'],
    ['entries', '/log/1', '*/*'],
    ['values', '/kv/key', '*/*'],
    ['lists of values', '/kv', '*/*'],
  ])(
    'take no more memory than there is for them, and are ended for others: %s',
    async (_, path, accept) => {
      const engine = new Counting('v'.repeat(6 << 20), 2);
      const { room: reads, goTo } = roomFor({ heldMax: 12 << 20 });
      const stopping = new AbortController();
      const app = createApp(engine, { stopping: stopping.signal, reads });
      const server = await startServer({ app, port: 0, stopping, limits: { graceMs: 200 } });
      closers.push(() => server.stop());
      const ask = `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: ${accept}\r\n\r\n`;
      for (let i = 0; i < 10; i += 1) {
        const socket = connect(server.port, '127.0.0.1').pause();
        closers.push(() => socket.destroy());
        socket.on('error', () => undefined);
        socket.write(ask);
      }
      for (let before = -1; engine.reads === 0 || engine.reads !== before; ) {
        before = engine.reads;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      // Of ten, as many as there is room for, and those that had begun with the last of them.
      expect(engine.reads).toBeLessThanOrEqual(6);
      let received = 0;
      // While others wait it may be cut like them, and comes again.
      const come = (): void => {
        const quick = connect(server.port, '127.0.0.1');
        received = 0;
        closers.push(() => quick.removeListener('close', come).destroy());
        quick.on('error', () => undefined).on('close', come);
        quick.on('data', (data) => {
          received += data.length;
        });
        quick.write(ask);
      };
      come();
      let now = 0;
      const later = (): number => {
        now += 10_001;
        goTo(now);
        return received;
      };
      await expect.poll(later, { interval: 50, timeout: 20_000 }).toBeGreaterThan(6 << 20);
    },
    30_000,
  );
});

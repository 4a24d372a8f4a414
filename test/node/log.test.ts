import { describe, expect, test } from 'vitest';
import { logIndex } from '../../src/core/ids.ts';
import { createApp } from '../../src/node/api/app.ts';
import { logPage } from '../../src/node/api/success.ts';
import { type Clock, systemClock } from '../../src/node/clock.ts';
import { call } from './calls.ts';
import { AT, FakeEngine } from './fake-engine.ts';

const place = (index: number) => ({ index, epoch: 1, at: AT });

function node() {
  const engine = new FakeEngine();
  const stopping = new AbortController();
  const beats: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock(),
    after: (_ms, callback) => {
      beats.push(callback);
      return () => beats.splice(beats.indexOf(callback), 1);
    },
  };
  const app = createApp(engine, { stopping: stopping.signal, clock, streamsMax: 2 });
  return { engine, app, stopping, beats };
}

describe('after a start, a read of what is on a majority', () => {
  const PATHS = ['/messages', '/log', '/log/1', '/kv/k', '/kv', '/outcomes/key'];
  const started = () => {
    const { engine, app, beats } = node();
    engine.append([{ op: 'put', key: 'k', value: 'v' }], { committed: false });
    engine.keys.set('key', { first: logIndex(1), count: 1 });
    engine.commitKnown = false;
    return { engine, app, beats };
  };

  test.each(PATHS)('waits until that is known (%s)', async (path) => {
    const { engine, app, beats } = started();
    const answer = call(app, 'GET', `${path}?read=majority`);
    await expect.poll(() => engine.listeners.size).toBe(1);
    for (const listener of engine.listeners) listener();
    expect(engine.listeners.size).toBe(1);
    engine.commitKnown = true;
    engine.commitIndex = logIndex(1);
    for (const listener of engine.listeners) listener();
    expect((await answer).status).toBe(200);
    expect([engine.listeners.size, beats.length]).toEqual([0, 0]);
  });

  test.each(PATHS)(
    'is refused if nobody says so in time, not answered by "none" (%s)',
    async (path) => {
      const { engine, app, beats } = started();
      const answer = call(app, 'GET', `${path}?read=majority`);
      await expect.poll(() => beats.length).toBe(1);
      beats[0]?.();
      const { status, body, headers } = await answer;
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'not-ready', '1']);
      expect(engine.listeners.size).toBe(0);
      expect((await call(app, 'GET', path)).status).toBe(200);
    },
  );
});

describe('a log that is replaced while it is read', () => {
  const MANY = Array.from({ length: 3_000 }, (_, i) => `${i}`);

  /** Its third read finds another log, which begins like the one that the first two read. */
  function replaced() {
    const { engine, app } = node();
    engine.messages(...MANY);
    const read = engine.persistence.read.bind(engine.persistence);
    let reads = 0;
    engine.persistence.read = (from, to) => {
      reads += 1;
      if (reads === 3) engine.replaceAfter(10, ...MANY);
      return read(from, to);
    };
    return app;
  }

  test('is refused while nothing has been sent', async () => {
    const { status, body } = await call(replaced(), 'GET', '/messages');
    expect([status, body.code]).toEqual([503, 'not-ready']);
  });

  test('is refused in a list of keys', async () => {
    const { engine, app } = node();
    engine.append(['a', 'b'].map((key) => ({ op: 'put', key, value: 'v' })));
    const read = engine.persistence.read.bind(engine.persistence);
    engine.persistence.read = (from, to) => {
      const chunk = read(from, to);
      if (from === 1) engine.replaceAfter(1, 'another');
      return chunk;
    };
    const { status, body } = await call(app, 'GET', '/kv');
    expect([status, body.code]).toEqual([503, 'not-ready']);
  });

  test.each(['/log?limit=3000', '/backup'])('is broken off in %s', async (path) => {
    await expect(call(replaced(), 'GET', path)).rejects.toThrow(/cut back/);
  });
});

describe('GET /log', () => {
  test('shows every kind of operation with the fields of the contract', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'put', key: 'k', value: 'v' }]);
    engine.append([{ op: 'remove', key: 'k' }], { committed: false });
    const { status, body } = await call(app, 'GET', '/log');
    expect(status).toBe(200);
    expect(logPage.safeParse(body).success).toBe(true);
    expect(body).toEqual({
      entries: [
        { ...place(1), op: 'append', message: 'a' },
        { ...place(2), op: 'put', key: 'k', value: 'v' },
        { ...place(3), op: 'remove', key: 'k' },
      ],
      lastIndex: 3,
      commitIndex: 2,
      next: null,
    });
  });

  test('what only replicas need is not shown', async () => {
    const { engine, app } = node();
    const more = { batch: 1, idempotencyKey: 'secret' };
    engine.persistence.append([{ ...place(1), op: 'append', message: 'a', ...more } as never]);
    const { body } = await call(app, 'GET', '/log');
    expect(body.entries).toEqual([{ ...place(1), op: 'append', message: 'a' }]);
  });

  test('pages: 1,000 by default, up to 10,000, from anywhere', async () => {
    const { engine, app } = node();
    engine.append(Array.from({ length: 10_001 }, (_, i) => ({ op: 'append', message: `${i}` })));
    const first = (await call(app, 'GET', '/log')).body;
    expect([first.entries.length, first.next]).toEqual([1_000, 1_001]);
    const most = (await call(app, 'GET', '/log?limit=10000')).body;
    expect([most.entries.length, most.next]).toEqual([10_000, 10_001]);
    const last = (await call(app, 'GET', '/log?from=10001')).body;
    expect([last.entries.length, last.next]).toEqual([1, null]);
    const beyond = (await call(app, 'GET', '/log?from=10002')).body;
    expect(beyond).toMatchObject({ entries: [], lastIndex: 10_001, next: null });
  });

  test('majority ends at the commit index', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'append', message: 'b' }], { committed: false });
    const { body } = await call(app, 'GET', '/log?read=majority');
    expect(body).toMatchObject({ lastIndex: 1, commitIndex: 1, next: null });
    expect(body.entries).toHaveLength(1);
  });

  test('one entry, or 404', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'append', message: 'b' }], { committed: false });
    expect((await call(app, 'GET', '/log/1')).body).toEqual({
      ...place(1),
      op: 'append',
      message: 'a',
    });
    expect((await call(app, 'GET', '/log/2')).status).toBe(200);
    for (const path of ['/log/0', '/log/3', '/log/9007199254740991', '/log/2?read=majority']) {
      const { status, body } = await call(app, 'GET', path);
      expect([path, status, body.code]).toEqual([path, 404, 'not-found']);
    }
  });
});

describe('GET /outcomes/:key', () => {
  test('where it is, and who has it; any printable key', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b', 'c');
    engine.keys.set('a/b %~', { first: logIndex(2), count: 2 });
    const { status, body } = await call(app, 'GET', `/outcomes/${encodeURIComponent('a/b %~')}`);
    expect(status).toBe(200);
    expect(body).toEqual({ state: 'stored', index: 2, acks: ['n1', 'n3'] });
  });

  test.each(['.', '..', 'a/b %~'])('%j may be asked for in the query', async (key) => {
    const { engine, app } = node();
    engine.messages('a', 'b', 'c');
    engine.keys.set(key, { first: logIndex(2), count: 2 });
    const query = new URLSearchParams({ idempotencyKey: key, read: 'majority' });
    const { status, body } = await call(app, 'GET', `/outcomes?${query}`);
    expect([status, body]).toEqual([200, { state: 'stored', index: 2, acks: ['n1', 'n3'] }]);
    const other = await call(app, 'GET', '/outcomes?idempotencyKey=...');
    expect([other.status, other.body.code]).toEqual([404, 'unknown-outcome']);
  });

  test('404 where it is not known, or not on a majority as asked', async () => {
    const { engine, app } = node();
    const unknown = await call(app, 'GET', '/outcomes/k');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'unknown-outcome']);
    engine.append([{ op: 'append', message: 'a' }], { committed: false });
    engine.keys.set('k', { first: logIndex(1), count: 1 });
    expect((await call(app, 'GET', '/outcomes/k')).status).toBe(200);
    expect((await call(app, 'GET', '/outcomes/k?read=majority')).status).toBe(404);
  });
});

/** Reads events from a stream, as many as asked for. */
class Reader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private text = '';

  constructor(response: Response) {
    this.reader = response.body!.getReader();
  }

  /** The next block of the stream; null at its end. */
  async block(): Promise<string | null> {
    while (!this.text.includes('\n\n')) {
      const { done, value } = await this.reader.read();
      if (done) return null;
      this.text += Buffer.from(value).toString();
    }
    const end = this.text.indexOf('\n\n');
    const block = this.text.slice(0, end);
    this.text = this.text.slice(end + 2);
    return block;
  }

  async ids(count: number): Promise<number[]> {
    const ids: number[] = [];
    while (ids.length < count) {
      const block = await this.block();
      if (block === null) break;
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      if (id !== undefined) ids.push(Number(id));
    }
    return ids;
  }

  leave(): Promise<void> {
    return this.reader.cancel();
  }
}

describe('GET /log as events', () => {
  const open = async (app: ReturnType<typeof createApp>, path = '/log', more = {}) => {
    const headers = { accept: 'text/event-stream', ...more };
    const response = await app.request(path, { headers });
    return { response, reader: new Reader(response) };
  };

  test('what is there, then what comes, each once and in order', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b\nid: 99');
    const { response, reader } = await open(app);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await reader.block()).toMatch(/^:/);
    expect(await reader.block()).toBe(
      `id: 1\ndata: ${JSON.stringify({ ...place(1), op: 'append', message: 'a' })}`,
    );
    expect(await reader.ids(1)).toEqual([2]);
    const next = reader.ids(1);
    await expect.poll(() => engine.listeners.size).toBe(1);
    engine.messages('c');
    expect(await next).toEqual([3]);
    await reader.leave();
  });

  test.each([
    ['Text/Event-Stream', true],
    ['application/json, text/event-stream;q=0.1', false],
    ['application/json;q=0.5, Text/Event-Stream; q=0.5', true],
    ['application/json;q=0.9;x=y, text/event-stream', true],
    ['application/json;q=0.9, text/event-stream;q=0.89', false],
    ['application/json;q=0, text/event-stream;q=0.001', true],
    ['text/event-stream, */*', true],
    ['text/event-stream;q=0.1, */*;q=1.000', true],
    ['application/json, text/event-stream', true],
    ['text/event-stream; charset=utf-8', true],
    ['text/event-stream;q=0', false],
    ['text/event-stream ; Q=0.000, */*', false],
    ['text/event-streams', false],
    ['*/*', false],
  ])('Accept: %s asks for them: %s', async (accept, streams) => {
    const { app } = node();
    const response = await app.request('/log', { headers: { accept } });
    const type = streams ? 'text/event-stream' : 'application/json';
    expect(response.headers.get('content-type')).toBe(type);
    await response.body?.cancel();
  });

  test('a dozen at a time are no leak that Node warns of', async () => {
    const warnings: string[] = [];
    const warned = ({ message }: Error) => warnings.push(message);
    process.on('warning', warned);
    const engine = new FakeEngine();
    const app = createApp(engine, { stopping: new AbortController().signal });
    const streams = await Promise.all(Array.from({ length: 12 }, () => open(app)));
    const first = streams.map(({ reader }) => reader.ids(1));
    await expect.poll(() => engine.listeners.size).toBe(12);
    engine.messages('a');
    expect(await Promise.all(first)).toEqual(streams.map(() => [1]));
    await Promise.all(streams.map(({ reader }) => reader.leave()));
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  test('resumes after Last-Event-ID, whatever `from` says', async () => {
    const { engine, app } = node();
    engine.append(Array.from({ length: 2_000 }, (_, i) => ({ op: 'append', message: `${i}` })));
    const { reader } = await open(app, '/log?from=1', { 'last-event-id': '1500' });
    expect(await reader.ids(500)).toEqual(Array.from({ length: 500 }, (_, i) => 1_501 + i));
    const from = await open(app, '/log?from=1999');
    expect(await from.reader.ids(2)).toEqual([1_999, 2_000]);
    await Promise.all([reader.leave(), from.reader.leave()]);
  });

  test('an empty Last-Event-ID is none', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b', 'c');
    const { reader } = await open(app, '/log?from=3', { 'last-event-id': '' });
    expect(await reader.ids(1)).toEqual([3]);
    await reader.leave();
  });

  test('majority holds back what may still be lost', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.append([{ op: 'append', message: 'b' }], { committed: false });
    const { reader } = await open(app, '/log?read=majority');
    expect(await reader.ids(1)).toEqual([1]);
    const next = reader.ids(2);
    await expect.poll(() => engine.listeners.size).toBe(1);
    engine.append([{ op: 'append', message: 'c' }], { committed: true });
    expect(await next).toEqual([2, 3]);
    await reader.leave();
  });

  test('a silent stream gets a comment now and then', async () => {
    const { app, beats } = node();
    const { reader } = await open(app);
    await reader.block();
    const comment = reader.block();
    await expect.poll(() => beats.length).toBe(1);
    beats[0]?.();
    expect(await comment).toBe(': still here');
    await reader.leave();
  });

  test('ends when the node stops, and leaves nothing behind', async () => {
    const { engine, app, stopping, beats } = node();
    const { reader } = await open(app);
    await reader.block();
    const end = reader.block();
    await expect.poll(() => engine.listeners.size).toBe(1);
    stopping.abort();
    expect(await end).toBeNull();
    expect([engine.listeners.size, beats.length]).toEqual([0, 0]);
  });

  test('a client that leaves while nothing happens leaves nothing behind', async () => {
    const { engine, app, beats } = node();
    const { reader } = await open(app);
    await reader.block();
    const waiting = reader.block();
    await expect.poll(() => engine.listeners.size).toBe(1);
    await reader.leave();
    expect(await waiting).toBeNull();
    expect([engine.listeners.size, beats.length]).toEqual([0, 0]);
  });

  test.each([
    ['shorter', []],
    ['as long', ['B', 'C']],
    ['longer', ['B', 'C', 'D']],
  ])('ends when a new master replaces what was sent by something %s', async (_, messages) => {
    const { engine, app } = node();
    engine.messages('a', 'b', 'c');
    const { reader } = await open(app);
    await reader.ids(3);
    const end = reader.block();
    await expect.poll(() => engine.listeners.size).toBe(1);
    engine.replaceAfter(1, ...messages);
    expect(await end).toBeNull();
    expect(engine.listeners.size).toBe(0);
  });

  test('ends before anything of a log that came while the old one was read', async () => {
    const { engine, app } = node();
    engine.messages(...Array.from({ length: 300 }, (_, i) => `${i}`));
    const { reader } = await open(app);
    await reader.ids(256);
    const read = engine.persistence.read.bind(engine.persistence);
    engine.persistence.read = (from, to) => {
      engine.replaceAfter(10, ...Array.from({ length: 300 }, () => 'another'));
      return read(from, to);
    };
    expect(await reader.block()).toBeNull();
  });

  test('breaks where the log cannot be read, and leaves nothing behind', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.persistence.read = () => {
      throw new Error('damaged');
    };
    for (let i = 0; i < 3; i += 1) {
      const { reader } = await open(app);
      await reader.block();
      await expect(reader.block()).rejects.toThrow();
    }
  });

  test('nothing is read before the client reads', async () => {
    const { engine, app } = node();
    engine.append(Array.from({ length: 5_000 }, (_, i) => ({ op: 'append', message: `${i}` })));
    let reads = 0;
    const read = engine.persistence.read.bind(engine.persistence);
    engine.persistence.read = (from, to) => {
      reads += 1;
      return read(from, to);
    };
    const { reader } = await open(app);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reads).toBe(0);
    await reader.ids(300);
    expect(reads).toBe(2);
    await reader.leave();
  });

  test('a client that leaves while it waits gives back one place, and no more', async () => {
    const { app } = node();
    const headers = { host: 'localhost', accept: 'text/event-stream' };
    for (let i = 0; i < 3; i += 1) {
      const response = await app.request('http://localhost/log', { headers });
      const reader = response.body!.getReader();
      await reader.read();
      const waiting = reader.read();
      await new Promise((resolve) => setImmediate(resolve));
      await reader.cancel();
      await waiting;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const opened = [await open(app), await open(app)];
    expect(opened.map(({ response }) => response.status)).toEqual([200, 200]);
    expect((await open(app)).response.status).toBe(503);
    await Promise.all(opened.map(({ reader }) => reader.leave()));
  });

  test('too many streams are refused until one ends', async () => {
    const { app } = node();
    const [first, second] = [await open(app), await open(app)];
    const third = await open(app);
    expect([third.response.status, await third.response.bodyUsed]).toEqual([503, false]);
    await first.reader.leave();
    const fourth = await open(app);
    expect(fourth.response.status).toBe(200);
    await Promise.all([second.reader.leave(), fourth.reader.leave()]);
  });

  test.each([
    ['/log?read=linearizable', {}],
    ['/log', { 'last-event-id': 'x' }],
    ['/log', { 'last-event-id': '-1' }],
  ])('%s %j is 400', async (path, headers) => {
    const { app } = node();
    expect((await open(app, path, headers)).response.status).toBe(400);
  });
});

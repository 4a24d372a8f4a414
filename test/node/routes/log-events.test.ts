import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { DamagedLog } from '../../../src/persistence/persistence.ts';
import { AT, FakeEngine } from '../fake-engine.ts';
import { readingNode as node } from './reading-node.ts';

const place = (index: number) => ({ index, epoch: 1, at: AT });

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

  /** How long the next pieces are, as they come. */
  async lengths(count: number): Promise<number[]> {
    const lengths: number[] = [];
    while (lengths.length < count) {
      const { value } = await this.reader.read();
      this.text += Buffer.from(value!).toString();
      lengths.push(value!.length);
    }
    return lengths;
  }

  /** What has come, and was not asked for yet. */
  get rest(): string {
    return this.text;
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

  test('a limit is for pages: it does not end a stream, and the document says so', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b', 'c');
    const { reader } = await open(app, '/log?limit=1');
    expect(await reader.ids(3)).toEqual([1, 2, 3]);
    await reader.leave();
    const document = (await (await app.request('/openapi.json')).json()) as {
      paths: Record<string, { get: { description: string } }>;
    };
    expect(document.paths['/log']?.get.description).toContain('`limit` is for pages');
  });

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
    // It did not come in one piece with what is on a majority, either.
    expect(reader.rest).toBe('');
    const next = reader.ids(2);
    await expect.poll(() => engine.listeners.size).toBe(1);
    engine.append([{ op: 'append', message: 'c' }], { committed: true });
    expect(await next).toEqual([2, 3]);
    await reader.leave();
  });

  test('where all that was next is compacted away, nothing empty is sent', async () => {
    const { engine, app } = node();
    engine.messages(...Array.from({ length: 300 }, (_, i) => `${i}`));
    const measure = engine.persistence.measure.bind(engine.persistence);
    engine.persistence.measure = (from, ...most) =>
      from === 1 ? { to: logIndex(256), count: 0, bytes: 0 } : measure(from, ...most);
    const { response, reader } = await open(app);
    expect(response.status).toBe(200);
    const lengths = await reader.lengths(2);
    expect(Math.min(...lengths)).toBeGreaterThan(0);
    expect(reader.rest).toMatch(/\nid: 257\n/);
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

  test('damage is told before the stream ends, and gives its place back', async () => {
    const { engine, app } = node();
    engine.messages('a');
    engine.persistence.read = () => {
      throw new DamagedLog('log-1.seg', 7, 'an entry that is wrong');
    };
    for (let i = 0; i < 3; i += 1) {
      const { reader } = await open(app);
      await reader.block();
      const [name, data] = (await reader.block())!.split('\n');
      expect(name).toBe('event: problem');
      const problem = JSON.parse(data!.replace('data: ', ''));
      expect(problem).toMatchObject({ status: 500, code: 'damaged-log', file: 'log-1.seg' });
      expect(await reader.block()).toBeNull();
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

  test('who asks for the head alone takes no place', async () => {
    const { app } = node();
    const headers = { accept: 'text/event-stream' };
    for (let i = 0; i < 3; i += 1) {
      const { status, body } = await app.request('/log', { method: 'HEAD', headers });
      expect([status, body]).toEqual([200, null]);
    }
    const { response, reader } = await open(app);
    expect(response.status).toBe(200);
    await reader.leave();
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

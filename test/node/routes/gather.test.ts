import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { gatheredLine } from '../../../src/node/api/success.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { call } from '../calls.ts';
import { FakeEngine } from '../fake-engine.ts';

const PATH = '/messages/gathered';

interface Line {
  readonly n: number;
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: Record<string, unknown>;
}

/** An engine whose writes are answered when the test says so. */
class SlowEngine extends FakeEngine {
  private readonly open = new Map<string, (outcome: Outcome) => void>();

  override write(write: Parameters<FakeEngine['write']>[0], signal?: AbortSignal) {
    this.writes.push(write);
    signal?.addEventListener('abort', () => {
      this.aborted += 1;
    });
    const [operation] = write.operations;
    const name = operation?.op === 'append' ? operation.message : '';
    return new Promise<Outcome>((resolve) => this.open.set(name, resolve));
  }

  answer(message: string, index: number): void {
    const at = logIndex(index);
    const acks = [nodeId('n1')];
    const stored: Outcome = { type: 'Stored', first: at, last: at, acks, duplicate: false };
    this.open.get(message)?.(stored);
  }
}

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function ask(engine: FakeEngine, appends: readonly object[], signal?: AbortSignal) {
  server = await startServer({ app: createApp(engine), port: 0, limits: { graceMs: 100 } });
  return fetch(`${server.url}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ appends }),
    ...(signal === undefined ? {} : { signal }),
  });
}

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

describe('G21: POST /messages/gathered', () => {
  test('each append keeps its own w, timeout and key', async () => {
    const engine = new FakeEngine();
    const response = await ask(engine, [
      { message: 'a', w: 1, idempotencyKey: 'k1' },
      { message: 'b', w: 'all', timeoutMs: 5 },
      { message: 'c' },
    ]);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = linesOf(await response.text());
    expect(lines.map((line) => gatheredLine.parse(line).n)).toEqual([0, 1, 2]);
    expect(lines.map(({ status, body }) => [status, body.index, body.w])).toEqual([
      [201, 1, 1],
      [201, 2, 'all'],
      [201, 3, 'majority'],
    ]);
    expect(engine.writes).toMatchObject([
      { w: 1, idempotencyKey: 'k1', batch: false },
      { w: 'all', timeoutMs: 5 },
      { w: 'majority' },
    ]);
    expect(engine.writes[2]!.idempotencyKey).toBeUndefined();
  });

  test('an append that waits holds up no other', async () => {
    const engine = new SlowEngine();
    const response = ask(engine, [{ message: 'a' }, { message: 'b' }]);
    await untilAsked(engine, 2);
    engine.answer('b', 2);
    const reader = (await response).body!.getReader();
    const text = new TextDecoder();
    const first = linesOf(text.decode((await reader.read()).value));
    expect(first.map(({ n, body }) => [n, body.index])).toEqual([[1, 2]]);
    engine.answer('a', 1);
    const second = linesOf(text.decode((await reader.read()).value));
    expect(second.map(({ n, body }) => [n, body.index])).toEqual([[0, 1]]);
    expect((await reader.read()).done).toBe(true);
  });

  test('a redirect keeps its address, a refusal its time', async () => {
    const engine = new FakeEngine();
    engine.outcome = { type: 'NotMaster', master: { node: nodeId('n2'), url: 'http://h:1' } };
    const redirected = await ask(engine, [{ message: 'a' }, { message: 'b' }]);
    const [line] = linesOf(await redirected.text());
    expect(line).toMatchObject({ status: 307, body: { code: 'not-master' } });
    expect(line?.headers?.location).toMatch(/^http:\/\/h:1\//);
    await server?.stop();
    engine.outcome = { type: 'Overloaded' };
    const refused = linesOf(await (await ask(engine, [{ message: 'a' }])).text());
    expect(refused[0]?.status).toBe(503);
    expect(Number(refused[0]?.headers?.['retry-after'])).toBeGreaterThan(0);
  });

  test('the client that leaves frees all its waiters', async () => {
    const engine = new SlowEngine();
    const leaving = new AbortController();
    const asked = ask(engine, [{ message: 'a' }, { message: 'b' }], leaving.signal);
    asked.catch(() => undefined);
    await untilAsked(engine, 2);
    leaving.abort();
    await expect.poll(() => engine.aborted).toBe(2);
  });

  test('without a server around the app the answer comes whole', async () => {
    const app = createApp(new FakeEngine());
    const response = await app.request(PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', host: 'localhost' },
      body: JSON.stringify({ appends: [{ message: 'a' }, { message: 'b' }] }),
    });
    expect(linesOf(await response.text()).map(({ n }) => n)).toEqual([0, 1]);
  });

  test.each([
    [{ appends: [] }],
    [{ appends: [{ message: 1 }] }],
    [{ appends: [{ message: 'a', extra: 1 }] }],
    [{ appends: [{ message: 'a', idempotencyKey: '' }] }],
    [{ appends: [{ message: 'a', w: 0 }] }],
    [{ appends: Array.from({ length: 1_001 }, () => ({ message: 'a' })) }],
  ])('G17 what is not valid is refused as a whole, and nothing is stored: %#', async (body) => {
    const engine = new FakeEngine();
    const answer = await call(createApp(engine), 'POST', PATH, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(engine.writes).toEqual([]);
  });
});

/** Resolves once the engine was asked for so many writes. */
async function untilAsked(engine: FakeEngine, count: number): Promise<void> {
  await expect.poll(() => engine.writes.length).toBe(count);
}

test('G21: an append that fails inside the node has an answer, too', async () => {
  const engine = new FakeEngine();
  vi.spyOn(engine, 'write').mockRejectedValueOnce(new Error('a mistake'));
  const answer = await ask(engine, [{ message: 'a' }, { message: 'b' }]);
  const lines = linesOf(await answer.text());
  expect(lines.map(({ n, status }) => [n, status]).sort()).toEqual([
    [0, 500],
    [1, 201],
  ]);
});

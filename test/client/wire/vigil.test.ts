// A connection on which nothing comes: where a machine or a network is gone, nobody says so.

import type { ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import { ReplogClient } from '../../../src/client/client.ts';
import { quickPace } from '../quick-pace.ts';
import { sendJson, startStub } from '../stub-server.ts';

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
}

function send(response: ServerResponse, index: number): void {
  const entry = { index, epoch: 1, at: '2024-01-01T00:00:00.000Z', op: 'append', message: 'm' };
  response.write(`id: ${index}\ndata: ${JSON.stringify(entry)}\n\n`);
}

const SECONDARY = { node: 'n2', role: 'secondary', lastIndex: 0 };

const fromOf = (path: string): number => Number(new URL(path, 'http://x').searchParams.get('from'));

/** Follows a node until `count` entries have come. */
async function follow(url: string, count: number): Promise<number[]> {
  const indexes: number[] = [];
  const client = new ReplogClient({ url, pace: quickPace() });
  for await (const { index } of client.follow({ silenceMs: 400 })) {
    indexes.push(index);
    if (indexes.length === count) break;
  }
  return indexes;
}

test('a stream that has gone silent is opened again behind what was seen', async () => {
  const last: (string | undefined)[] = [];
  const stub = await startStub(({ path, headers }, response) => {
    if (path === '/health') return sendJson(response, 200, SECONDARY);
    openStream(response);
    const from = fromOf(path);
    send(response, last.length === 0 ? 1 : from + 1);
    last.push(headers['last-event-id'] as string | undefined);
  });
  expect(await follow(stub.url, 3)).toEqual([1, 2, 3]);
  expect([last[0], last.at(-1)]).toEqual([undefined, '1']);
});

test.each(['/health', '/log?from=1'])(
  'so is a connection over which %s was asked for and never answered',
  async (silent) => {
    const asked: string[] = [];
    const stub = await startStub(({ path }, response) => {
      asked.push(path);
      const again = asked.filter((one) => one === path).length;
      // The first request opens the stream that breaks.
      if (path === silent && asked.length > 1 && again === (path === '/health' ? 1 : 2)) return;
      if (path === '/health') return sendJson(response, 200, SECONDARY);
      openStream(response);
      send(response, 1);
      if (asked.length === 1) response.end();
      else send(response, 2);
    });
    expect(await follow(stub.url, 2)).toEqual([1, 2]);
    expect(asked.filter((path) => path === silent).length).toBeGreaterThan(1);
  },
);

test('a node that is silent from the first is Unreachable', async () => {
  const { url } = await startStub(() => {});
  const entries = new ReplogClient({ url }).follow({ silenceMs: 30 });
  await expect(entries.next()).rejects.toMatchObject({ name: 'Unreachable', url });
});

test('without a word about it, silence may last for 45 seconds', async () => {
  let asked: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const { url } = await startStub(() => asked());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let outcome = 'still waiting';
    const first = new ReplogClient({ url }).follow().next();
    const over = first.catch(({ name }: Error) => {
      outcome = name;
    });
    await arrived;
    vi.advanceTimersByTime(44_999);
    await new Promise(setImmediate);
    expect(outcome).toBe('still waiting');
    vi.advanceTimersByTime(1);
    await over;
    expect(outcome).toBe('Unreachable');
  } finally {
    vi.useRealTimers();
  }
});

test('a comment is a sign of life', async () => {
  const stub = await startStub((_, response) => {
    openStream(response);
    let comments = 0;
    const timer = setInterval(() => {
      comments += 1;
      response.write(': still here\n\n');
      if (comments === 25) send(response, 1);
    }, 60);
    response.on('close', () => clearInterval(timer));
  });
  const entries = new ReplogClient({ url: stub.url }).follow({ silenceMs: 1_000 });
  expect(await entries.next()).toMatchObject({ value: { index: 1 } });
  expect(stub.hits).toHaveLength(1);
  await entries.return();
});

test('who takes long over an entry is not waited for in vain', async () => {
  const stub = await startStub((_, response) => {
    openStream(response);
    send(response, 1);
    stub.respond(() => {});
    stream = response;
  });
  let stream: ServerResponse | null = null;
  const entries = new ReplogClient({ url: stub.url }).follow({ silenceMs: 200 });
  await entries.next();
  await new Promise((resolve) => setTimeout(resolve, 300));
  send(stream!, 2);
  expect(await entries.next()).toMatchObject({ value: { index: 2 } });
  expect(stub.hits).toHaveLength(1);
  await entries.return();
});

import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type LogEntry, ReplogClient } from '../../../src/client/client.ts';
import { quickPace } from '../quick-pace.ts';
import {
  deadUrl,
  type Responder,
  type Stub,
  sendJson,
  sendProblem,
  startStub,
} from '../stub-server.ts';

function entry(index: number) {
  return { index, epoch: 1, at: '2024-01-01T00:00:00.000Z', op: 'append', message: `m${index}` };
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

function send(response: ServerResponse, ...indexes: number[]): void {
  const events = indexes.map((index) => `id: ${index}\ndata: ${JSON.stringify(entry(index))}\n\n`);
  response.write(events.join(''));
}

const SECONDARY = { node: 'n2', role: 'secondary', lastIndex: 0 };

function master(lastIndex: number, mode: 'read-write' | 'read-only') {
  return { node: 'n1', role: 'master', mode, lastIndex };
}

/** A stub that says how it is, the last state again and again; only other requests are counted. */
async function startNode(stream: Responder, states: unknown[] = [SECONDARY]): Promise<Stub> {
  let streams = 0;
  const told = [...states];
  const stub = await startStub((hit, response) => {
    if (hit.path === '/health') {
      sendJson(response, 200, told.length > 1 ? told.shift() : told[0]);
      return;
    }
    streams += 1;
    stream(hit, response, streams);
  });
  return stub;
}

const streamsOf = ({ hits }: Stub) => hits.filter(({ path }) => path !== '/health');

async function take(entries: AsyncIterable<LogEntry>, count: number): Promise<number[]> {
  const indexes: number[] = [];
  for await (const { index } of entries) {
    indexes.push(index);
    if (indexes.length === count) break;
  }
  return indexes;
}

/** Follows until it fails because entry 2 is another one. */
async function seenBeforeReplaced({ url }: Stub): Promise<number[]> {
  const entries = new ReplogClient({ url, pace: quickPace() }).follow();
  const seen: number[] = [];
  const following = async () => {
    for await (const { index } of entries) seen.push(index);
  };
  await expect(following()).rejects.toMatchObject({ name: 'LogReplaced', url, index: 2 });
  return seen;
}

test('a stream that breaks is resumed behind the last entry seen', async () => {
  const stub = await startNode((_, response, count) => {
    openStream(response);
    if (count === 1) {
      send(response, 2, 3, 4);
      response.write('id: 5\ndata: {"ind', () => response.destroy());
    } else if (count === 2) {
      response.end();
    } else {
      // A node may send more than it was asked for; nothing is seen twice.
      send(response, 3, 4, 5, 6);
    }
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  expect(await take(client.follow({ from: 3, signal: undefined }), 4)).toEqual([3, 4, 5, 6]);
  expect(streamsOf(stub).map((hit) => [hit.path, hit.headers['last-event-id']])).toEqual([
    ['/log?from=3', undefined],
    ['/log?from=4', '3'],
    ['/log?from=4', '3'],
  ]);
  expect(stub.hits[0]?.headers.accept).toBe('text/event-stream');
});

test.each(['epoch', 'at', 'message'])(
  'an entry that came in place of the last one seen is told (%s)',
  async (field) => {
    const stub = await startNode((_, response, count) => {
      openStream(response);
      if (count === 1) {
        send(response, 1, 2);
        response.end();
      } else {
        const other = { ...entry(2), [field]: field === 'epoch' ? 2 : 'another' };
        response.write(`id: 2\ndata: ${JSON.stringify(other)}\n\n`);
        send(response, 3);
      }
    });
    expect(await seenBeforeReplaced(stub)).toEqual([1, 2]);
  },
);

test('a log of an earlier epoch is another one, though what was seen is not there', async () => {
  const stub = await startNode((_, response, count) => {
    openStream(response);
    if (count === 1) {
      const later = { ...entry(2), epoch: 2 };
      response.end(`data: ${JSON.stringify(entry(1))}\n\ndata: ${JSON.stringify(later)}\n\n`);
    } else {
      send(response, 3);
    }
  });
  expect(await seenBeforeReplaced(stub)).toEqual([1, 2]);
});

test('a log that ends before the last entry seen, and takes writes, is another one', async () => {
  const stub = await startNode(
    (_, response) => {
      openStream(response);
      send(response, 1, 2);
      response.end();
    },
    [master(1, 'read-write')],
  );
  expect(await seenBeforeReplaced(stub)).toEqual([1, 2]);
  expect(streamsOf(stub)).toHaveLength(1);
});

test.each<[string, unknown[]]>([
  ['a master that still hears its members', [master(1, 'read-only'), master(2, 'read-write')]],
  ['a secondary', [SECONDARY]],
  ['a node without a role', [{ ...SECONDARY, role: null }]],
  ['a master that has it', [master(2, 'read-write')]],
  ['what has no health', [null]],
  ['what says nothing of its health', [undefined]],
  ['what answers in words', ['ok']],
])('%s may still get the last entry seen', async (_, states) => {
  const stub = await startNode((_, response, count) => {
    openStream(response);
    if (count === 1) {
      send(response, 1, 2);
      response.end();
    } else {
      send(response, 2, 3);
    }
  }, states);
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  expect(await take(client.follow(), 3)).toEqual([1, 2, 3]);
  expect(streamsOf(stub)).toHaveLength(2);
});

test('an entry may arrive in pieces, in the middle of a letter', async () => {
  const bytes = Buffer.from(`data: ${JSON.stringify({ ...entry(1), message: 'ü€' })}\n\n`);
  const stub = await startStub((_, response) => {
    openStream(response);
    const cut = bytes.indexOf('ü') + 1;
    response.write(bytes.subarray(0, cut), () => response.write(bytes.subarray(cut)));
  });
  for await (const seen of new ReplogClient({ url: stub.url }).follow()) {
    expect(seen).toMatchObject({ message: 'ü€' });
    break;
  }
});

test('the signal ends it without an error, and before entries that came together', async () => {
  const stub = await startStub((_, response) => {
    openStream(response);
    send(response, 1, 2, 3);
  });
  const controller = new AbortController();
  const seen: number[] = [];
  for await (const { index } of new ReplogClient({ url: stub.url }).follow(controller)) {
    seen.push(index);
    controller.abort();
  }
  expect(seen).toEqual([1]);
});

test('the signal ends it also while it is still connecting', async () => {
  const stub = await startStub(() => {});
  const controller = new AbortController();
  const end = new ReplogClient({ url: stub.url }).follow(controller).next();
  await stub.arrived(1);
  controller.abort();
  expect(await end).toEqual({ done: true, value: undefined });
});

test('an event that has a name is no entry', async () => {
  const stub = await startStub((_, response) => {
    openStream(response);
    response.write('event: status\ndata: Suspected\n\n');
    send(response, 1);
  });
  expect(await take(new ReplogClient({ url: stub.url }).follow(), 1)).toEqual([1]);
});

test.each(['{"ind', 'null', '17', '{"index":"2"}'])(
  '%s is no entry: whoever sends it is no node',
  async (data) => {
    const stub = await startStub((_, response) => {
      openStream(response);
      send(response, 1);
      response.write(`data: ${data}\n\n`);
    });
    const entries = new ReplogClient({ url: stub.url, pace: quickPace() }).follow();
    expect(await entries.next()).toMatchObject({ value: { index: 1 } });
    await expect(entries.next()).rejects.toMatchObject({ name: 'UnexpectedAnswer', status: 200 });
  },
);

test('the signal ends it also when the collector has run while it waited', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const stub = await startStub((_, response) => {
    openStream(response);
    send(response, 1);
  });
  const controller = new AbortController();
  const entries = new ReplogClient({ url: stub.url }).follow(controller);
  await entries.next();
  const end = entries.next();
  await new Promise((resolve) => setTimeout(resolve, 50));
  collect();
  controller.abort();
  expect(await end).toEqual({ done: true, value: undefined });
});

test('leaving the loop closes the connection', async () => {
  let closed: Promise<unknown> = Promise.reject(new Error('no connection was made'));
  closed.catch(() => {});
  const stub = await startStub((_, response) => {
    closed = new Promise((done) => response.on('close', done));
    openStream(response);
    send(response, 1);
  });
  await take(new ReplogClient({ url: stub.url }).follow(), 1);
  await closed;
});

test('a node that is down for a while is tried again with growing gaps', async () => {
  const pace = quickPace();
  const stub = await startNode((_, response, count) => {
    if (count === 1) {
      openStream(response);
      send(response, 1);
      response.end();
    } else if (count < 6) {
      sendProblem(response, 503, 'no-master');
    } else {
      openStream(response);
      send(response, 2);
    }
  });
  const client = new ReplogClient({ url: stub.url, pace });
  expect(await take(client.follow(), 2)).toEqual([1, 2]);
  expect(pace.pauses).toHaveLength(5);
  expect([...new Set(pace.pauses)].sort((a, b) => a - b)).toEqual(pace.pauses);
});

test('the gaps are short again once an entry has come', async () => {
  const pace = quickPace();
  const stub = await startNode((_, response, count) => {
    if (count > 1 && count < 5) {
      sendProblem(response, 503, 'no-master');
      return;
    }
    openStream(response);
    send(response, count);
    response.end();
  });
  const client = new ReplogClient({ url: stub.url, pace });
  expect(await take(client.follow(), 3)).toEqual([1, 5, 6]);
  expect(pace.pauses).toHaveLength(5);
  expect(pace.pauses[4]).toBe(pace.pauses[0]);
});

test('the first connection must succeed', async () => {
  const client = new ReplogClient({ url: await deadUrl() });
  await expect(take(client.follow(), 1)).rejects.toMatchObject({ name: 'Unreachable' });
});

test('a refusal is not retried', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 401, 'unauthorized'));
  const client = new ReplogClient({ url: stub.url });
  await expect(take(client.follow(), 1)).rejects.toMatchObject({ name: 'Unauthorized' });
  expect(stub.hits).toHaveLength(1);
});

test('nor is one after a break', async () => {
  const stub = await startNode((_, response, count) => {
    if (count > 1) return sendProblem(response, 401, 'unauthorized');
    openStream(response);
    send(response, 1);
    response.end();
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  await expect(take(client.follow(), 2)).rejects.toMatchObject({ name: 'Unauthorized' });
  expect(streamsOf(stub)).toHaveLength(2);
});

const DAMAGED = { status: 500, code: 'damaged-log', detail: 'There is damage.' };

function sendDamage(response: ServerResponse): void {
  response.end(`event: problem\ndata: ${JSON.stringify(DAMAGED)}\n\n`);
}

test('a log that cannot be read from the beginning is an error that says why', async () => {
  const stub = await startNode((_hit, response) => {
    openStream(response);
    sendDamage(response);
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  const following = take(client.follow({ signal: AbortSignal.timeout(10_000) }), 1);
  await expect(following).rejects.toMatchObject({ code: 'damaged-log', message: DAMAGED.detail });
  expect(streamsOf(stub)).toHaveLength(1);
});

test('where it cannot be read later on, it is asked for again until it is mended', async () => {
  const stub = await startNode((_hit, response, streams) => {
    openStream(response);
    if (streams === 1) send(response, 1);
    if (streams < 4) sendDamage(response);
    else send(response, 1, 2);
  });
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  expect(await take(client.follow(), 2)).toEqual([1, 2]);
  expect(streamsOf(stub)).toHaveLength(4);
});

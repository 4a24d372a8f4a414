import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import {
  InvalidIdempotencyKey,
  ProblemError,
  ReplogClient,
  UnexpectedAnswer,
  Unreachable,
} from '../../src/client/client.ts';
import { deadUrl, type Responder, sendJson, sendProblem, startStub } from './stub-server.ts';

test.each([
  ['health', (client: ReplogClient) => client.health()],
  ['list', (client: ReplogClient) => client.list()],
  ['get', (client: ReplogClient) => client.get('k')],
  ['setFaults', (client: ReplogClient) => client.setFaults({})],
  ['clearFaults', (client: ReplogClient) => client.clearFaults()],
  ['control', (client: ReplogClient) => client.control('n1', 'stop')],
])('B49: %s is sent once, whatever comes back', async (_, call) => {
  const stub = await startStub((_hit, response) => sendProblem(response, 500, 'internal'));
  await expect(call(new ReplogClient({ url: stub.url }))).rejects.toBeInstanceOf(ProblemError);
  stub.respond((_hit, response) =>
    sendProblem(response, 503, 'no-master', {}, { 'retry-after': '0' }),
  );
  await expect(call(new ReplogClient({ url: stub.url }))).rejects.toBeInstanceOf(ProblemError);
  expect(stub.hits).toHaveLength(2);
  stub.respond((_hit, response) => response.destroy());
  await expect(call(new ReplogClient({ url: stub.url }))).rejects.toBeInstanceOf(Unreachable);
  expect(stub.hits).toHaveLength(3);
});

test('a page asks for what it should hold', async () => {
  const empty = { messages: [], entries: [], items: [] };
  const stub = await startStub((_, response) => sendJson(response, 200, empty));
  const client = new ReplogClient({ url: stub.url });
  await client.list({ from: 3, limit: 2, read: 'majority' });
  await client.log({ from: 4 });
  await client.listKeys({ prefix: 'a b', after: 'a c', limit: 1 });
  expect(stub.hits.map((hit) => hit.path)).toEqual([
    '/messages?from=3&limit=2&read=majority',
    '/log?from=4',
    '/kv?prefix=a+b&after=a+c&limit=1',
  ]);
});

test('JSON of something that is not replog is no answer to anything', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, { hello: 'world' }));
  const client = new ReplogClient({ url: stub.url });
  const calls: readonly (() => Promise<unknown>)[] = [
    () => client.append('a'),
    () => client.appendBatch(['a']),
    () => client.put('a', 'b'),
    () => client.remove('a'),
    () => client.list(),
    () => client.log(),
    () => client.entry(1),
    () => client.story(1),
    () => client.outcome('k'),
    () => client.get('a'),
    () => client.listKeys(),
    () => client.health(),
    () => client.getFaults(),
    () => client.cluster(),
    () => client.output('n1'),
  ];
  const errors = await Promise.all(calls.map((call) => call().catch((error: unknown) => error)));
  expect(errors.filter((error) => !(error instanceof UnexpectedAnswer))).toEqual([]);
});

test('pages follow "next" to the end', async () => {
  const stub = await startStub(pageOf({ epoch: 1 }));
  const seen: string[] = [];
  for await (const page of new ReplogClient({ url: stub.url }).pages({ limit: 1 })) {
    seen.push(...page.messages);
  }
  expect(seen).toEqual(['m1', 'm2', 'm3']);
  // A node gives all that there is to whoever does not say how much.
  stub.hits.length = 0;
  await new ReplogClient({ url: stub.url }).pages().next();
  await new ReplogClient({ url: stub.url }).pages({ limit: undefined, read: 'majority' }).next();
  expect(stub.hits.map(({ path }) => path)).toEqual([
    '/messages?limit=1000',
    '/log/2',
    '/messages?limit=1000&read=majority',
    '/log/2?read=majority',
  ]);
});

/** A node with three messages, of which it shows one at a time. */
function pageOf(log: { epoch: number }): Responder {
  return (hit, response) => {
    const { pathname, searchParams } = new URL(hit.path, 'http://x');
    const from = Number(searchParams.get('from') ?? 1);
    const next = from < 3 ? from + 1 : null;
    const index = Number(pathname.split('/')[2]);
    const entry = { index, epoch: log.epoch, op: 'append', message: `m${index}` };
    const page = { messages: [`m${from}`], lastIndex: 3, next };
    sendJson(response, 200, pathname === '/messages' ? page : entry);
  };
}

test('pages end with LogReplaced where the log is not the one they began with', async () => {
  const log = { epoch: 1 };
  const stub = await startStub(pageOf(log));
  const pages = new ReplogClient({ url: stub.url }).pages({ limit: 1 });
  expect((await pages.next()).value?.messages).toEqual(['m1']);
  expect((await pages.next()).value?.messages).toEqual(['m2']);
  log.epoch = 2;
  const replaced = { name: 'LogReplaced', url: stub.url, index: 3 };
  await expect(pages.next()).rejects.toMatchObject(replaced);
  expect(await pages.next()).toEqual({ value: undefined, done: true });
});

test('so they do where the log ends before the next page', async () => {
  const stub = await startStub(pageOf({ epoch: 1 }));
  const pages = new ReplogClient({ url: stub.url }).pages({ limit: 1 });
  await pages.next();
  stub.respond((hit, response) => {
    const page = { messages: [], lastIndex: 1, next: null };
    if (hit.path.startsWith('/messages')) sendJson(response, 200, page);
    else sendProblem(response, 404, 'not-found');
  });
  const replaced = { name: 'LogReplaced', index: 2 };
  await expect(pages.next()).rejects.toMatchObject(replaced);
  // Also where that is seen before the first page is handed out.
  stub.respond((hit, response) => {
    if (hit.path.startsWith('/messages')) pageOf({ epoch: 1 })(hit, response, 0);
    else sendProblem(response, 404, 'not-found');
  });
  const more = new ReplogClient({ url: stub.url }).pages({ limit: 1 });
  await expect(more.next()).rejects.toMatchObject(replaced);
});

test('entries of a page that cannot be of one log are no page', async () => {
  const place = (index: number, epoch?: number) => ({ index, epoch, op: 'remove', key: 'k' });
  const answer = (...entries: object[]) => ({ entries, lastIndex: 9, commitIndex: 9, next: null });
  const stub = await startStub((_, response) => sendJson(response, 200, answer()));
  const client = new ReplogClient({ url: stub.url });
  for (const wrong of [
    [place(5, 2), place(6, 1)],
    [place(6, 1), place(5, 1)],
    [place(5, 1), place(5, 1)],
    [place(4, 1)],
    [{ epoch: 1 }],
  ]) {
    stub.respond((_, response) => sendJson(response, 200, answer(...wrong)));
    const refused = { name: 'UnexpectedAnswer', status: 200, url: stub.url };
    await expect(client.log({ from: 5 }), JSON.stringify(wrong)).rejects.toMatchObject(refused);
  }
  // What is between may have been compacted away, and a stub may have no epochs.
  for (const right of [
    [place(6, 1), place(9, 1), place(10, 3)],
    [place(5), place(6, 1), place(7)],
  ]) {
    stub.respond((_, response) => sendJson(response, 200, answer(...right)));
    expect((await client.log({ from: 5 })).entries).toHaveLength(3);
  }
});

test.each([1, 4, 5, 5.5, '6', {}])(
  'a page from 5 that leads to %j is nobody to follow for ever',
  async (next) => {
    const body = { messages: [], entries: [], lastIndex: 9, commitIndex: 9, next };
    const stub = await startStub((_, response) => sendJson(response, 200, body));
    const client = new ReplogClient({ url: stub.url });
    const refused = { name: 'UnexpectedAnswer', status: 200, url: stub.url };
    await expect(client.pages({ from: 5 }).next()).rejects.toMatchObject(refused);
    await expect(client.log({ from: 5 })).rejects.toMatchObject(refused);
    expect(stub.hits).toHaveLength(2);
  },
);

test('a page leads behind where it began, in the order of bytes if it is one of keys', async () => {
  const stub = await startStub((_, response) =>
    sendJson(response, 200, { messages: [], items: [], next: '\u{1f600}' }),
  );
  const client = new ReplogClient({ url: stub.url });
  // As UTF-16 the emoji comes first.
  expect((await client.listKeys({ after: '\u{ff5e}' })).next).toBe('\u{1f600}');
  for (const after of ['\u{1f600}', '\u{1f601}']) {
    const keys = client.listKeys({ after });
    await expect(keys).rejects.toMatchObject({ name: 'UnexpectedAnswer', url: stub.url });
  }
  stub.respond((_, response) => sendJson(response, 200, { messages: [], next: 1 }));
  await expect(client.list()).rejects.toMatchObject({ name: 'UnexpectedAnswer' });
  stub.respond((_, response) => sendJson(response, 200, { messages: [], next: 2 }));
  expect((await client.list()).next).toBe(2);
});

test('a read that only the master can serve is taken to it', async () => {
  const master = await startStub((_, response) => sendJson(response, 200, { messages: ['a'] }));
  const stub = await startStub((_, response) =>
    sendProblem(response, 307, 'not-master', { master: { node: 'n1', url: master.url } }),
  );
  const page = await new ReplogClient({ url: stub.url }).list({ read: 'linearizable' });
  expect(page.messages).toEqual(['a']);
  expect(master.hits[0]?.path).toBe('/messages?read=linearizable');
});

test('a node that is no master says who can prove a read current: that one is asked', async () => {
  const answer = { messages: ['a'], lastIndex: 1, next: null };
  const master = await startStub((_, response) => sendJson(response, 200, answer));
  const named = { master: { node: 'n1', url: `${master.url}/` } };
  const stub = await startStub((_, response) =>
    sendProblem(response, 503, 'not-linearizable', named),
  );
  const client = new ReplogClient({ url: stub.url });
  expect(await client.list({ read: 'linearizable' })).toEqual(answer);
  expect(master.hits.map(({ path }) => path)).toEqual(['/messages?read=linearizable']);
});

test.each(['it is the master itself', 'it names none', 'it has no URL'])(
  'a read that cannot be proved current is not asked again where %s',
  async (what) => {
    const stub = await startStub((_, response) => {
      const url = what === 'it has no URL' ? 'nowhere' : stub.url;
      const named = what === 'it names none' ? {} : { master: { node: 'n1', url } };
      sendProblem(response, 503, 'not-linearizable', named);
    });
    const read = new ReplogClient({ url: stub.url }).list({ read: 'linearizable' });
    await expect(read).rejects.toMatchObject({ code: 'not-linearizable' });
    expect(stub.hits).toHaveLength(1);
  },
);

test('nodes that take each other for the master are not asked for ever', async () => {
  const refuse = (url: string) => (_: unknown, response: ServerResponse) =>
    sendProblem(response, 503, 'not-linearizable', { master: { node: 'n', url } });
  const first = await startStub(() => {});
  const second = await startStub(refuse(first.url));
  first.respond(refuse(second.url));
  const read = new ReplogClient({ url: first.url }).list({ read: 'linearizable' });
  await expect(read).rejects.toMatchObject({ code: 'not-linearizable' });
  expect(first.hits.length + second.hits.length).toBe(4);
});

test('a key without a value is an answer, not an error', async () => {
  const body = { result: 'GetResult', id: '7', key: 'k', value: null };
  const stub = await startStub((_, response) => sendJson(response, 404, body));
  expect(await new ReplogClient({ url: stub.url }).get('k', { id: 7 })).toEqual(body);
  expect(stub.hits[0]?.path).toBe('/kv/k?id=7');
});

test('an unknown outcome and an absent entry are null', async () => {
  const stub = await startStub((hit, response) =>
    sendProblem(response, 404, hit.path.startsWith('/log') ? 'not-found' : 'unknown-outcome'),
  );
  const client = new ReplogClient({ url: stub.url });
  expect(await client.outcome('a/b')).toBeNull();
  expect(await client.entry(12)).toBeNull();
  expect(stub.hits.map((hit) => hit.path)).toEqual(['/outcomes/a%2Fb', '/log/12']);
});

test.each(['', 'ü', 'k'.repeat(129)])(
  'nothing is written with %j, which is no key, and its outcome is not asked for',
  async (key) => {
    const stub = await startStub((_, response) => sendProblem(response, 404, 'not-found'));
    const client = new ReplogClient({ url: stub.url });
    await expect(client.outcome(key)).rejects.toThrow(InvalidIdempotencyKey);
    const write = client.append('a', { idempotencyKey: key });
    await expect(write).rejects.toThrow(InvalidIdempotencyKey);
    expect(stub.hits).toEqual([]);
  },
);

test('outcomes of keys that cannot stand in a path are asked for in the query', async () => {
  const stub = await startStub((_, response) =>
    sendJson(response, 200, { state: 'stored', index: 1, acks: ['n1'] }),
  );
  const client = new ReplogClient({ url: stub.url });
  await client.outcome('.');
  await client.outcome('..', { read: 'majority' });
  await client.outcome('...');
  expect(stub.hits.map((hit) => hit.path)).toEqual([
    '/outcomes?idempotencyKey=.',
    '/outcomes?idempotencyKey=..&read=majority',
    '/outcomes/...',
  ]);
});

test('reads end with the abort reason of their signal', async () => {
  const stub = await startStub(() => {});
  const controller = new AbortController();
  const failed = new ReplogClient({ url: stub.url }).health({ signal: controller.signal });
  await stub.arrived(1);
  controller.abort(new Error('too slow'));
  await expect(failed).rejects.toThrow('too slow');
});

test('a read whose signal has aborted is not sent, with a time limit or without', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, {}));
  const signal = AbortSignal.abort(new Error('changed my mind'));
  for (const limit of [{}, { answerMs: 60_000 }]) {
    const client = new ReplogClient({ url: stub.url, ...limit });
    await expect(client.health({ signal })).rejects.toThrow('changed my mind');
  }
  expect(stub.hits).toEqual([]);
});

test('no timer and no listener is left behind a read, whatever became of it', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, {}));
  const { signal } = new AbortController();
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const rounds = async () => {
    for (const url of [stub.url, await deadUrl()]) {
      const client = new ReplogClient({ url, answerMs: 60_000 });
      for (let i = 0; i < 10; i += 1) await client.health({ signal }).catch(() => {});
    }
  };
  await rounds();
  const before = timers();
  await rounds();
  expect(timers()).toBeLessThan(before + 5);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('nobody there is Unreachable', async () => {
  const url = await deadUrl();
  await expect(new ReplogClient({ url }).health()).rejects.toMatchObject({
    name: 'Unreachable',
    url,
  });
});

test('the launcher is told what to do, and what it says of the node comes back', async () => {
  const node = { node: 'n2', role: 'secondary', url: 'http://x', pid: 7, state: 'running' };
  const stub = await startStub((_, response) => sendJson(response, 200, node));
  const client = new ReplogClient({ url: stub.url });
  expect(await client.control('n2', 'restart')).toEqual(node);
  expect(await client.addNode()).toEqual(node);
  stub.respond((_, response) => response.writeHead(204).end());
  expect(await client.control('n2', 'kill')).toBeNull();
  await client.removeNode('n2');
  expect(stub.hits.map((hit) => `${hit.method} ${hit.path}`)).toEqual([
    'POST /cluster/nodes/n2/restart',
    'POST /cluster/nodes',
    'POST /cluster/nodes/n2/kill',
    'DELETE /cluster/nodes/n2',
  ]);
});

test('of a launcher that says no more than the contract asks for, nobody is removed', async () => {
  const node = { node: 'n2', role: 'secondary', url: 'http://x', pid: 7, state: 'running' };
  const stub = await startStub((_, response) => sendJson(response, 200, { nodes: [node] }));
  expect(await new ReplogClient({ url: stub.url }).cluster()).toEqual({
    name: stub.url,
    nodes: [node],
    removed: [],
  });
});

test('echo brings back what was sent', async () => {
  const stub = await startStub((hit, response) => sendJson(response, 200, hit.json));
  const client = new ReplogClient({ url: stub.url });
  expect(await client.echo('ü')).toBe('ü');
  expect(await client.echo({ a: [1] })).toEqual({ a: [1] });
});

test('a silent node is unreachable when patience ends; a launcher may take its time', async () => {
  const stub = await startStub(() => {});
  const client = new ReplogClient({ url: stub.url, answerMs: 30 });
  const calls: readonly (() => Promise<unknown>)[] = [
    () => client.health(),
    () => client.echo('x'),
    () => client.setFaults({}),
    () => client.clearFaults(),
  ];
  for (const call of calls) {
    const failure = await call().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unreachable);
    expect(String(failure)).toContain('no answer within 30 ms');
  }
  stub.respond((_, response) => {
    setTimeout(() => sendJson(response, 200, { node: 'n3' }), 90);
  });
  await expect(client.addNode()).resolves.toEqual({ node: 'n3' });
});

test('an answer that has begun may take its time, until the caller goes', async () => {
  const slow = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"messages":');
  };
  const stub = await startStub((_, response) => {
    slow(response);
    setTimeout(() => response.end('[]}'), 600);
  });
  // So long that a busy machine begins its answer in time.
  const client = new ReplogClient({ url: stub.url, answerMs: 500 });
  expect(await client.list()).toEqual({ messages: [] });
  stub.respond((_, response) => slow(response));
  const controller = new AbortController();
  const refused = expect(client.list({ signal: controller.signal })).rejects.toThrow('enough');
  await stub.arrived(2);
  controller.abort(new Error('enough'));
  await refused;
});

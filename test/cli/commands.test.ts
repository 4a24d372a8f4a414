import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { register as append } from '../../src/cli/commands/append.ts';
import { register as echo } from '../../src/cli/commands/echo.ts';
import { register as health } from '../../src/cli/commands/health.ts';
import { register as kv } from '../../src/cli/commands/kv.ts';
import { register as list } from '../../src/cli/commands/list.ts';
import { register as outcome } from '../../src/cli/commands/outcome.ts';
import { deadUrl, type Hit, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';

const STORED = { index: 3, w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };

// No cluster of the machine that runs the tests may be found, and no colour of its terminal.
beforeEach(() => {
  vi.stubEnv('REPLOG_RUN_DIR', '/nonexistent');
  vi.stubEnv('REPLOG_URL', '');
  vi.stubEnv('REPLOG_TOKEN', '');
  vi.stubEnv('NO_COLOR', '1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('append: a line per message, in order, each with a key of its own', async () => {
  let index = 2;
  const stub = await startStub((_, response) => {
    index += 1;
    sendJson(response, 201, { ...STORED, index });
  });
  const ran = await runCommand(append, 'append', 'a', 'b', '--url', stub.url, '--key', 'k');
  expect(ran).toEqual({
    code: 0,
    out: '3  acks n1 n2 (w=majority, durable, 2 ms)\n4  acks n1 n2 (w=majority, durable, 2 ms)\n',
    err: '',
  });
  const sent = stub.hits.map((hit) => [hit.json, hit.headers['idempotency-key']]);
  expect(sent).toEqual([
    [{ message: 'a' }, 'k-1'],
    [{ message: 'b' }, 'k-2'],
  ]);
});

test('append: --w, --timeout, --key, the token, and --json', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, STORED));
  vi.stubEnv('REPLOG_URL', stub.url);
  vi.stubEnv('REPLOG_TOKEN', 'secret');
  const args = ['append', '--json', '--w', '2', '--timeout', '5s', '--key', 'k', '--', '-v'];
  const ran = await runCommand(append, ...args);
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.out)).toEqual(STORED);
  expect(stub.hits[0]?.json).toEqual({ message: '-v', w: 2, timeoutMs: 5_000 });
  expect(stub.hits[0]?.headers).toMatchObject({
    'idempotency-key': 'k',
    authorization: 'Bearer secret',
  });
});

test('append: a time limit that ran out is exit 4 and says where the message is', async () => {
  const stub = await startStub((_, response) =>
    sendProblem(response, 504, 'write-concern-timeout', { index: 7, w: 'all', acks: ['n1'] }),
  );
  const ran = await runCommand(append, 'append', 'a', '--url', stub.url);
  expect(ran.code).toBe(4);
  expect(ran.out).toBe('');
  expect(ran.err).toMatch(/^replog: timed out: stored as index 7, acks so far n1 .*goes on rep/);
  expect(ran.err).toMatch(/\nhint: .*replog health/);
});

function pipe(...chunks: string[]): void {
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as typeof process.stdin);
}

function sendBatch({ json }: Hit, response: ServerResponse, first: number): void {
  const count = (json as { messages: string[] }).messages.length;
  const { index: _, ...rest } = STORED;
  sendJson(response, 201, { first, last: first + count - 1, count, ...rest });
}

test('append -: the lines of the input in batches, each with a key of its own', async () => {
  let next = 4;
  const stub = await startStub((hit, response) => {
    sendBatch(hit, response, next);
    next += (hit.json as { messages: string[] }).messages.length;
  });
  pipe('a\nb\n', 'c\n');
  const ran = await runCommand(append, 'append', '-', '--w', 'all', '--url', stub.url);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toMatch(/^3 messages appended, from 4 to 6 \(2 batches, .*\)\n$/);
  expect(stub.hits.map((hit) => hit.json)).toEqual([
    { messages: ['a', 'b'], w: 'all' },
    { messages: ['c'], w: 'all' },
  ]);
  const keys = stub.hits.map((hit) => String(hit.headers['idempotency-key']));
  expect(keys.map((key) => key.slice(-2))).toEqual(['-1', '-2']);
  expect(new Set(keys.map((key) => key.slice(0, -2))).size).toBe(1);
});

test('append - --key: the same input falls into the same batches', async () => {
  const stub = await startStub((hit, response) => sendBatch(hit, response, 1));
  pipe('a\nb\n', 'c\n');
  const args = ['append', '-', '--key', 'k', '--json', '--url', stub.url];
  const ran = await runCommand(append, ...args);
  expect(stub.hits.map((hit) => hit.headers['idempotency-key'])).toEqual(['k-1']);
  const lines = ran.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([1, 2, 3].map((index) => ({ ...STORED, index })));
});

test('append -: what was stored before an error is said', async () => {
  const stub = await startStub((hit, response, count) =>
    count === 1
      ? sendBatch(hit, response, 1)
      : sendProblem(response, 504, 'write-concern-timeout', { first: 3, last: 3, acks: ['n1'] }),
  );
  pipe('a\nb\n', 'c\n', 'd\n');
  const ran = await runCommand(append, 'append', '-', '--url', stub.url);
  expect(ran.code).toBe(4);
  expect(ran.out).toMatch(/^2 messages appended/);
  expect(ran.err).toMatch(/stored as index 3/);
  expect(stub.hits).toHaveLength(2);
});

test('append -: Ctrl-C ends the wait for input', async () => {
  const input = new Readable({ read: () => void setImmediate(() => process.emit('SIGINT')) });
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as typeof process.stdin);
  const ran = await runCommand(append, 'append', '-', '--url', 'http://127.0.0.1:1');
  expect(ran).toMatchObject({ code: 130, out: '', err: 'replog: interrupted\n' });
});

test('append: Ctrl-C while the cluster keeps us waiting is exit 4 with the key', async () => {
  const stub = await startStub(() => void process.emit('SIGINT'));
  const ran = await runCommand(append, 'append', 'a', '--key', 'k9', '--url', stub.url);
  expect(ran.code).toBe(4);
  expect(ran.err).toMatch(/interrupted.*outcome unknown.*k9/);
});

test.each([
  ['nobody there', 3, /nothing answers at .*\nhint: .*`replog cluster`/s],
  ['no quorum', 1, /no quorum.*n2.*\nhint: /s],
])('append: %s is exit %d', async (what, code, said) => {
  const stub = await startStub((_, response) =>
    sendProblem(response, 503, 'no-quorum', { alive: 1, needed: 2, missing: ['n2'] }),
  );
  const url = what === 'nobody there' ? await deadUrl() : stub.url;
  const ran = await runCommand(append, 'append', 'a', '--url', url);
  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toMatch(said);
});

test.each([
  [['append']],
  [['append', 'a', '--w', '0']],
  [['append', 'a', '--timeout', '5']],
  [['append', 'a', '--key', 'ü', '--url', 'http://127.0.0.1:1']],
  [['append', 'a', '--url', 'nowhere']],
  [['append', 'a', '--nonsense']],
  [['append', '-', '-', '--url', 'http://127.0.0.1:1']],
  [['unknown']],
  [[]],
])('%j is exit 2', async (args) => {
  const ran = await runCommand(append, ...args);
  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(ran.err).not.toBe('');
});

test('help is exit 0 and shows examples', async () => {
  const ran = await runCommand(append, 'append', '--help');
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('$ replog append --w all --timeout 5s hello');
  expect((await runCommand(append, '--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('list: one message per line, page by page, foreign text cleaned', async () => {
  const stub = await startStub((hit, response) => {
    const second = hit.path.includes('from=2');
    const messages = second ? ['b\nc'] : ['a\u001b[2J'];
    sendJson(response, 200, { messages, lastIndex: 2, next: second ? null : 2 });
  });
  const text = await runCommand(list, 'list', '--url', stub.url);
  expect(text).toEqual({ code: 0, out: 'a␛[2J\nb␊c\n', err: '' });
  const json = await runCommand(list, 'list', '--url', stub.url, '--json');
  expect(json.out).not.toContain('\u001b');
  expect(JSON.parse(json.out)).toEqual({
    messages: ['a\u001b[2J', 'b\nc'],
    lastIndex: 2,
    next: null,
  });
});

test('list: NODE is looked up among the members', async () => {
  const n2 = await startStub((_, response) =>
    sendJson(response, 200, { messages: ['of n2'], lastIndex: 1, next: null }),
  );
  const n1 = await startStub((_, response) =>
    sendJson(response, 200, {
      ...MASTER,
      members: [member('n1', 'master', 'http://x'), member('n2', 'secondary', n2.url)],
    }),
  );
  expect((await runCommand(list, 'list', 'n2', '--url', n1.url)).out).toBe('of n2\n');
  expect((await runCommand(list, 'list', 'secondary', '--url', n1.url)).out).toBe('of n2\n');
  expect((await runCommand(list, 'list', n2.url, '--url', n1.url)).out).toBe('of n2\n');
  expect(await runCommand(list, 'list', 'n7', '--url', n1.url)).toMatchObject({ code: 2 });
  expect(await runCommand(list, 'list', 'all', '--url', n1.url)).toMatchObject({ code: 2 });
});

test('list --follow prints messages as they come, and leaves keys out', async () => {
  const stub = await startStub((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const entries = [
      { index: 5, op: 'append', message: 'a' },
      { index: 6, op: 'put', key: 'k', value: 'v' },
      { index: 7, op: 'append', message: 'b' },
    ];
    response.write(entries.map((entry) => `data: ${JSON.stringify(entry)}\n\n`).join(''));
  });
  const args = ['list', '--follow', '--from', '5', '--limit', '2', '--url', stub.url];
  expect(await runCommand(list, ...args)).toEqual({ code: 0, out: 'a\nb\n', err: '' });
  const json = (await runCommand(list, ...args, '--json')).out.trim().split('\n');
  expect(json.map((line) => JSON.parse(line).index)).toEqual([5, 7]);
});

function member(node: string, role: string, url: string) {
  return {
    node,
    role,
    url,
    status: role === 'master' ? 'Healthy' : 'Suspected',
    since: '2024-01-01T00:00:00.000Z',
    lastHeartbeatMs: 212.4,
    ackedIndex: 7,
    lagEntries: role === 'master' ? 0 : 5,
    lagMs: 1_200,
    attempts: 3,
    retryInMs: role === 'master' ? null : 400,
    lastError: role === 'master' ? null : 'refused\u001b[31m',
  };
}

const MASTER = {
  node: 'n1',
  role: 'master',
  epoch: 2,
  mode: 'read-write',
  reason: null,
  lastIndex: 12,
  commitIndex: 7,
  quorum: { size: 2, needed: 2, alive: 2 },
  members: [member('n1', 'master', 'http://x'), member('n2', 'secondary', 'http://y')],
};

test('health: a table, and the answer itself as JSON', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, MASTER));
  const { code, out } = await runCommand(health, 'health', '--url', stub.url);
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    'master n1: read-write, epoch 2, 2 of 2 alive, 2 needed, last index 12, on a majority up to 7',
    '',
    'NODE  ROLE       STATUS     ACKED        LAG  LAST HEARTBEAT  RETRY         LAST ERROR',
    'n1    master     Healthy        7          0  -               -             -',
    'n2    secondary  Suspected      7  5 (1.2 s)  212 ms ago      #3 in 400 ms  refused␛[31m',
    '',
  ]);
  const json = await runCommand(health, 'health', '--json', '--url', stub.url);
  expect(JSON.parse(json.out)).toEqual(MASTER);
});

test('health of a secondary goes on to its master', async () => {
  const master = await startStub((_, response) => sendJson(response, 200, MASTER));
  const stub = await startStub((_, response) =>
    sendJson(response, 200, {
      node: 'n2',
      role: 'secondary',
      epoch: 2,
      master: { node: 'n1', url: master.url },
      lastIndex: 7,
      commitIndex: 7,
      status: 'ok',
    }),
  );
  const alive = await runCommand(health, 'health', '--url', stub.url);
  expect(alive.out).toMatch(/^secondary n2: ok, follows n1 .*\nmaster n1: read-write/);
  await master.close();
  const alone = await runCommand(health, 'health', '--url', stub.url);
  expect(alone).toMatchObject({ code: 0 });
  expect(alone.out).toMatch(/^secondary n2: ok.*\nnothing answers at/);
});

test('health --watch shows what is wrong and goes on until it is told to stop', async () => {
  const stub = await startStub((_, response, count) => {
    if (count === 2) return sendProblem(response, 503, 'broken');
    sendJson(response, 200, MASTER);
    if (count === 3) process.emit('SIGINT');
  });
  const args = ['health', '--watch', '--json', '--interval', '1ms', '--url', stub.url];
  const ran = await runCommand(health, ...args);
  expect(ran.code).toBe(0);
  const lines = ran.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ node: 'n1' });
  expect(lines[1]).toEqual({ error: 'broken' });
});

test('echo measures round trips', async () => {
  const stub = await startStub((hit, response) => sendJson(response, 200, hit.json));
  const text = await runCommand(echo, 'echo', 'h\u202ei', '--count', '3', '--url', stub.url);
  expect(text.code).toBe(0);
  expect(text.out).toMatch(/^h⟨U\+202E⟩i\n3 round trips to http.*min\/avg\/max [\d.]+ ms \/ /);
  expect(stub.hits).toHaveLength(3);
  const json = JSON.parse((await runCommand(echo, 'echo', 'x', '--json', '--url', stub.url)).out);
  expect(json).toMatchObject({ text: 'x', count: 1 });
  expect(json.minMs).toBe(json.maxMs);
});

test('outcome: stored where, or exit 1', async () => {
  const stub = await startStub((_, response) =>
    sendJson(response, 200, { state: 'stored', index: 4, acks: ['n1'] }),
  );
  const found = await runCommand(outcome, 'outcome', 'a b', '--url', stub.url);
  expect(found).toEqual({ code: 0, out: 'stored at 4  acks n1\n', err: '' });
  expect(stub.hits[0]?.path).toBe('/outcomes/a%20b');
  stub.respond((_, response) => sendProblem(response, 404, 'unknown-outcome'));
  const none = await runCommand(outcome, 'outcome', 'k', '--url', stub.url);
  expect(none).toMatchObject({ code: 1, out: '' });
  expect(none.err).toMatch(/no write with the key k/);
});

test('kv put and rm say where the operation stands', async () => {
  const ack = { result: 'OperationAck', id: '7', key: 'a/b', index: 5, acks: ['n1'], ms: 3 };
  const stub = await startStub((_, response) => sendJson(response, 200, ack));
  const at = ['--url', stub.url];
  const put = await runCommand(kv, 'kv', 'put', 'a/b', 'v', '--id', '7', '--if-match', '4', ...at);
  expect(put).toEqual({ code: 0, out: '5  acks n1 (3 ms)\n', err: '' });
  expect(stub.hits[0]).toMatchObject({ path: '/kv/a%2Fb', json: { value: 'v', id: '7' } });
  expect(stub.hits[0]?.headers['if-match']).toBe('"4"');
  const rm = await runCommand(kv, 'kv', 'rm', '__proto__', '--json', '--if-none-match', ...at);
  expect(JSON.parse(rm.out)).toEqual(ack);
  expect(stub.hits[1]).toMatchObject({ method: 'DELETE', path: '/kv/__proto__' });
  expect(stub.hits[1]?.headers['if-none-match']).toBe('*');
});

test('kv put that is not acknowledged in time is exit 4', async () => {
  const stub = await startStub((_, response) =>
    sendProblem(response, 504, 'operation-failed', { key: 'k', index: 5, acks: ['n1'] }),
  );
  const ran = await runCommand(kv, 'kv', 'put', 'k', 'v', '--url', stub.url);
  expect(ran.code).toBe(4);
  expect(ran.err).toMatch(/stored as index 5/);
});

test('kv get prints the value alone; an absent key is exit 1', async () => {
  const found = { result: 'GetResult', id: null, key: 'k', value: 'v\u0007', index: 3 };
  const stub = await startStub((_, response) => sendJson(response, 200, found));
  expect(await runCommand(kv, 'kv', 'get', 'k', '--url', stub.url)).toEqual({
    code: 0,
    out: 'v␇\n',
    err: '',
  });
  const absent = { result: 'GetResult', id: null, key: 'k', value: null };
  stub.respond((_, response) => sendJson(response, 404, absent));
  const none = await runCommand(kv, 'kv', 'get', 'k', '--url', stub.url);
  expect(none).toMatchObject({ code: 1, out: '' });
  expect(none.err).toBe('replog: the key "k" has no value\n');
  const json = await runCommand(kv, 'kv', 'get', 'k', '--json', '--url', stub.url);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toEqual(absent);
});

test.each(['get', 'rm', 'put'])('kv %s refuses "." and ".." with exit 2', async (verb) => {
  for (const key of ['.', '..']) {
    const value = verb === 'put' ? ['v'] : [];
    const ran = await runCommand(kv, 'kv', verb, key, ...value, '--url', 'http://127.0.0.1:1');
    expect(ran).toMatchObject({ code: 2, out: '' });
  }
});

test('kv list goes through the pages', async () => {
  const stub = await startStub((hit, response) =>
    hit.path.includes('after=')
      ? sendJson(response, 200, { items: [{ key: 'b', value: 'y', index: 2 }], next: null })
      : sendJson(response, 200, { items: [{ key: 'a', value: 'x', index: 10 }], next: 'a' }),
  );
  const text = await runCommand(kv, 'kv', 'list', 'p', '--url', stub.url);
  expect(text.out).toBe('KEY  INDEX  VALUE\na       10  x\nb        2  y\n');
  expect(stub.hits.map((hit) => hit.path)).toEqual([
    '/kv?prefix=p&limit=1000',
    '/kv?prefix=p&after=a&limit=1000',
  ]);
  const limited = await runCommand(kv, 'kv', 'list', '--limit', '1', '--json', '--url', stub.url);
  expect(JSON.parse(limited.out)).toEqual({
    items: [{ key: 'a', value: 'x', index: 10 }],
    next: 'a',
  });
});

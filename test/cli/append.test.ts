import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { register as append } from '../../src/cli/commands/append.ts';
import { register as kv } from '../../src/cli/commands/kv.ts';
import { deadUrl, type Hit, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

const STORED = { index: 3, w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };

isolate();

test('append: a value that is refused is named by its option', async () => {
  const ran = await runCommand(append, 'append', 'm', '--w', '0');
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('replog: --w: "0" is not a write concern\n');
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
  // What is left of the time limit when the request leaves.
  const { timeoutMs, ...rest } = stub.hits[0]!.json as { readonly timeoutMs: number };
  expect(rest).toEqual({ message: '-v', w: 2 });
  expect(timeoutMs).toBeGreaterThan(4_000);
  expect(timeoutMs).toBeLessThanOrEqual(5_000);
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

function pipe(...chunks: (string | Buffer)[]): void {
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk as string)));
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
  expect(ran.err).toMatch(
    /^replog: the first 2 lines are stored, the last at index 2; it stopped at line 3\n/,
  );
  expect(ran.err).toMatch(/stored as index 3/);
  expect(stub.hits).toHaveLength(2);
});

test('append -: input that is not text is named by its line, after what was stored', async () => {
  const stub = await startStub((hit, response) => sendBatch(hit, response, 1));
  pipe('a\n', 'b\n\ufffe\n', Buffer.of(0x63, 0xff, 0x0a));
  const ran = await runCommand(append, 'append', '-', '--url', stub.url);
  expect(ran.code).toBe(2);
  expect(ran.err).toContain('the first 3 lines are stored');
  expect(ran.err).toMatch(/line 4 of the input is not UTF-8 text\nhint: convert it/);
});

test('append -: the lines before a bad one are appended though they came with it', async () => {
  const stub = await startStub((hit, response) => sendBatch(hit, response, 1));
  pipe(Buffer.from('a\nb\nc\xff\nd\n', 'latin1'));
  const ran = await runCommand(append, 'append', '-', '--url', stub.url);
  expect(ran.code).toBe(2);
  expect(ran.out).toMatch(/^2 messages appended, from 1 to 2 /);
  expect(ran.err).toContain(
    'the first 2 lines are stored, the last at index 2; it stopped at line 3',
  );
  expect(ran.err).toContain('line 3 of the input is not UTF-8 text');
  expect(stub.hits.map(({ json }) => json)).toEqual([{ messages: ['a', 'b'] }]);
});

test('append -: a refusal of the first batch says that nothing is stored', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 503, 'overloaded'));
  pipe('a\nb\n', 'c\n');
  const ran = await runCommand(append, 'append', '-', '--timeout', '1ms', '--url', stub.url);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(/^replog: it stopped at lines 1 to 2, and stored nothing before\n/);
});

test('append - --key: what was stored earlier is not said to be appended', async () => {
  const stub = await startStub(({ json }, response) => {
    const { length: count } = (json as { messages: string[] }).messages;
    const { index: _, ...rest } = STORED;
    sendJson(response, 200, { first: 1, last: count, count, ...rest, duplicate: true });
  });
  pipe('a\nb\n');
  const ran = await runCommand(append, 'append', '-', '--key', 'k', '--url', stub.url);
  expect(ran.out).toMatch(
    /^2 messages stored earlier under this key, nothing appended, from 1 to 2 \(/,
  );
});

test('append -: Ctrl-C ends the wait for input', async () => {
  const input = new Readable({
    read: () => void setImmediate(() => process.emit('SIGINT', 'SIGINT')),
  });
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as typeof process.stdin);
  const ran = await runCommand(append, 'append', '-', '--url', 'http://127.0.0.1:1');
  expect(ran).toMatchObject({ code: 130, out: '', err: 'replog: interrupted\n' });
});

test('append: Ctrl-C while the cluster keeps us waiting is exit 4 with the key', async () => {
  const stub = await startStub(() => void process.emit('SIGINT', 'SIGINT'));
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

test('the hint about a URL that is none does not send anybody there', async () => {
  const ran = await runCommand(append, 'append', 'a', '--url', 'nowhere');
  expect(ran.err).toMatch(/\nhint: .*`replog ps` shows the URLs of what runs\n$/);
});

test('the hint about an unknown command names what lists the commands', async () => {
  const ran = await runCommand([append, kv], 'nonsense');
  expect(ran.err).toBe(
    "replog: unknown command 'nonsense'\nhint: `replog --help` lists all commands\n",
  );
  expect((await runCommand([append, kv], '--no-color', 'kv', 'nonsense')).err).toMatch(
    /\nhint: `replog kv --help` lists all commands\n$/,
  );
});

test.each([
  [['status'], '`replog health` shows every member, `replog ps` the processes; `replog --help`'],
  [['top', '--help'], '`replog dashboard` shows the cluster, and `l` there what a node says; '],
  [['version'], '`replog --version` says which one this is; `replog --help` lists all commands'],
  [['kv', 'set', 'a', 'b'], '`replog kv put` writes a key; `replog kv --help` lists all commands'],
])('%j: a word of other programs is led to what does it here', async (args, hint) => {
  const { code, err } = await runCommand([append, kv], ...args);
  expect(code).toBe(2);
  const word = args.find((arg) => arg !== 'kv')!;
  expect(err).toMatch(new RegExp(`^replog: unknown command '${word}'\n`));
  expect(err).toContain(`\nhint: ${hint}`);
});

test.each([
  [['nonsense', '--help'], 'nonsense', '', '`replog --help`'],
  [['--no-color', '-h', 'nonsense'], 'nonsense', '', '`replog --help`'],
  [['help', 'appent'], 'appent', ' (Did you mean append?)', '`replog --help`'],
  [['kv', 'pit', '--help'], 'pit', ' (Did you mean put?)', '`replog kv --help`'],
])('%j: there is no help for a command that does not exist', async (args, name, like, help) => {
  const said = `replog: unknown command '${name}'${like}\nhint: ${help} lists all commands\n`;
  expect(await runCommand([append, kv], ...args)).toEqual({ code: 2, out: '', err: said });
});

test.each([
  [['--help']],
  [['help']],
  [['help', 'kv', 'put']],
  [['kv', '--help']],
  [['kv', 'help']],
])('%j is help', async (args) => {
  const ran = await runCommand([append, kv], ...args);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('Usage: replog');
});

test('help of a command in a group is its own', async () => {
  const { out } = await runCommand([append, kv], 'help', 'kv', 'put');
  expect(out).toContain('Usage: replog kv put');
});

test('a word that goes on and on is cut where it is refused', async () => {
  const { code, err } = await runCommand([append, kv], 'append', '--w', 'x'.repeat(5_000), 'a');
  expect(code).toBe(2);
  expect(err).toMatch(/^replog: --w: "x{99}…" is not a write concern\n/);
  const unknown = await runCommand([append, kv], 'y'.repeat(5_000));
  expect(unknown.err).toMatch(/^replog: unknown command 'y{99}…'\n/);
});

test('help is exit 0 and shows examples', async () => {
  const ran = await runCommand(append, 'append', '--help');
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(ran.out).toContain('$ replog append --w all --timeout 5s hello');
  expect((await runCommand(append, '--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

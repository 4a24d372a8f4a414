import { expect, test } from 'vitest';
import { register as kv } from '../../src/cli/commands/kv.ts';
import { sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

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

test('kv put that is not acknowledged in time is exit 4; --json tells of it', async () => {
  const failed = { result: 'OperationFailed', id: '7', key: 'k', index: 5, acks: ['n1'] };
  const stub = await startStub((_, response) =>
    sendProblem(response, 504, 'operation-failed', failed),
  );
  const ran = await runCommand(kv, 'kv', 'put', 'k', 'v', '--url', stub.url);
  expect(ran).toMatchObject({ code: 4, out: '' });
  expect(ran.err).toMatch(/stored as index 5/);
  const json = await runCommand(kv, 'kv', 'rm', 'k', '--json', '--url', stub.url);
  expect([json.code, JSON.parse(json.out), json.err]).toEqual([4, failed, ran.err]);
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
  expect(none.err).toMatch(/^replog: the key "k" has no value\nhint: `replog kv list .*\n$/);
  const json = await runCommand(kv, 'kv', 'get', 'k', '--json', '--url', stub.url);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toEqual(absent);
});

test('kv get sends the id along, and --json shows the one that comes back', async () => {
  const found = { result: 'GetResult', id: 'a 7', key: 'k', value: 'v', index: 3 };
  const stub = await startStub((_, response) => sendJson(response, 200, found));
  const at = ['--id', 'a 7', '--url', stub.url];
  const json = await runCommand(kv, 'kv', 'get', 'k', '--json', ...at);
  expect(JSON.parse(json.out)).toEqual(found);
  expect(stub.hits[0]?.path).toBe('/kv/k?id=a+7');
  expect((await runCommand(kv, 'kv', 'get', 'k', ...at)).out).toBe('v\n');
});

test.each(['get', 'rm', 'put'])('kv %s refuses "." and ".." with exit 2', async (verb) => {
  for (const key of ['.', '..']) {
    const value = verb === 'put' ? ['v'] : [];
    const ran = await runCommand(kv, 'kv', verb, key, ...value, '--url', 'http://127.0.0.1:1');
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toContain(`"${key}" cannot be a key`);
    expect(ran.err).toContain('hint: a key is 1 to 1,024 bytes');
  }
});

test.each(['get', 'rm', 'put'])('kv %s: a key of 1,025 bytes is exit 2', async (verb) => {
  const value = verb === 'put' ? ['v'] : [];
  const at = ['--url', 'http://127.0.0.1:1'];
  const ran = await runCommand(kv, 'kv', verb, `${'é'.repeat(512)}x`, ...value, ...at);
  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(ran.err).toMatch(/^replog: a key of 1025 bytes is too long: 1024 are the most\nhint: /);
  const longest = await runCommand(kv, 'kv', verb, 'é'.repeat(512), ...value, ...at);
  expect(longest.code).toBe(3);
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

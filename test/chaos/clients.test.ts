// What a client of chaos takes an answer for: only a refusal that names its reason is one.

import { expect, test } from 'vitest';
import type { Arena } from '../../src/chaos/arena.ts';
import { read, write } from '../../src/chaos/clients.ts';
import { Coverage } from '../../src/chaos/coverage.ts';
import { parseRecord } from '../../src/check/history/history-line.ts';
import { ReplogClient } from '../../src/client/client.ts';

type Answer = () => Response | Promise<Response>;

const problem = (status: number, body: object): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
const failing =
  (code: string): Answer =>
  () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
  };

/** An arena with 100 entries that are none of chaos's, in which all requests are answered so. */
function arena(answer: Answer, lives: (string | null)[] = ['n1#1']) {
  const lines: object[] = [];
  const client = new ReplogClient({
    ...{ url: 'http://127.0.0.1:1', retryForMs: 0, fetch: async () => answer() },
  });
  const parts = {
    ...{ master: 'n1', base: 100, size: 3, coverage: new Coverage(), now: () => 7 },
    ...{ recording: { add: (line: object) => lines.push(line) } },
    ...{ writerAt: () => client, clientOf: () => client },
    lifeOf: () => (lives.length > 1 ? lives.shift() : lives[0]),
  };
  return { lines, arena: parts as unknown as Arena };
}

const order = (...messages: string[]) => ({
  ...{ client: 'w', via: 'n2', idempotencyKey: 'k', w: 2, timeoutMs: 50, retryForMs: 0 },
  operations: messages.map((message) => ({ op: 'append' as const, message })),
});

test.each([
  ['no majority', () => problem(503, { code: 'no-quorum' }), { outcome: 'refused' }],
  ['nobody there', failing('ECONNREFUSED'), { outcome: 'refused', code: 'unreachable' }],
  ['broken off', failing('ECONNRESET'), { outcome: 'unknown', code: 'unanswered' }],
  ['an internal error', () => problem(500, { code: 'internal' }), { outcome: 'unknown' }],
  [
    'a write concern that was not met in time',
    () => problem(504, { code: 'write-concern-timeout', index: 105, acks: ['n1'] }),
    { outcome: 'unknown', acks: ['n1'], first: 5, last: 5 },
  ],
])('of a write: %s', async (_, answer, heard) => {
  const { arena: here, lines } = arena(answer);
  expect(await write(here, order('m'))).toMatchObject({ node: 'n2', ...heard });
  expect(lines).toMatchObject([{ type: 'write', order: { via: 'n2' }, ...heard }]);
});

test('what was stored stands where it does without what was there before', async () => {
  const body = { index: 103, epoch: 1, acks: ['n1', 'n2'], durable: true, ms: 1 };
  const { arena: here } = arena(() => Response.json(body, { status: 201 }));
  const record = await write(here, order('m'));
  expect(record).toMatchObject({ outcome: 'ok', node: 'n1', first: 3, last: 3 });
  expect(record).not.toHaveProperty('duplicate');
});

test.each([
  ['names itself first', true, ['n3', 'n2'], 'n3'],
  ['is the one that is known', true, ['n2', 'n1'], 'n1'],
  ['cannot have changed', false, ['n3', 'n2'], 'n1'],
])('who has answered a write: the master %s', async (_, failover, acks, node) => {
  const body = { index: 103, epoch: 1, acks, durable: true, ms: 1 };
  const { arena: here } = arena(() => Response.json(body, { status: 201 }));
  const introduced: string[] = [];
  here.failover = failover;
  here.introduce = async (who) => void introduced.push(who);
  expect(await write(here, order('m'))).toMatchObject({ outcome: 'ok', acks, node });
  // What it is stands in the record before what it says.
  expect(introduced).toEqual(node === 'n1' ? [] : [node]);
});

test.each([
  ['a write', { index: 103, acks: ['n3', 'n2'], durable: true, ms: 1 }],
  ['a page', { entries: [], lastIndex: 103, commitIndex: 103, next: null }],
  ['a value', { result: 'GetResult', key: 'k', value: 'v', index: 103 }],
])('what %s says is heard when its master is known: the record ends then', async (what, body) => {
  let clock = 0;
  const { arena: here, lines } = arena(() => Response.json({ epoch: 1, ...body }));
  Object.assign(here, { failover: true, now: () => clock });
  // Somebody else hears something meanwhile.
  here.introduce = async (node) => {
    clock += 5;
    here.recording.add({ type: 'fault', at: clock, node, kind: 'clear' });
  };
  const asked = { client: 'r', node: 'n3', read: 'linearizable' } as const;
  if (what === 'a write') await write(here, order('m'));
  if (what === 'a page') await read(here, { kind: 'log', ...asked, from: 2, limit: 9 });
  if (what === 'a value') await read(here, { kind: 'get', ...asked, key: 'k' });
  expect(lines).toMatchObject([{ at: 5 }, { call: 0, return: 5 }]);
});

const LOG = { kind: 'log', client: 'r', node: 'n1', read: 'local', from: 2, limit: 9 } as const;
const page =
  (next: number | null, places = { lastIndex: 120, commitIndex: 119 }): Answer =>
  () =>
    Response.json({ entries: [], ...places, next });

test('a node that has only just started is recorded as judges take it', async () => {
  const started = arena(page(null, { lastIndex: 90, commitIndex: 0 }));
  expect(await read(started.arena, LOG)).toBe(0);
  expect(started.lines).toMatchObject([{ from: 2, to: 0, lastIndex: 0, commitIndex: 0 }]);
  expect(parseRecord(JSON.stringify(started.lines[0]))).not.toBeNull();
});

test('a log is recorded up to where it was read', async () => {
  const cut = arena(page(111));
  expect(await read(cut.arena, LOG)).toBe(20);
  expect(cut.lines).toMatchObject([{ from: 2, to: 10, lastIndex: 20, commitIndex: 19 }]);
  const whole = arena(page(null));
  await read(whole.arena, LOG);
  expect(whole.lines).toMatchObject([{ to: 20 }]);
});

test.each([
  ['in no life of the node', [null]],
  ['in another life than it was asked in', ['n1#1', 'n1#2']],
])('what was read %s is a miss', async (_, lives) => {
  const { arena: here, lines } = arena(page(null), [...lives]);
  expect(await read(here, LOG)).toBeNull();
  expect(lines).toEqual([{ type: 'miss', call: 7, order: LOG }]);
});

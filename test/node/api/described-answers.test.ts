// What seldom comes, held against the OpenAPI document: states of a node, refused reads, and
// everything that can become of a write. What comes every day, `test/node/http-model` holds so.

import { expect, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { Faults } from '../../../src/node/faults/faults.ts';
import { FakeEngine, N1 } from '../fake-engine.ts';
import { Described } from '../http-model/described.ts';

const engine = new FakeEngine();
engine.append([
  { op: 'append', message: 'm' },
  { op: 'put', key: 'k', value: 'v' },
]);
/** Nobody waits, and nobody reads so slowly that it takes minutes. */
const clock = {
  ...systemClock(),
  after: (ms: number, done: () => void): (() => void) => {
    if (ms < 60_000) queueMicrotask(done);
    return () => {};
  },
};
const app = createApp(engine, { clock, faults: new Faults(clock) });
const described = new Described(await (await app.request('/openapi.json')).json());

/** The status, once it is sure that the document has the answer. */
async function ask(method: string, target: string, fields?: object): Promise<number> {
  const headers = { 'content-type': 'application/json', 'if-match': '"2"' };
  const body = fields === undefined ? null : JSON.stringify(fields);
  const response = await app.request(target, { method, headers, body });
  const answer = {
    status: response.status,
    headers: new Map(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  };
  const request = { method, target, headers: [], body: null, chunks: null };
  expect(described.untold(request, answer), `${method} ${target}`).toBeNull();
  return response.status;
}

const READS = [
  '/messages',
  '/log',
  '/log/1',
  '/kv',
  '/kv/k',
  '/kv/absent',
  '/outcomes/x',
  '/backup',
];
const STATES = ['/health', '/readyz', '/livez', '/metrics', '/faults', '/log/9/story'];

test.each(['master', 'secondary', 'removed', null] as const)('the state of a %s', async (role) => {
  engine.state = role === 'master' ? null : engine.follower(role);
  for (const target of STATES) await ask('GET', target);
  engine.state = null;
});

test('a read that cannot be proved current', async () => {
  for (const target of READS) {
    expect(await ask('GET', `${target}?read=linearizable`)).toBe(503);
    expect(await ask('GET', target)).toBeLessThan(500);
  }
});

test('a read of what is on a majority, which is not known yet', async () => {
  engine.commitKnown = false;
  for (const target of READS) expect(await ask('GET', `${target}?read=majority`)).toBe(503);
  engine.commitKnown = true;
});

const at = { first: logIndex(1), last: logIndex(1), acks: [nodeId('n1')] };
const OUTCOMES: readonly Outcome[] = [
  { type: 'Stored', ...at, duplicate: true },
  { type: 'Stored', ...at, duplicate: false },
  { type: 'TimedOut', ...at },
  { type: 'NoQuorum', alive: 1, needed: 2, missing: [nodeId('n2')] },
  { type: 'Unsatisfiable', size: 3 },
  { type: 'KeyReused' },
  { type: 'PreconditionFailed', index: null },
  { type: 'NotMaster', master: N1 },
  { type: 'NoMaster' },
  { type: 'NoMaster', ...at },
  { type: 'Recovering' },
  { type: 'Overloaded' },
  { type: 'StorageUnavailable', reason: 'it is full' },
  { type: 'ShuttingDown' },
  { type: 'ShuttingDown', ...at },
];

test.each(OUTCOMES)('a write of which became $type', async (outcome) => {
  engine.outcome = outcome;
  await ask('PUT', '/kv/k', { value: 'v', id: 7 });
  await ask('DELETE', '/kv/k');
  // Messages have no precondition.
  if (outcome.type !== 'PreconditionFailed') {
    await ask('POST', '/messages', { message: 'm' });
    await ask('POST', '/messages/batch', { messages: ['m'] });
  }
  await ask('POST', '/messages/gathered', { appends: [{ message: 'm' }] });
});

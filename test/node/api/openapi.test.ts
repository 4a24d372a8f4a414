import { expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import type { Outcome } from '../../../src/core/effects.ts';
import { epoch, incarnation, logIndex, nodeId, seq, session } from '../../../src/core/ids.ts';
import type { Refusal } from '../../../src/core/messages.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { batchAnswer, keyValueAnswer, messageAnswer } from '../../../src/node/api/outcomes.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { Faults } from '../../../src/node/faults/faults.ts';
import { invalid, PROBLEMS } from '../../../src/node/http/problems.ts';
import { answerTo } from '../../../src/node/peers/peer-answers.ts';
import { call } from '../calls.ts';
import { FakeEngine, N1 } from '../fake-engine.ts';

const app = createApp(new FakeEngine(), { faults: new Faults(systemClock()) });
const { body: document } = await call(app, 'GET', '/openapi.json');

/** Routes of the contract, sections 3 to 8. */
const CONTRACT = [
  'DELETE /faults',
  'DELETE /kv/{key}',
  'GET /faults',
  'GET /health',
  'GET /kv',
  'GET /kv/{key}',
  'GET /livez',
  'GET /log',
  'GET /log/{index}',
  'GET /messages',
  'GET /metrics',
  'GET /openapi.json',
  'GET /outcomes/{idempotencyKey}',
  'GET /readyz',
  'POST /arbiter/join',
  'POST /arbiter/leave',
  'POST /echo',
  'POST /messages',
  'POST /messages/batch',
  'POST /replica/heartbeat',
  'POST /replica/replicas',
  'POST /replica/snapshot',
  'PUT /faults',
  'PUT /kv/{key}',
];

const documented = Object.entries(document.paths as Record<string, Record<string, unknown>>)
  .flatMap(([path, methods]) => Object.keys(methods).map((name) => `${name.toUpperCase()} ${path}`))
  .sort();

test('every route of the app is documented, and nothing else', () => {
  const real = app.routes
    .filter(({ path }) => path !== '/kv/')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{.*\})?/, '{$1}')}`);
  expect(documented).toEqual([...new Set(real)].sort());
});

/** Beside the contract: outcomes of keys that cannot stand in a path, the log as a file, an
 * operation's story, appends that travel together, and a new master asking its members. */
const OWN = [
  'GET /backup',
  'GET /log/{index}/story',
  'GET /outcomes',
  'POST /messages/gathered',
  'POST /replica/fetch',
];

test('every route of the contract is there', () => {
  expect(documented).toEqual(expect.arrayContaining(CONTRACT));
  expect(documented.filter((route) => !CONTRACT.includes(route))).toEqual(OWN);
});

test('operations have names, parameters for every part of the path, and answers', () => {
  const names = new Set<string>();
  for (const [path, methods] of Object.entries(document.paths as Record<string, object>)) {
    for (const operation of Object.values(methods)) {
      names.add(operation.operationId);
      const inPath = operation.parameters.filter((one: { in: string }) => one.in === 'path');
      const named = inPath.map(({ name }: { name: string }) => `{${name}}`);
      expect([path, path.match(/\{\w+\}/g) ?? []]).toEqual([path, named]);
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
      expect(Object.keys(operation.responses)).toContain('400');
    }
  }
  expect(names.size).toBe(documented.length);
});

test('is OpenAPI 3.1 with the types of the contract', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(document.info.version).toBe(manifest.version);
  const append = document.paths['/messages'].post;
  expect(append.requestBody.content['application/json'].schema).toMatchObject({
    type: 'object',
    required: ['message'],
    additionalProperties: false,
    properties: { timeoutMs: { type: 'integer', minimum: 1, maximum: 86_400_000 } },
  });
  const limit = document.paths['/log'].get.parameters.find(
    ({ name }: { name: string }) => name === 'limit',
  );
  expect(limit).toMatchObject({
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 10_000, default: 1_000 },
  });
  expect(document.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(PROBLEMS));
});

test('what is refused before a route is chosen is named with each; any may want a token', () => {
  for (const methods of Object.values(document.paths as Record<string, object>)) {
    for (const { responses } of Object.values(methods)) {
      expect(responses[408].description).toContain('`request-timeout`');
      expect(responses[431].description).toContain('`headers-too-large`');
    }
  }
  // Without one as well: a cluster may have no token.
  expect(document.security).toEqual([{}, { token: [] }]);
  expect(document.components.securitySchemes.token.description).toContain('require-client-token');
});

test('what a body can be refused for is named with all that may have one, wanted or not', () => {
  for (const methods of Object.values(document.paths as Record<string, object>)) {
    for (const [method, { operationId, responses }] of Object.entries(methods)) {
      // A GET's body is ignored, and an echo takes any type.
      if (operationId === 'echo') continue;
      const statuses = ['413', '415'].filter((status) => status in responses);
      expect([operationId, statuses]).toEqual([
        operationId,
        method === 'get' ? [] : ['413', '415'],
      ]);
    }
  }
});

test('headers that an answer may have are named', () => {
  const { paths } = document;
  const headersOf = (operation: { responses: Record<string, { headers?: object }> }, of: number) =>
    Object.keys(operation.responses[of]?.headers ?? {});
  for (const methods of Object.values(paths as Record<string, Record<string, never>>)) {
    for (const operation of Object.values(methods)) {
      expect(headersOf(operation, 405)).toEqual(['Allow']);
      expect(headersOf(operation, 401)).toEqual(['WWW-Authenticate']);
    }
  }
  const key = paths['/kv/{key}'];
  for (const operation of [paths['/messages'].post, key.put, key.delete]) {
    expect(headersOf(operation, 307)).toEqual(['Location']);
    expect(headersOf(operation, 503)).toEqual(['Retry-After']);
  }
  expect([key.get, key.put, key.delete].map((operation) => headersOf(operation, 200))).toEqual([
    ['ETag'],
    ['ETag'],
    [],
  ]);
});

test('a part of a query that must be there is said to be required', () => {
  const required = Object.entries(document.paths as Record<string, Record<string, never>>).flatMap(
    ([path, methods]) =>
      Object.values(methods).flatMap(({ parameters }: { parameters: Record<string, unknown>[] }) =>
        parameters
          .filter((one) => one.in === 'query' && one.required)
          .map((one) => [path, one.name]),
      ),
  );
  expect(required).toEqual([['/outcomes', 'idempotencyKey']]);
});

test('what a read of the disk and a fault that was asked for can come to is named', () => {
  const failuresOf = ({ responses }: { responses: Record<string, { description: string }> }) =>
    [...(responses[500]?.description ?? '').matchAll(/`([a-z-]+)`:/g)].map(([, code]) => code);
  const named = (code: string): string[] =>
    Object.entries(document.paths as Record<string, Record<string, never>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods)
          .filter(([, operation]) => failuresOf(operation).includes(code))
          .map(([method]) => `${method} ${path}`),
    );
  const reads = ['/messages', '/log', '/log/{index}', '/backup', '/log/{index}/story'];
  const keys = ['/kv/{key}', '/kv'];
  expect(named('damaged-log')).toEqual([...reads, ...keys].map((path) => `get ${path}`));
  const struck = ['post /replica/snapshot', 'post /replica/heartbeat'];
  expect(named('fault-injected')).toEqual(struck);
});

const at = { first: logIndex(1), last: logIndex(2), acks: [nodeId('n1')] };

const outcomes: Outcome[] = [
  { type: 'TimedOut', ...at },
  { type: 'NoQuorum', alive: 1, needed: 2, missing: [nodeId('n2')] },
  { type: 'Unsatisfiable', size: 3 },
  { type: 'PreconditionFailed', index: null },
  { type: 'NotMaster', master: N1 },
  { type: 'NoMaster', ...at },
  { type: 'ShuttingDown', ...at },
  { type: 'StorageUnavailable', reason: 'it is full' },
];

const refusals: Refusal[] = [
  { type: 'Refused', code: 'stale-epoch', epoch: epoch(8), incarnation: incarnation('i') },
  { type: 'Refused', code: 'stale-session', session: session(8) },
  { type: 'Refused', code: 'out-of-order', expected: seq(8) },
  { type: 'Refused', code: 'diverged', lastIndex: logIndex(8) },
  { type: 'Refused', code: 'not-master', master: N1 },
  { type: 'Refused', code: 'wrong-cluster', cluster: 'c' },
  { type: 'Refused', code: 'node-id-taken', node: nodeId('n2') },
];

test('every member that a problem adds is described', () => {
  const asked = { w: 2, durable: true, ms: 1, url: 'http://n1/' };
  const target = { id: 7, key: 'k', removed: false };
  const answers = [
    ...outcomes.map((outcome) => messageAnswer(outcome, asked)),
    ...outcomes.map((outcome) => batchAnswer(outcome, asked)),
    ...outcomes.map((outcome) => keyValueAnswer(outcome, asked, target)),
    ...refusals.map((refused) => answerTo(refused, '/')),
    invalid([{ path: 'w', message: 'wrong' }]),
  ];
  const members = new Set(answers.flatMap(({ body }) => Object.keys(JSON.parse(String(body)))));
  const described = Object.keys(document.components.schemas.Problem.properties);
  expect(described).toEqual(expect.arrayContaining([...members]));
  const elsewhere = ['allow', 'limit', 'file', 'offset'];
  expect(described.filter((name) => !members.has(name))).toEqual(elsewhere);
});

test('every reference in it leads somewhere', () => {
  const text = JSON.stringify(document);
  const targets = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
  expect(new Set(targets)).toEqual(new Set(['#/components/schemas/Problem']));
  expect(text.includes('"$schema"')).toBe(false);
});

test('every parameter says what it is', () => {
  for (const [path, methods] of Object.entries(document.paths as Record<string, object>)) {
    for (const [verb, { parameters }] of Object.entries(methods)) {
      for (const { name, description } of parameters) {
        expect(description, `${verb} ${path} ${name}`).toMatch(/\w/);
      }
    }
  }
});

test('only the body of a removal may be left out', () => {
  const optional = Object.entries(document.paths as Record<string, Record<string, Described>>)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([name, { requestBody }]) => ({ path, name, requestBody })),
    )
    .filter(({ requestBody }) => requestBody?.required === false);
  expect(optional.map(({ path, name }) => `${name} ${path}`)).toEqual(['delete /kv/{key}']);
});

interface Described {
  readonly requestBody?: { readonly required: boolean };
}

// How a new master reads the log of a node that is not replog's: with GET /log, as clients do.

import { afterEach, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { Tokens } from '../../../src/node/http/tokens.ts';
import { PeerError } from '../../../src/node/peers/peer-answers.ts';
import { Transport } from '../../../src/node/peers/transport.ts';
import { sendJson, startStub } from '../../client/stub-server.ts';

const NOTHING = { type: 'Fetched', updates: [], lastIndex: 0 };
const AT = '2026-01-01T00:00:00.000Z';

const open: Transport[] = [];
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

function read(url: string, from = 1, token?: string) {
  const transport = new Transport({
    ...(token === undefined ? {} : { tokens: new Tokens([token]) }),
    limitsMs: { ReadLog: 200 },
  });
  open.push(transport);
  return transport.send(url, { type: 'ReadLog', from: logIndex(from) });
}

test('one GET below the path of the node, with the token', async () => {
  const entries = [
    { index: 3, epoch: 1, at: AT, op: 'append', message: 'a' },
    { index: 4, epoch: 2, at: AT, op: 'put', key: 'k', value: 'v' },
    { index: 5, epoch: 2, at: AT, op: 'remove', key: 'k' },
  ];
  const stub = await startStub((_, response) =>
    sendJson(response, 200, { entries, lastIndex: 9, commitIndex: 5, next: 6 }),
  );
  const answer = await read(`${stub.url}/behind/`, 3, 'secret');
  expect(answer).toEqual({ type: 'Fetched', updates: entries, lastIndex: 9 });
  expect(stub.hits).toHaveLength(1);
  expect(stub.hits[0]).toMatchObject({ method: 'GET', path: '/behind/log?from=3&limit=256' });
  expect(stub.hits[0]!.headers.authorization).toBe('Bearer secret');
});

test('what clients are not told of is not taken along', async () => {
  const entry = { index: 1, epoch: 1, at: AT, op: 'append', message: 'a' };
  const more = { batch: 2, idempotencyKey: 'k', other: { x: 1 } };
  const stub = await startStub((_, response) =>
    sendJson(response, 200, { entries: [{ ...entry, ...more }], lastIndex: 1 }),
  );
  expect(await read(stub.url)).toEqual({ type: 'Fetched', updates: [entry], lastIndex: 1 });
});

test.each<[what: string, status: number, body: unknown]>([
  ['a problem', 404, { code: 'not-found', detail: 'no such path' }],
  ['a log in another answer', 503, { entries: [entryAt(1)], lastIndex: 1 }],
  ['a refusal', 401, { code: 'unauthorized' }],
  ['a list that is none', 200, { entries: 'a', lastIndex: 1 }],
  ['no list', 200, {}],
  ['null', 200, null],
  ['entries out of order', 200, { entries: [entryAt(2), entryAt(1)], lastIndex: 2 }],
  ['an entry that no client could have asked for', 200, { entries: [{ index: 1 }], lastIndex: 1 }],
])('%s: it does not let its log be read', async (_, status, body) => {
  const stub = await startStub((_hit, response) => sendJson(response, status, body));
  expect(await read(stub.url)).toEqual(NOTHING);
});

test('what is no JSON is no log either', async () => {
  const stub = await startStub((_, response) => void response.end('<html>'));
  expect(await read(stub.url)).toEqual(NOTHING);
});

test('silence and a connection that is cut are no answer', async () => {
  const silent = await startStub(() => {});
  await expect(read(silent.url)).rejects.toThrow(PeerError);
  const cut = await startStub((_, response) => void response.destroy());
  await expect(read(cut.url)).rejects.toThrow(PeerError);
});

function entryAt(index: number): unknown {
  return { index, epoch: 1, at: AT, op: 'append', message: 'm' };
}

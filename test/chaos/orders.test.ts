// What is asked of nodes for an order, and how each kind of answer is taken down.

import { expect, test } from 'vitest';
import { read, write } from '../../src/chaos/clients.ts';
import type { Operation } from '../../src/core/operation.ts';
import { type Asked, staged } from './staged.ts';

function answering(answer: unknown) {
  const asked: Asked[] = [];
  const stage = staged((one) => {
    asked.push(one);
    return answer;
  });
  stage.arena.base = 100;
  return { ...stage, requests: asked };
}

const order = (...operations: Operation[]) => ({
  ...{ client: 'w', via: 'n1', idempotencyKey: 'k', w: 2, timeoutMs: 50, retryForMs: 0 },
  operations,
});
const append = (message: string) => ({ op: 'append', message }) as const;

test('several messages are one batch, and stand in one row', async () => {
  const stored = { first: 105, last: 106, count: 2, w: 2, acks: ['n1', 'n2'], durable: true };
  const { arena, requests } = answering({ ...stored, ms: 1, duplicate: true });
  expect(await write(arena, order(append('a'), append('b')))).toMatchObject({
    ...{ outcome: 'ok', first: 5, last: 6, acks: ['n1', 'n2'], duplicate: true },
  });
  expect(requests).toMatchObject([
    { what: 'POST /messages/batch', body: { messages: ['a', 'b'], w: 2, timeoutMs: 50 } },
  ]);
});

test('a key is put with its value', async () => {
  const ack = { result: 'OperationAck', id: null, key: 'x', index: 107, acks: ['n1'], ms: 1 };
  const { arena, requests } = answering(ack);
  const put = { op: 'put', key: 'x', value: 'blue' } as const;
  expect(await write(arena, order(put))).toMatchObject({ outcome: 'ok', first: 7, last: 7 });
  expect(requests).toMatchObject([{ what: 'PUT /kv/x', body: { value: 'blue' } }]);
});

test.each([
  ['shutting-down', 'unanswered'],
  ['another', 'another'],
])('a refusal that says where it stands in the log is none: %s', async (code, known) => {
  const { arena } = answering(
    new Response(JSON.stringify({ code, index: 103 }), {
      ...{ status: 503, headers: { 'content-type': 'application/problem+json' } },
    }),
  );
  expect(await write(arena, order(append('a'), append('b')))).toMatchObject({
    ...{ outcome: 'unknown', first: 3, last: 4, code: known },
  });
});

test('each write meets the faults of its time', async () => {
  const { arena, coverage } = answering({ index: 101, w: 2, acks: ['n1'], durable: true, ms: 1 });
  coverage.begin('kill', 'secondary', 0, true);
  await write(arena, order(append('a')));
  expect(coverage.metBy('kill', 'secondary')).toBe(1);
});

const GET = { kind: 'get', client: 'r', node: 'n2', read: 'local', key: 'x' } as const;
const found = { result: 'GetResult', id: null, key: 'x', value: 'blue', index: 107 };

test('of a key it is taken down where it stood; one that is absent was heard of too', async () => {
  const present = answering(found);
  expect(await read(present.arena, GET)).toBe(7);
  expect(present.lines).toMatchObject([{ type: 'get', value: 'blue', index: 7, life: 'n2#1' }]);
  const absent = answering(
    new Response(JSON.stringify({ ...found, value: null, index: undefined }), {
      ...{ status: 404, headers: { 'content-type': 'application/json' } },
    }),
  );
  expect(await read(absent.arena, GET)).toBe(0);
  expect(absent.lines).toMatchObject([{ type: 'get', value: null, index: null }]);
});

test('what a node said of a key in another life is not taken down', async () => {
  const stage = staged(() => {
    stage.arena.lifeBegins('n2');
    return found;
  });
  expect(await read(stage.arena, GET)).toBeNull();
  expect(stage.lines).toMatchObject([{ type: 'miss' }]);
});

test('a mistake of chaos itself is no answer of a node', async () => {
  const { arena } = answering(found);
  Object.assign(arena, {
    writerAt: () => {
      throw new RangeError('mistaken');
    },
  });
  await expect(write(arena, order(append('a')))).rejects.toThrow('mistaken');
  await expect(read(arena, GET)).rejects.toThrow('mistaken');
});

// Appends that are checked by hand, against the schemas that say the same.

import { expect, test } from 'vitest';
import type { ZodType } from 'zod';
import { readAppend, readBatch, readGathered } from '../../../src/node/api/append-reader.ts';
import { appendBody, batchBody, gatherBody } from '../../../src/node/api/schemas.ts';

const APPENDS = [
  '{"message":"m"}',
  '{"message":"ümlaut 🎉","w":3,"timeoutMs":86400000}',
  '{"w":"majority","message":""}',
  '{"message":"m","w":"all"}',
  '{"message":"m","w":0}',
  '{"message":"m","w":1.5}',
  '{"message":"m","w":"3"}',
  '{"message":"m","w":1e400}',
  '{"message":"m","w":9007199254740992}',
  '{"message":"m","w":null}',
  '{"message":"m","timeoutMs":0}',
  '{"message":"m","timeoutMs":86400001}',
  '{"message":"\\ud800"}',
  '{"message":1}',
  '{"w":1}',
  '{}',
  '[]',
  'null',
  '"message"',
  '{"message":"m","__proto__":1}',
  '{"message":"m","toString":1}',
  '{"message":"m","idempotencyKey":"k"}',
];

const KEYED = [
  ...APPENDS,
  '{"message":"m","idempotencyKey":""}',
  '{"message":"m","idempotencyKey":"ü"}',
];

/** What is read by hand is what the schema makes of the text, or left to it. */
function expectAlike<T>(text: string, read: (bytes: Buffer) => T | null, schema: ZodType<T>): void {
  const checked = schema.safeParse(JSON.parse(text));
  expect(read(Buffer.from(text))).toEqual(checked.success ? checked.data : null);
}

test.each(APPENDS)('%s alone', (text) => expectAlike(text, readAppend, appendBody));

test.each(KEYED)('%s among others', (text) => {
  expectAlike(`{"appends":[{"message":"first"},${text}]}`, readGathered, gatherBody);
});

const BATCHES = [
  '{"messages":["a"]}',
  '{"messages":["a","ümlaut 🎉",""],"w":3,"timeoutMs":1}',
  '{"w":"all","messages":["a"]}',
  '{"messages":[]}',
  '{"messages":"a"}',
  '{"messages":{"0":"a"}}',
  '{"messages":["a",1]}',
  '{"messages":["a",null]}',
  '{"messages":["\\ud800"]}',
  '{"messages":["a"],"w":0}',
  '{"messages":["a"],"w":"some"}',
  '{"messages":["a"],"timeoutMs":86400001}',
  '{"messages":["a"],"message":"a"}',
  '{"messages":["a"],"idempotencyKey":"k"}',
  '{"messages":["a"],"__proto__":1}',
  '{"w":1}',
  '["messages"]',
  'null',
];

test.each(BATCHES)('%s as a batch', (text) => expectAlike(text, readBatch, batchBody));

test('a batch that is too long is left to the schema', () => {
  const batch = (length: number) =>
    Buffer.from(JSON.stringify({ messages: Array.from({ length }, () => 'm') }));
  expect(readBatch(batch(10_000))?.messages).toHaveLength(10_000);
  expect(readBatch(batch(10_001))).toBeNull();
});

test.each(['{"appends":[]}', '{"appends":{}}', '{}', '{"appends":[{"message":"m"}],"w":1}'])(
  '%s is left to the schema',
  (text) => {
    expect(readGathered(Buffer.from(text))).toBeNull();
  },
);

test('bytes that are no UTF-8, or no JSON, are left to the schema', () => {
  expect(readAppend(Buffer.from('{"message":"\xff"}', 'latin1'))).toBeNull();
  expect(readAppend(Buffer.from('{"message":'))).toBeNull();
});

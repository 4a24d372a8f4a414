import { describe, expect, test } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { receiptOf } from '../../../src/node/api/receipt.ts';
import { appended, batchAppended } from '../../../src/node/api/success.ts';
import { call } from '../calls.ts';
import { FakeEngine } from '../fake-engine.ts';

describe('a receipt promises what the guarantees do, and no more', () => {
  test.each([
    [
      ['n1', 'n2'],
      true,
      3,
      'on disk on n1 and n2 of 3: survives crashes and power cuts, and the loss of any one node',
    ],
    [
      ['n1', 'n2', 'n3'],
      true,
      3,
      'on disk on n1, n2 and n3 of 3: survives crashes and power cuts, and the loss of any 2 nodes',
    ],
    [
      ['n1'],
      true,
      3,
      'on disk on n1 alone, of 3: survives crashes and power cuts, but not the loss of n1',
    ],
    [
      ['n1'],
      true,
      1,
      'on disk on n1 alone: survives crashes and power cuts, but not the loss of n1',
    ],
    [
      ['n1', 'n4'],
      true,
      5,
      'on disk on n1 and n4 of 5: survives crashes and power cuts, and the loss of n1 if n4 is ' +
        'up when it is started again',
    ],
    [
      ['n1', 'n2'],
      false,
      3,
      'in memory on n1 and n2 of 3: survives the loss of any one node, but not a power cut',
    ],
    [['n1'], false, 3, 'in memory on n1 alone, of 3: lost when n1 ends'],
    [
      ['n1', 'n2'],
      false,
      4,
      'in memory on n1 and n2 of 4: survives the end of n1 if n2 is up when it is started again; ' +
        'no power cut',
    ],
  ] as const)('%j, durable %s, of %i', (acks, durable, size, sentence) => {
    expect(receiptOf({ acks, durable, size })).toBe(sentence);
  });

  const survives = 'survives crashes and power cuts,';
  test.each([
    [['n2'], `n1 alone, of 3, in memory on n2: ${survives} but not the loss of n1`],
    [['n3'], `n1 and n2 of 3: ${survives} and the loss of any one node`],
    [['n2', 'n3'], `n1 alone, of 3, in memory on n2: ${survives} but not the loss of n1`],
  ])('of n1 and n2, where %j keep their log in memory', (inMemory, sentence) => {
    const acknowledged = { acks: ['n1', 'n2'], durable: true, size: 3, inMemory };
    expect(receiptOf(acknowledged)).toBe(`on disk on ${sentence}`);
  });

  const taken = 'another node becomes master before 2 have it';
  test.each([
    [['n1'], true, 3, `on disk on n1 alone, of 3: ${survives.slice(0, -1)}, unless ${taken}`],
    [['n1'], false, 3, `in memory on n1 alone, of 3: lost if n1 ends, or ${taken}`],
    [['n1', 'n2'], true, 3, `on disk on n1 and n2 of 3: ${survives} and the loss of any one node`],
    [['n1'], true, 1, `on disk on n1 alone: ${survives} but not the loss of n1`],
  ] as const)('of %j where another node takes over, durable %s, of %i', (...known) => {
    const [acks, durable, size, sentence] = known;
    expect(receiptOf({ acks, durable, size, failover: true })).toBe(sentence);
  });
});

describe('POST /messages', () => {
  const RECEIPT =
    'in memory on n1 and n2 of 3: survives the loss of any one node, but not a power cut';

  test.each(['receipt', 'respond-async, Receipt'])('says so to who has %j', async (prefer) => {
    const app = createApp(new FakeEngine());
    for (const headers of [{}, { prefer: 'receipts' }] as Record<string, string>[]) {
      const plain = await call(app, 'POST', '/messages', { message: 'a' }, headers);
      expect(Object.keys(plain.body)).toEqual(['index', 'w', 'acks', 'durable', 'ms']);
    }
    const headers = { prefer };
    const told = await call(app, 'POST', '/messages', { message: 'a' }, headers);
    expect(told.status).toBe(201);
    expect(told.body.receipt).toBe(RECEIPT);
    expect(appended.safeParse(told.body).success).toBe(true);
    const batch = await call(app, 'POST', '/messages/batch', { messages: ['a'] }, headers);
    expect(batch.body.receipt).toBe(RECEIPT);
    expect(batchAppended.safeParse(batch.body).success).toBe(true);
  });
});

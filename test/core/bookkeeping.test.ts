import { expect, test } from 'vitest';
import { Bookkeeping } from '../../src/core/bookkeeping.ts';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { Outbox } from '../../src/core/outbox.ts';

test('the first identity that is heard is kept, and written once', () => {
  const outbox = new Outbox();
  const bookkeeping = new Bookkeeping(BLANK_MEMORY, outbox);
  bookkeeping.belongs(undefined);
  expect(outbox.take()).toEqual([]);
  for (const heard of ['first', 'first', 'second', undefined]) bookkeeping.belongs(heard);
  expect(outbox.take()).toMatchObject([{ type: 'Remember', memory: { cluster: 'first' } }]);
  expect(bookkeeping.current.cluster).toBe('first');
});

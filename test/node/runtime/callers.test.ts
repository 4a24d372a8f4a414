import { expect, test } from 'vitest';
import type { Event } from '../../../src/core/effects.ts';
import { type Ticket, ticket } from '../../../src/core/ids.ts';
import { Callers } from '../../../src/node/runtime/callers.ts';
import type { EventQueue } from '../../../src/node/runtime/event-queue.ts';

function setUp() {
  const posted: Event['type'][] = [];
  const gone: Ticket[] = [];
  const queue = { post: ({ type }: Event) => void posted.push(type) } as unknown as EventQueue;
  const callers = new Callers(
    queue,
    (one) => void gone.push(one),
    (run) => void setImmediate(run),
  );
  const departure = new AbortController();
  const asked = callers.client((one) => ({ type: 'Confirm', ticket: one }), departure.signal);
  return { callers, posted, gone, departure, asked };
}

test('B51: the machine is told of a client that leaves, and answers it no more', () => {
  const { callers, posted, gone, departure } = setUp();
  departure.abort();
  expect([posted, gone]).toEqual([['Confirm', 'Abandoned'], [1]]);
  callers.reply(ticket(1), { type: 'ShuttingDown' });
});

test('B51: it is not told of one that leaves when it has its answer', async () => {
  const { callers, posted, gone, departure, asked } = setUp();
  callers.reply(ticket(1), { type: 'ShuttingDown' });
  expect(await asked).toEqual({ type: 'ShuttingDown' });
  departure.abort();
  expect([posted, gone]).toEqual([['Confirm'], []]);
});

// An application that keeps what it wants to write in an outbox, with an idempotency key, and sends
// it again when it is started again: long after the first attempt, and whatever became of that.

import { Chance } from '../chance.ts';
import { CLIENTS_MAX, drawnWrite, type Who } from './drawn-operations.ts';
import type { ClientOperation, Plan, PlannedWrite } from './plan.ts';

/** As with upkeep: what was there before is drawn as it was. */
const OUTBOX_SEED = 0x0b07_b0c5;

const OUTBOX_SHARE = 0.15;

/** It is sent again after up to so long. */
const AGAIN_MS = 4_000;

/** In some runs one more client writes, batches mostly, each with a key; and another one, its next
 * life, sends each of them once more. */
export function withOutbox(plan: Plan, clientsUntil: number): Plan {
  const chance = new Chance(plan.seed ^ OUTBOX_SEED);
  if (!chance.happens(OUTBOX_SHARE)) return plan;
  const operations: ClientOperation[] = [...plan.operations];
  const [client, next] = [`c${CLIENTS_MAX + 2}`, `c${CLIENTS_MAX + 3}`];
  const pace = chance.pick([100, 250]);
  for (let at = 500; at < clientsUntil; at += chance.next() * 2 * pace) {
    const first = { client, at: Math.round(at) };
    const write = outgoing(chance, plan, first, `${client}-${operations.length}`);
    const again = { ...write, client: next, at: Math.round(at + chance.next() * AGAIN_MS) };
    operations.push(write, ...(again.at < clientsUntil ? [again] : []));
  }
  return { ...plan, operations: operations.sort((a, b) => a.at - b.at) };
}

function outgoing(chance: Chance, { shape }: Plan, who: Who, name: string): PlannedWrite {
  const write = drawnWrite(chance, shape, who, name, 0);
  const count = chance.pick([1, 2, 3, 5]);
  const operations = Array.from({ length: count }, (_, i) => ({
    op: 'append' as const,
    message: `${name}.${i + 1}${'x'.repeat(chance.whole(0, 200))}`,
  }));
  const batch = count > 1;
  return { ...write, operations, batch, key: `k-${name}`, patienceMs: 600, tries: 1 };
}

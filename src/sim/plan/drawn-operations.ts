// Draws what clients do.

import type { WriteConcern } from '../../core/effects.ts';
import type { Operation } from '../../core/operation.ts';
import type { Chance } from '../chance.ts';
import type { ClientOperation, PlannedRead, PlannedWrite, Shape } from './plan.ts';

/** Other clients than these are added by what else is drawn. */
export const CLIENTS_MAX = 5;

const KEYS = ['a', 'b', 'c', '__proto__'] as const;

/** What clients do up to `until`, in milliseconds. */
export function drawnOperations(chance: Chance, shape: Shape, until: number): ClientOperation[] {
  const clients = chance.whole(2, CLIENTS_MAX);
  const pace = chance.pick([90, 200, 400]);
  const reads = chance.pick([0.2, 0.4]);
  const keyValue = chance.pick([0, 0.3, 0.6]);
  const operations: ClientOperation[] = [];
  for (let client = 1; client <= clients; client += 1) {
    let at = 400 + chance.next() * 300;
    while (at < until) {
      const who = { client: `c${client}`, at: Math.round(at) };
      const name = `${who.client}-${operations.length}`;
      const read = chance.happens(reads);
      operations.push(
        read ? drawnRead(chance, shape, who) : drawnWrite(chance, shape, who, name, keyValue),
      );
      at += chance.next() * 2 * pace;
    }
  }
  return operations.sort((a, b) => a.at - b.at);
}

/** Who does something, and when. */
export interface Who {
  readonly client: string;
  readonly at: number;
}

function drawnRead(chance: Chance, shape: Shape, who: Who): PlannedRead {
  return {
    client: who.client,
    at: who.at,
    type: chance.pick(['log', 'log', 'get']),
    node: chance.pick(shape.nodes).id,
    read: chance.pick(['local', 'local', 'majority', 'linearizable']),
    key: chance.pick(KEYS),
    whole: chance.happens(0.06),
  };
}

/** A client's write; `name` is in all that it writes, `keyValue` is how often it is about a key. */
export function drawnWrite(
  chance: Chance,
  shape: Shape,
  who: Who,
  name: string,
  keyValue: number,
): PlannedWrite {
  const count = shape.nodes.length;
  const onKey = chance.happens(keyValue);
  const batch = !onKey && chance.happens(0.15);
  const w: WriteConcern[] = [1, 'majority', 'majority', Math.min(2, count), 'all'];
  return {
    client: who.client,
    at: who.at,
    type: 'write',
    operations: onKey ? [drawnKeyOperation(chance, name)] : drawnMessages(chance, name, batch),
    batch,
    w: chance.pick(w),
    timeoutMs: chance.happens(0.7) ? chance.whole(50, 2_000) : null,
    key: chance.happens(0.7) ? `k-${name}` : null,
    patienceMs: chance.whole(100, 4_000),
    tries: chance.whole(1, 8),
    onlyNew: onKey && chance.happens(0.1),
  };
}

function drawnKeyOperation(chance: Chance, name: string): Operation {
  // Keys that are written once or twice show at the end what became of that.
  const key = chance.happens(0.3) ? `k${chance.whole(1, 20)}` : chance.pick(KEYS);
  return chance.happens(0.75) ? { op: 'put', key, value: name } : { op: 'remove', key };
}

function drawnMessages(chance: Chance, name: string, batch: boolean): Operation[] {
  const count = batch ? chance.whole(1, 5) : 1;
  return Array.from({ length: count }, (_, i): Operation => {
    const filler = chance.happens(0.1) ? 'x'.repeat(chance.whole(1, 400)) : '';
    return { op: 'append', message: `${name}${count === 1 ? '' : `.${i + 1}`}${filler}` };
  });
}

// The HTTP request that a step means, and what it asks of the cluster.

import type { Call } from '../client/wire/link.ts';
import { preconditions } from '../client/writing/write-headers.ts';
import type { WriteConcern } from '../core/effects.ts';
import type { Operation } from '../core/operation.ts';
import type { RequestStep, StepOf } from './step.ts';

/** One request of a step. */
export interface Request {
  readonly call: Call;
  /** What it would put into the log; null: it is no write. */
  readonly write: {
    readonly operations: readonly Operation[];
    readonly w: WriteConcern;
    readonly idempotencyKey: string | null;
  } | null;
}

/** How many requests of a step are under way at a time. Those that are awaited later all are: one
 * that waits must not keep the next from being sent. */
export function clientsOf({ times = 1, clients, as }: RequestStep): number {
  return clients ?? (as === undefined ? 1 : times);
}

/** Request number `n` (from 1) of a step. `messageW`: the nodes' default write concern. */
export function requestOf(step: RequestStep, n: number, messageW: WriteConcern): Request {
  const fill = (text: string): string => text.replaceAll('{n}', String(n));
  switch (step.verb) {
    case 'append': {
      const message = fill(step.append);
      return writeOf(step, fill, messageW, [{ op: 'append', message }], {
        method: 'POST',
        path: '/messages',
        json: { message, ...waitOf(step) },
      });
    }
    case 'batch': {
      const messages = step.batch.map(fill);
      const operations = messages.map((message) => ({ op: 'append', message }) as const);
      return writeOf(step, fill, messageW, operations, {
        method: 'POST',
        path: '/messages/batch',
        json: { messages, ...waitOf(step) },
      });
    }
    case 'put': {
      const [key, value] = [fill(step.put), fill(step.value)];
      return writeOf(step, fill, 'all', [{ op: 'put', key, value }], {
        method: 'PUT',
        path: keyPath(key),
        json: { value, ...idOf(step), ...waitOf(step) },
      });
    }
    case 'remove': {
      const key = fill(step.remove);
      return writeOf(step, fill, 'all', [{ op: 'remove', key }], {
        method: 'DELETE',
        path: keyPath(key),
        json: { ...idOf(step), ...waitOf(step) },
      });
    }
    case 'get':
      return {
        call: {
          method: 'GET',
          path: keyPath(fill(step.get)),
          search: { read: step.read, id: step.id },
        },
        write: null,
      };
    case 'outcome': {
      const path = `/outcomes/${encodeURIComponent(fill(step.outcome))}`;
      return { call: { method: 'GET', path }, write: null };
    }
  }
}

/** The path of a key. */
export function keyPath(key: string): string {
  return `/kv/${encodeURIComponent(key)}`;
}

type WriteStep = StepOf<'append' | 'batch' | 'put' | 'remove'>;

function writeOf(
  step: WriteStep,
  fill: (text: string) => string,
  defaultW: WriteConcern,
  operations: readonly Operation[],
  call: Call,
): Request {
  const key = step['idempotency-key'];
  const idempotencyKey = key === undefined ? null : fill(key);
  const headers = {
    ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
    ...conditionsOf(step),
  };
  return {
    call: { ...call, headers },
    write: { operations, w: step.w ?? defaultW, idempotencyKey },
  };
}

function waitOf({ w, timeout }: WriteStep): object {
  return { ...(w === undefined ? {} : { w }), ...(timeout ? { timeoutMs: timeout } : {}) };
}

function idOf({ id }: StepOf<'put' | 'remove'>): object {
  return id === undefined ? {} : { id };
}

function conditionsOf(step: WriteStep): Record<string, string> {
  if (step.verb !== 'put' && step.verb !== 'remove') return {};
  return preconditions({ ifMatch: step['if-match'], ifNoneMatch: step['if-none-match'] });
}

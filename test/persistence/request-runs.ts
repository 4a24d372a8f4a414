// Runs of requests of one kind each, for tests of what a log does with its closed segments.

import type { Request } from './folded-log.ts';

/** Short messages without an idempotency key. */
export function plain(count: number): Request[] {
  return Array.from({ length: count }, () => ({
    step: { op: 'append', size: 40 },
    named: false,
    turn: 1,
  }));
}

/** Long messages with an idempotency key each. */
export function withKeys(count: number): Request[] {
  return Array.from({ length: count }, () => ({
    step: { op: 'append', size: 400 },
    named: true,
    turn: 1,
  }));
}

/** Many operations on few keys, some removed at last, some with an idempotency key. */
export function keyed(count: number): Request[] {
  return Array.from({ length: count }, (_, i): Request => {
    const key = i % 4;
    const removed = key === 0 ? i > count / 3 : i % 9 === 0;
    const next = removed
      ? ({ op: 'remove', key } as const)
      : ({ op: 'put', key, size: 30 } as const);
    return { step: next, named: i % 17 === 3, turn: i === 30 ? 0 : 1 };
  });
}

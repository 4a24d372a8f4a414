// Where the outcome of a write with an idempotency key is asked for.

import type { Call } from './link.ts';

/** In the path; `.` and `..` cannot stand there (even %2e%2e is a step upwards), and go into the
 * query. */
export function outcomePlace(idempotencyKey: string): Pick<Call, 'path' | 'search'> {
  return idempotencyKey === '.' || idempotencyKey === '..'
    ? { path: '/outcomes', search: { idempotencyKey } }
    : { path: `/outcomes/${encodeURIComponent(idempotencyKey)}` };
}

// Where the outcome of a write with an idempotency key is asked for.

import type { Call } from '../wire/link.ts';
import { idempotencyKey } from './idempotency-key.ts';

/** In the path; `.` and `..` cannot stand there (even %2e%2e is a step upwards), and go into the
 * query. Throws InvalidIdempotencyKey. */
export function outcomePlace(wanted: string): Pick<Call, 'path' | 'search'> {
  const key = idempotencyKey(wanted);
  return key === '.' || key === '..'
    ? { path: '/outcomes', search: { idempotencyKey: key } }
    : { path: `/outcomes/${encodeURIComponent(key)}` };
}

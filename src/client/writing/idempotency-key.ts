// What an idempotency key may be (contract, section 3).

import { InvalidIdempotencyKey } from '../errors.ts';

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,128}$/;

/** Returns the key. Throws InvalidIdempotencyKey for one that no node would take. */
export function idempotencyKey(key: string): string {
  if (!IDEMPOTENCY_KEY.test(key)) throw new InvalidIdempotencyKey(key);
  return key;
}

// A short number that tells operations apart, to notice an idempotency key that is used again for
// something else. 53 bits: two different operations of one key agree once in 10^16 times.

import type { Operation } from './operation.ts';

const separator = '\u0000';

function textOf(operation: Operation, batched: boolean): string {
  switch (operation.op) {
    case 'append':
      return `${batched ? 'batch' : 'append'}${separator}${operation.message}`;
    case 'put':
      return `put${separator}${operation.key}${separator}${operation.value}`;
    case 'remove':
      return `remove${separator}${operation.key}`;
  }
}

/** Two multiplicative 32-bit hashes side by side (after cyrb53, public domain), chained by
 * `seed`. */
function hashText(text: string, seed: number): number {
  let high = 0xdeadbeef ^ (seed >>> 0);
  let low = 0x41c6ce57 ^ (seed / 2 ** 21);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (low & 0x1fffff) + (high >>> 0);
}

/**
 * Continues the fingerprint of a request with one more of its operations; starts at 0. A batch of
 * one message is another request than the message alone.
 */
export function fingerprint(operation: Operation, batched: boolean, before = 0): number {
  return hashText(textOf(operation, batched), before);
}

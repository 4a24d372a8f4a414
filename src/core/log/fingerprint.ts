// A short number that tells operations apart, to notice an idempotency key that is used again for
// something else. 53 bits: two different operations of one key agree once in 10^16 times.

import type { Operation } from '../operation.ts';

const HIGH = 0x9e3779b1;
const LOW = 0x5f356495;

/** Two multiplicative 32-bit hashes side by side (after cyrb53, public domain), chained by `seed`.
 * The words go in one after the other, U+0000 between them: joined, each would be copied. */
function hashWords(seed: number, words: readonly [string, string, string?]): number {
  let high = 0xdeadbeef ^ (seed >>> 0);
  let low = 0x41c6ce57 ^ (seed / 2 ** 21);
  for (let place = 0; place < words.length; place += 1) {
    if (place > 0) {
      high = Math.imul(high, HIGH);
      low = Math.imul(low, LOW);
    }
    const word = words[place]!;
    for (let i = 0; i < word.length; i += 1) {
      const unit = word.charCodeAt(i);
      high = Math.imul(high ^ unit, HIGH);
      low = Math.imul(low ^ unit, LOW);
    }
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
  switch (operation.op) {
    case 'append':
      return hashWords(before, [batched ? 'batch' : 'append', operation.message]);
    case 'put':
      return hashWords(before, [putOf(operation.key), operation.key, operation.value]);
    case 'remove':
      return hashWords(before, ['remove', operation.key]);
  }
}

/** The first word of a put. It tells where the key ends, if U+0000 stands in it as well: nobody
 * could say otherwise how much of what follows is the value. */
const putOf = (key: string): string => (key.includes('\0') ? `put ${key.length}` : 'put');

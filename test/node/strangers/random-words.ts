// What a foreign master may say, and what can be wrong with it.

import type { Chance } from './chance.ts';
import type { Update } from './follower-model.ts';

const TEXTS = ['', 'a', 'é👍"\\', '\0', '\u2028', '\ufeff', '__proto__', 'x'.repeat(30), '}'];
const KEYS = ['a', 'b', '__proto__', 'constructor', ' ', '\0', 'é👍', '/', 'xyz'];
const WRONG = [
  ...['null', '"1"', '-1', '1.5', '1e400', 'true', '{}', '[]', '9007199254740992', '"\\ud800"'],
  ...['[null]', '[[]]', '{"__proto__":1}', '-2', '1e16', '00', ''],
];

/** Fields that the contract does not name. */
const STRANGE: readonly object[] = [
  { extra: 1 },
  { lengths: [5] },
  { lengths: 'x' },
  { constructor: null, toString: 1 },
  { leaseMs: 1, hash: 'x', runningHash: {} },
  JSON.parse('{"__proto__":{"seq":99},"x":[[[[]]]]}'),
  { ['x'.repeat(1000)]: 'y'.repeat(5000) },
  { result: 'SnapshotAck', type: 'Heartbeat' },
];

export const strangeFields = (chance: Chance): object => chance.one(STRANGE);

/** Any operation at this place. */
export function anyUpdate(chance: Chance, index: number, epoch: number): Update {
  const at = new Date(1_800_000_000_000 + chance.below(1e6)).toISOString();
  const place = { index, epoch, at };
  const key = chance.of(0.1) ? { idempotencyKey: `k${chance.below(50)}` } : {};
  switch (chance.below(4)) {
    case 0:
      return { ...place, op: 'put', key: chance.one(KEYS), value: chance.one(TEXTS), ...key };
    case 1:
      return { ...place, op: 'remove', key: chance.one(KEYS), ...key };
    default:
      return { ...place, op: 'append', message: chance.one(TEXTS), ...key };
  }
}

/** The JSON of an object with one field missing, or with something wrong for a value. */
export function mangled(value: object, field: string, chance: Chance): string {
  const copy: Record<string, unknown> = { ...value };
  if (chance.of(0.2)) {
    delete copy[field];
    return JSON.stringify(copy);
  }
  copy[field] = '#';
  let wrong = chance.one(WRONG);
  const numbers = ['-1', '-2'];
  if (field === 'session' && numbers.includes(wrong)) wrong = '"x"';
  if (field === 'updates' && wrong === '[]') wrong = '[1]';
  return JSON.stringify(copy).replace('"#"', wrong);
}

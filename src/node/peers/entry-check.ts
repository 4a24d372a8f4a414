// Checks the operations that another node sends. The rule: they are not rebuilt. Their bytes count,
// unknown fields and the order of fields included, because every replica hashes them. What a client
// could not have asked for is in no log: whoever could read it there could not name it.

import { EPOCH_MAX } from '../../core/ids.ts';
import type { Entry } from '../../core/operation.ts';
import { isTimestamp } from '../../persistence/record/timestamp.ts';
import { BATCH_MAX, IDEMPOTENCY_KEY, isWellFormed, KEY_BYTES_MAX } from '../api/schemas.ts';

interface Wrong {
  /** Which of the entries; null: the list itself. */
  readonly at: number | null;
  readonly message: string;
}

/** What is wrong with a list of entries; null if nothing is. */
export function wrongIn(value: unknown): Wrong | null {
  if (!Array.isArray(value)) return { at: null, message: 'must be a list of operations' };
  let last = 0;
  let lastEpoch = 0;
  for (const [at, item] of value.entries()) {
    const message = wrongWith(item);
    if (message !== null) return { at, message };
    const { index: place, epoch: of } = item as Entry;
    if (place <= last) return { at, message: 'index must be above the one before' };
    if (of < lastEpoch) return { at, message: 'epoch must not be below the one before' };
    last = place;
    lastEpoch = of;
  }
  return null;
}

const isText = (value: unknown): boolean => typeof value === 'string' && isWellFormed(value);
const isCount = (value: unknown, min: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min;

const isIdempotencyKey = (value: unknown): boolean =>
  typeof value === 'string' && IDEMPOTENCY_KEY.test(value);

const WRONG_KEY = `key must be 1 to ${KEY_BYTES_MAX} bytes of UTF-8 without lone surrogates`;

const WRONG_EPOCH = `epoch must be an integer from 0 to ${EPOCH_MAX}`;

/** Of one code unit no more than this many bytes can come. */
const UNIT_BYTES_MAX = 3;

function isKey(value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || !isWellFormed(value)) return false;
  return (
    value.length * UNIT_BYTES_MAX <= KEY_BYTES_MAX || Buffer.byteLength(value) <= KEY_BYTES_MAX
  );
}

/** Unknown fields are kept, but what can be parsed cannot always be written again (B14). */
const LEVELS_MAX = 16;

function isFlat(value: object, levels: number = LEVELS_MAX): boolean {
  for (const field of Object.values(value)) {
    if (typeof field !== 'object' || field === null) continue;
    if (levels === 0 || !isFlat(field, levels - 1)) return false;
  }
  return true;
}

function wrongWith(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'must be an object';
  const item = value as Partial<Record<string, unknown>>;
  if (!isCount(item.index, 1)) return 'index must be an integer from 1 on';
  if (!isCount(item.epoch, 0) || item.epoch > EPOCH_MAX) return WRONG_EPOCH;
  if (typeof item.at !== 'string' || !isTimestamp(item.at)) return 'at must be a time of ISO 8601';
  if (item.batch !== undefined && !(isCount(item.batch, 1) && item.batch <= BATCH_MAX)) {
    return `batch must be an integer from 1 to ${BATCH_MAX}`;
  }
  if (item.idempotencyKey !== undefined && !isIdempotencyKey(item.idempotencyKey)) {
    return 'idempotencyKey must be 1 to 128 printable ASCII characters';
  }
  if (!isFlat(item)) return `must not be nested deeper than ${LEVELS_MAX} levels`;
  switch (item.op) {
    case 'append':
      return isText(item.message) ? null : 'message must be a string without lone surrogates';
    case 'put':
      if (!isText(item.value)) return 'value must be a string without lone surrogates';
      return isKey(item.key) ? null : WRONG_KEY;
    case 'remove':
      return isKey(item.key) ? null : WRONG_KEY;
    default:
      return 'op must be append, put or remove';
  }
}

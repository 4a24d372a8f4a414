// Checks the operations that another node sends. The rule: they are not rebuilt. Their bytes count,
// unknown fields and the order of fields included, because every replica hashes them.

import type { Entry } from '../core/operation.ts';
import { isWellFormed } from './schemas.ts';

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
const isCount = (value: unknown, min: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= min;

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
  if (!isCount(item.epoch, 0)) return 'epoch must be an integer from 0 on';
  if (!isText(item.at)) return 'at must be a time';
  if (item.batch !== undefined && !isCount(item.batch, 1)) return 'batch must be an integer';
  if (item.idempotencyKey !== undefined && !isText(item.idempotencyKey)) {
    return 'idempotencyKey must be a string';
  }
  if (!isFlat(item)) return `must not be nested deeper than ${LEVELS_MAX} levels`;
  switch (item.op) {
    case 'append':
      return isText(item.message) ? null : 'message must be a string without lone surrogates';
    case 'put':
      if (!isText(item.value)) return 'value must be a string without lone surrogates';
      return isText(item.key) ? null : 'key must be a string without lone surrogates';
    case 'remove':
      return isText(item.key) ? null : 'key must be a string without lone surrogates';
    default:
      return 'op must be append, put or remove';
  }
}

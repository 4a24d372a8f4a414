// Takes one append, a batch, or many that travel together, out of a body and checks them by hand:
// the schemas that say the same (schemas.ts) take longer than all else that an append needs before
// it is in the log. The rule: what is anything but usual is left to the schema, which says what is
// wrong with it.

import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { excessIn, VALUES_MAX } from '../http/excess.ts';
import {
  type appendBody,
  BATCH_MAX,
  type batchBody,
  GATHER_MAX,
  type gatherBody,
  IDEMPOTENCY_KEY,
  isWellFormed,
  TIMEOUT_MAX_MS,
} from './schemas.ts';

type Append = z.infer<typeof appendBody>;
type Batch = z.infer<typeof batchBody>;
type Gathered = z.infer<typeof gatherBody>;

/** The append in the body of `POST /messages`; null if the schema has to look at it. */
export function readAppend(bytes: Buffer): Append | null {
  const value = parsed(bytes);
  return isUsual(value, false) ? value : null;
}

/** The batch in the body of `POST /messages/batch`; null if the schema has to look at it. */
export function readBatch(bytes: Buffer): Batch | null {
  const value = parsed(bytes);
  if (typeof value !== 'object' || value === null) return null;
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    if (!(name === 'messages' ? areMessages(field) : isUsualField(name, field))) return null;
  }
  return 'messages' in value ? (value as Batch) : null;
}

function areMessages(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > BATCH_MAX) return false;
  return value.every(isText);
}

/** The appends in the body of `POST /messages/gathered`; null if the schema has to look at it. */
export function readGathered(bytes: Buffer): Gathered | null {
  const value = parsed(bytes);
  if (typeof value !== 'object' || value === null) return null;
  for (const name in value) if (name !== 'appends') return null;
  const { appends } = value as { readonly appends?: unknown };
  if (!Array.isArray(appends) || appends.length === 0 || appends.length > GATHER_MAX) return null;
  return appends.every((append) => isUsual(append, true)) ? (value as Gathered) : null;
}

/** `keyed`: it may have an idempotency key. */
function isUsual(value: unknown, keyed: boolean): value is Append {
  if (typeof value !== 'object' || value === null) return false;
  let message = false;
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name];
    if (name === 'message') {
      if (!isText(field)) return false;
      message = true;
    } else if (name === 'idempotencyKey') {
      if (!keyed || typeof field !== 'string' || !IDEMPOTENCY_KEY.test(field)) return false;
    } else if (!isUsualField(name, field)) return false;
  }
  return message;
}

/** Fields that all kinds of appends have. */
function isUsualField(name: string, field: unknown): boolean {
  switch (name) {
    case 'w':
      return isCount(field) || field === 'majority' || field === 'all';
    case 'timeoutMs':
      return isCount(field) && field <= TIMEOUT_MAX_MS;
    default:
      return false;
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && isWellFormed(value);

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1;

function parsed(bytes: Buffer): unknown {
  if (!isUtf8(bytes) || excessIn(bytes, VALUES_MAX) !== null) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

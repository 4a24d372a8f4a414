// Takes one append, or many that travel together, out of a body and checks them by hand: the
// schemas that say the same (schemas.ts) take longer than all else that an append needs before it
// is in the log. The rule: what is anything but usual is left to the schema, which says what is
// wrong with it.

import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import {
  type appendBody,
  GATHER_MAX,
  type gatherBody,
  IDEMPOTENCY_KEY,
  isWellFormed,
  TIMEOUT_MAX_MS,
} from './schemas.ts';

type Append = z.infer<typeof appendBody>;
type Gathered = z.infer<typeof gatherBody>;

/** The append in the body of `POST /messages`; null if the schema has to look at it. */
export function readAppend(bytes: Buffer): Append | null {
  const value = parsed(bytes);
  return isUsual(value, false) ? value : null;
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
    switch (name) {
      case 'message':
        if (typeof field !== 'string' || !isWellFormed(field)) return false;
        message = true;
        break;
      case 'w':
        if (!isCount(field) && field !== 'majority' && field !== 'all') return false;
        break;
      case 'timeoutMs':
        if (!isCount(field) || field > TIMEOUT_MAX_MS) return false;
        break;
      case 'idempotencyKey':
        if (!keyed || typeof field !== 'string' || !IDEMPOTENCY_KEY.test(field)) return false;
        break;
      default:
        return false;
    }
  }
  return message;
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1;

function parsed(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

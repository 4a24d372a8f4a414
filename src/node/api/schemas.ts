// What clients may send, field by field. Objects are strict: an unknown field is an error, because
// it is usually a typing mistake. The OpenAPI document is made from these same schemas.

import * as z from 'zod';
import type { LogIndex } from '../../core/ids.ts';

/** `String.prototype.isWellFormed` of ES2024, which every supported Node has. */
interface WellFormed {
  isWellFormed(): boolean;
}

/** Whether a string survives its way through UTF-8: a lone surrogate does not (B35). */
export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormed).isWellFormed();
}

/** Any text without lone surrogates. */
export const text: z.ZodString = z
  .string()
  .refine(isWellFormed, { error: 'must not contain a lone surrogate' });

const CONCERN = 'How many nodes must have it before the answer, the master counted.';
const PATIENCE = 'How long to wait for the write concern, in milliseconds.';

/** How many nodes must have an operation before the answer. */
export const writeConcern = z
  .union([z.int().min(1), z.enum(['majority', 'all'])], {
    error: 'must be an integer from 1 on, "majority" or "all"',
  })
  .meta({ description: CONCERN });

/** A day at most: above 2³¹−1 ms a timer of Node fires at once (B52). */
export const TIMEOUT_MAX_MS: number = 86_400_000;

/** What can be an `Idempotency-Key` (contract, section 3). */
export const IDEMPOTENCY_KEY: RegExp = /^[\x20-\x7e]{1,128}$/;

const timeoutMs = z.int().min(1).max(TIMEOUT_MAX_MS).meta({ description: PATIENCE });

export const appendBody = z.strictObject({
  message: text,
  w: writeConcern.exactOptional(),
  timeoutMs: timeoutMs.exactOptional(),
});

/** Bytes of UTF-8 in a key (contract, section 4). */
export const KEY_BYTES_MAX: number = 1_024;

/** Messages in one batch (contract, section 3). */
export const BATCH_MAX: number = 10_000;

export const batchBody = z.strictObject({
  messages: z.array(text).min(1).max(BATCH_MAX),
  w: writeConcern.exactOptional(),
  timeoutMs: timeoutMs.exactOptional(),
});

const idempotencyKey = z
  .string()
  .regex(IDEMPOTENCY_KEY, { error: 'must be 1 to 128 printable ASCII characters' })
  .meta({ description: 'That of the write, 1 to 128 printable ASCII characters.' });

/** Appends in one gathered request. */
export const GATHER_MAX: number = 1_000;

export const gatherBody = z.strictObject({
  appends: z
    .array(
      z.strictObject({
        message: text,
        w: writeConcern.exactOptional(),
        timeoutMs: timeoutMs.exactOptional(),
        idempotencyKey: idempotencyKey.exactOptional(),
      }),
    )
    .min(1)
    .max(GATHER_MAX),
});

const operationId = z
  .union([text, z.int()], { error: 'must be a string or an integer' })
  .meta({ description: 'Chosen by the client and echoed; never used to suppress duplicates.' });

export const removeBody = z.strictObject({
  id: operationId.exactOptional(),
  w: writeConcern.exactOptional(),
  timeoutMs: timeoutMs.exactOptional(),
});

export const putBody = removeBody.extend({ value: text });

/** The parts of a query are text; these are strict integers in them, from 1 to `max`. */
export const positive = (max: number) =>
  z
    .string()
    .regex(/^(?:0|[1-9]\d{0,15})$/, { error: 'must be an integer from 1 on' })
    .transform(Number)
    .pipe(z.int().min(1).max(max));

const index = positive(Number.MAX_SAFE_INTEGER).meta({
  description: 'Index of the log to begin at.',
}) as unknown as z.ZodType<LogIndex>;

/** How fresh a read must be (contract, section 3). */
const readLevel = z.enum(['local', 'majority', 'linearizable']);

export type ReadLevel = z.infer<typeof readLevel>;

const read = readLevel.default('local').meta({
  description:
    'local: what this node shows. majority: only what is on a majority. linearizable: master only.',
});

export const levelQuery = z.strictObject({ read });

export const outcomeQuery = z.strictObject({ read, idempotencyKey });

const LIMIT = 'At most so many; `next` in the answer says where to go on.';

export const messagesQuery = z.strictObject({
  read,
  from: z.exactOptional(index),
  limit: positive(Number.MAX_SAFE_INTEGER).meta({ description: LIMIT }).exactOptional(),
});

/** Entries in one answer of `GET /log` and keys in one of `GET /kv` (contract, section 3). */
const PAGE_MAX: number = 10_000;

export const logQuery = z.strictObject({
  read,
  from: z.exactOptional(index),
  limit: positive(PAGE_MAX).default(1_000).meta({ description: LIMIT }),
});

const textId = text.meta({ description: 'Chosen by the client, and echoed as a string.' });

export const keyQuery = z.strictObject({ read, id: textId.exactOptional() });

/** For what is asked for without more: in a query nothing may stand. */
export const noQuery = z.strictObject({});

/** For a Remove without a body: its fields as text. */
export const removeQuery = z.strictObject({
  id: textId.exactOptional(),
  w: z
    .union([z.enum(['majority', 'all']), positive(Number.MAX_SAFE_INTEGER)], {
      error: 'must be a number from 1, "majority" or "all"',
    })
    .meta({ description: CONCERN })
    .exactOptional(),
  timeoutMs: positive(TIMEOUT_MAX_MS).meta({ description: PATIENCE }).exactOptional(),
});

export const keysQuery = z.strictObject({
  read,
  prefix: text.default('').meta({ description: 'Only keys that begin with it.' }),
  after: text.meta({ description: 'Only keys behind this one.' }).exactOptional(),
  limit: positive(PAGE_MAX).default(1_000).meta({ description: LIMIT }),
});

// Schemas of what successful answers contain. They describe, for the OpenAPI document and the
// tests; answers are never run through them.

import * as z from 'zod';
import { NODE_ID_PATTERN } from '../../core/ids.ts';
import { writeConcern } from './schemas.ts';

export const ok = z.strictObject({ status: z.literal('ok') });

export const indexOut = z.int().min(0);
export const nodeOut = z.string().regex(NODE_ID_PATTERN);
export const acks = z
  .array(nodeOut)
  .meta({ description: 'Nodes that had it when the answer left.' });
const ms = z.number().meta({ description: 'Milliseconds from arrival to answer.' });
const duplicate = z
  .literal(true)
  .exactOptional()
  .meta({ description: 'The Idempotency-Key was known: nothing was appended.' });

const durable = z.boolean().meta({ description: 'The node that answers has it on disk.' });

const receipt = z
  .string()
  .exactOptional()
  .meta({ description: 'With `Prefer: receipt`: what this acknowledgement survives.' });

/** Who has it, and what that is worth. */
const acknowledgement = { w: writeConcern, acks, durable, ms, duplicate, receipt };

export const appended = z.strictObject({ index: indexOut, ...acknowledgement });

export const batchAppended = z.strictObject({
  first: indexOut,
  last: indexOut,
  count: z.int().min(1),
  ...acknowledgement,
});

/** One line of the answer to a gathered request. */
export const gatheredLine = z.strictObject({
  n: z.int().min(0).meta({ description: 'Which of `appends` this answers, from 0 on.' }),
  status: z.int().meta({ description: 'What `POST /messages` would have answered.' }),
  headers: z.record(z.string(), z.string()).exactOptional(),
  body: z.looseObject({}),
});

export const messageList = z.strictObject({
  messages: z.array(z.string()),
  lastIndex: indexOut.meta({ description: 'Up to where this read saw the log.' }),
  next: indexOut
    .nullable()
    .exactOptional()
    .meta({ description: 'With from or limit: where to continue, or null at the end.' }),
});

const place = { index: indexOut, epoch: z.int().min(0), at: z.iso.datetime() };

export const entryOut = z.discriminatedUnion('op', [
  z.strictObject({ ...place, op: z.literal('append'), message: z.string() }),
  z.strictObject({ ...place, op: z.literal('put'), key: z.string(), value: z.string() }),
  z.strictObject({ ...place, op: z.literal('remove'), key: z.string() }),
]);

export const logPage = z.strictObject({
  entries: z.array(entryOut),
  lastIndex: indexOut,
  commitIndex: indexOut,
  next: indexOut.nullable(),
});

export const operationIdOut = z
  .union([z.string(), z.int()])
  .nullable()
  .meta({ description: 'As the client sent it; null if it sent none.' });

export const operationAck = z.strictObject({
  result: z.literal('OperationAck'),
  id: operationIdOut,
  key: z.string(),
  index: indexOut,
  acks,
  ms,
  duplicate,
});

export const getResult = z.strictObject({
  result: z.literal('GetResult'),
  id: operationIdOut,
  key: z.string(),
  value: z.string(),
  index: indexOut,
});

export const absent = z.strictObject({
  result: z.literal('GetResult'),
  id: operationIdOut,
  key: z.string(),
  value: z.null(),
});

export const keyList = z.strictObject({
  items: z.array(z.strictObject({ key: z.string(), value: z.string(), index: indexOut })),
  next: z.string().nullable().meta({ description: 'Pass it as `after` to continue, or null.' }),
});

export const stored = z.strictObject({
  state: z.literal('stored'),
  index: indexOut,
  acks,
});

export const peerOut = z.strictObject({ node: nodeOut, url: z.string() });

const member = z.strictObject({
  node: nodeOut,
  url: z.string(),
  role: z.enum(['master', 'secondary']),
  status: z.enum(['Healthy', 'Suspected', 'Unhealthy']),
  since: z.iso.datetime(),
  lastHeartbeatMs: z.number().nullable().meta({ description: 'Age of the last answer.' }),
  ackedIndex: indexOut.nullable(),
  lagEntries: z.int(),
  lagMs: z.number(),
  attempts: z.int(),
  retryInMs: z.number().nullable(),
  lastError: z.string().nullable(),
});

export const foundDamage = z.strictObject({
  file: z.string(),
  offset: z.int().min(0).meta({ description: 'In the file, in bytes.' }),
  after: indexOut.meta({ description: 'The log was whole up to here.' }),
  upTo: indexOut.meta({ description: 'It had gone on to here, at least.' }),
  foundAt: z.iso.datetime(),
  mendedAt: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'Since when it has again what was lost; null: not yet.' }),
  running: z.literal(true).exactOptional().meta({
    description:
      'A read met it since the start: what is there cannot be read, and the next start mends it.',
  }),
});

/** Only where there was some. */
const damage = foundDamage.exactOptional().meta({
  description:
    'Damage of its log that this process met, found at its start, or had yet to mend then.',
});

export const masterHealth = z.strictObject({
  node: nodeOut,
  role: z.literal('master'),
  epoch: z.int(),
  mode: z.enum(['read-write', 'read-only']).meta({
    description:
      'read-write: writes are taken in. Where they wait for a disk that stands still, the ' +
      "`ackedIndex` of the master's own entry stays behind `lastIndex`.",
  }),
  reason: z.string().nullable(),
  lastIndex: indexOut,
  commitIndex: indexOut,
  quorum: z.strictObject({ size: z.int(), needed: z.int(), alive: z.int() }),
  members: z.array(member),
  failover: z
    .literal(true)
    .exactOptional()
    .meta({ description: 'Another node takes over if a majority hears nothing of this one.' }),
  damage,
});

export const followerHealth = z.strictObject({
  node: nodeOut,
  role: z.enum(['secondary', 'removed']).nullable(),
  epoch: z.int(),
  master: peerOut.nullable(),
  lastIndex: indexOut,
  commitIndex: indexOut,
  status: z.literal('ok'),
  damage,
});

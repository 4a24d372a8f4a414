// The key-value view: Insert, Remove, Get and list (contract, section 4).

import type { LogIndex, OperationId } from '../../core/ids.ts';
import type { Operation } from '../../core/operation.ts';
import { keyOf, listKeys, readKey } from '../api/key-reader.ts';
import { keyValueAnswer } from '../api/outcomes.ts';
import { keyQuery, keysQuery, putBody, removeBody, removeQuery } from '../api/schemas.ts';
import { absent, getResult, keyList, operationAck } from '../api/success.ts';
import { type WriteRequest, write } from '../api/write.ts';
import type { Answer } from '../http/answer.ts';
import { BODY_LIMIT, readJson } from '../http/body.ts';
import { type Call, header, idempotencyKey } from '../http/call.ts';
import { invalid, RequestRefused } from '../http/problems.ts';
import { readQuery } from '../http/query.ts';
import type { Route, RouteDoc, Site } from '../http/route.ts';
import { IDEMPOTENCY_HEADER, WRITE_PROBLEMS } from './messages.ts';

/** The text's own rule: within 1.0 to 1.2 s every request is answered. */
const DEFAULT_TIMEOUT_MS = 1_000;

const PATH = '/kv/:key{.+}';
/** The empty key: a key like any other, only too short. */
const EMPTY_KEY_PATH = '/kv/';

const KEY_PARAM = { key: 'URL-encoded, 1–1,024 bytes of UTF-8; a slash is an ordinary character.' };

const WRITE_HEADERS = {
  ...IDEMPOTENCY_HEADER,
  'If-Match': '`"<index>"`: write only if this is the index of the key. `*`: only if it has one.',
  'If-None-Match': '`*`: write only if the key has no value.',
};

const DONE = { status: 200, description: 'Done.', schema: operationAck } as const;

const TAG = { ETag: '`"<index>"`, for `If-Match`.' };

const WRITE_DOC = {
  params: KEY_PARAM,
  headers: WRITE_HEADERS,
  problems: [...WRITE_PROBLEMS, 'operation-failed', 'precondition-failed'],
} as const satisfies Partial<RouteDoc>;

export function keyValueRoutes(site: Site): Route[] {
  return [
    {
      method: 'PUT',
      path: PATH,
      alias: EMPTY_KEY_PATH,
      access: 'client',
      doc: {
        id: 'putValue',
        summary: 'Give a key a value (Insert)',
        description: 'By default waits for all members, for 1,000 ms.',
        body: { schema: putBody },
        success: [{ ...DONE, headers: TAG }],
        ...WRITE_DOC,
      },
      direct: true,
      handle: (call) => put(site, call),
    },
    {
      method: 'DELETE',
      path: PATH,
      alias: EMPTY_KEY_PATH,
      access: 'client',
      doc: {
        id: 'removeValue',
        summary: 'Remove a key (Remove)',
        description: 'Removing a key that does not exist is an ordinary removal.',
        body: { schema: removeBody, optional: true },
        query: removeQuery,
        success: [DONE],
        ...WRITE_DOC,
      },
      direct: true,
      handle: (call) => remove(site, call),
    },
    {
      method: 'GET',
      path: PATH,
      alias: EMPTY_KEY_PATH,
      access: 'client',
      doc: {
        id: 'getValue',
        summary: 'The value of a key (Get)',
        description: 'Absent: 404 with a GetResult whose value is null, not a problem document.',
        params: KEY_PARAM,
        query: keyQuery,
        success: [
          { status: 200, description: 'The value.', schema: getResult, headers: TAG },
          { status: 404, description: 'The key has no value.', schema: absent },
        ],
        problems: ['not-linearizable', 'damaged-log', 'not-ready'],
      },
      handle: (call) => readKey(site, call),
    },
    {
      method: 'GET',
      path: '/kv',
      access: 'client',
      doc: {
        id: 'listKeys',
        summary: 'Keys and values, in the order of the code points of the keys (of their bytes)',
        query: keysQuery,
        success: [{ status: 200, description: 'A page of keys.', schema: keyList }],
        problems: ['not-linearizable', 'damaged-log', 'not-ready'],
      },
      handle: (call) => listKeys(site, call),
    },
  ];
}

async function put(site: Site, call: Call): Promise<Answer> {
  const key = keyOf(call);
  const ifIndex = precondition(call);
  const { value, ...asked } = await readJson(call, BODY_LIMIT, putBody);
  return change(site, call, { op: 'put', key, value }, { ...asked, ifIndex });
}

async function remove(site: Site, call: Call): Promise<Answer> {
  const key = keyOf(call);
  const ifIndex = precondition(call);
  const query = readQuery(call, removeQuery);
  const body = await readJson(call, BODY_LIMIT, removeBody, {});
  const asked = { ...query, ...body };
  return change(site, call, { op: 'remove', key }, { ...asked, ifIndex });
}

interface Change {
  readonly id?: OperationId;
  readonly w?: number | 'majority' | 'all';
  readonly timeoutMs?: number;
  readonly ifIndex: Expected;
}

/** As in `Write`. */
type Expected = WriteRequest['ifIndex'];

/** The index that no operation has. */
const NEVER = 0 as LogIndex;

function change(
  site: Site,
  call: Call,
  operation: Exclude<Operation, { op: 'append' }>,
  asked: Change,
): Promise<Answer> {
  const request = {
    operations: [operation],
    batch: false,
    w: asked.w ?? 'all',
    timeoutMs: asked.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    idempotencyKey: idempotencyKey(call),
    ifIndex: asked.ifIndex,
  };
  const { key, op } = operation;
  const place = { id: asked.id ?? null, key, removed: op === 'remove' };
  return write(site, call, request, (outcome, about) => keyValueAnswer(outcome, about, place));
}

/** `If-Match: "<index>"` or `*`, or `If-None-Match: *`; undefined if neither is there. A tag that
 * is none of ours is no mistake: it matches nothing. */
function precondition(call: Call): Expected {
  const match = header(call, 'if-match');
  const none = header(call, 'if-none-match');
  if (match === undefined && none === undefined) return undefined;
  if (match === undefined && none === '*') return null;
  if (match === '*' && none === undefined) return 'any';
  const index = match === undefined || none !== undefined ? undefined : indexIn(match);
  if (index !== undefined) return index;
  const path = none === undefined ? 'If-Match' : 'If-None-Match';
  const message = 'use one of If-Match: "<index>", If-Match: * and If-None-Match: *';
  throw new RequestRefused(invalid([{ path, message }]));
}

/** The index in a tag; NEVER if the tag is none of ours; undefined if this is not one tag. */
function indexIn(tag: string): LogIndex | undefined {
  const own = /^"([1-9]\d{0,15})"$/.exec(tag)?.[1];
  if (own !== undefined) return Number(own) as LogIndex;
  return /^(?:W\/)?"[^",]*"$/.test(tag) ? NEVER : undefined;
}

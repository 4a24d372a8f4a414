// The key-value view: Insert, Remove, Get and list (contract, section 4).

import type { LogIndex, OperationId } from '../../core/ids.ts';
import type { Operation } from '../../core/operation.ts';
import { json, jsonText, toResponse } from '../answer.ts';
import { BODY_LIMIT, readJson } from '../body.ts';
import { type Call, header, idempotencyKey, tailOf } from '../call.ts';
import { entryAt } from '../log-reader.ts';
import { keyValueAnswer } from '../outcomes.ts';
import { invalid, RequestRefused } from '../problems.ts';
import { readQuery } from '../query.ts';
import { shownUpTo } from '../read-level.ts';
import type { Route, RouteDoc, Site } from '../route.ts';
import { keyQuery, keysQuery, putBody, removeBody } from '../schemas.ts';
import { getResult, keyList, operationAck } from '../success.ts';
import { bodyOf } from '../text-stream.ts';
import { write } from '../write.ts';
import { IDEMPOTENCY_HEADER, WRITE_PROBLEMS } from './messages.ts';

/** The text's own rule: within 1.0 to 1.2 s every request is answered. */
const DEFAULT_TIMEOUT_MS = 1_000;

/** Bytes of UTF-8 in a key (contract, section 4). */
const KEY_BYTES_MAX = 1_024;

const PATH = '/kv/:key{.+}';
/** The empty key: a key like any other, only too short. */
const EMPTY_KEY_PATH = '/kv/';

const KEY_PARAM = { key: 'URL-encoded, 1–1,024 bytes of UTF-8; a slash is an ordinary character.' };

const WRITE_HEADERS = {
  ...IDEMPOTENCY_HEADER,
  'If-Match': '`"<index>"`: write only if this is the index of the key.',
  'If-None-Match': '`*`: write only if the key has no value.',
};

const WRITE_DOC = {
  params: KEY_PARAM,
  headers: WRITE_HEADERS,
  success: [{ status: 200, description: 'Done.', schema: operationAck }],
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
        ...WRITE_DOC,
      },
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
        ...WRITE_DOC,
      },
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
        success: [{ status: 200, description: 'The value.', schema: getResult }],
        problems: ['not-linearizable'],
      },
      handle: (call) => get(site, call),
    },
    {
      method: 'GET',
      path: '/kv',
      access: 'client',
      doc: {
        id: 'listKeys',
        summary: 'Keys and values, in key order',
        query: keysQuery,
        success: [{ status: 200, description: 'A page of keys.', schema: keyList }],
        problems: ['not-linearizable'],
      },
      handle: (call) => list(site, call),
    },
  ];
}

async function put(site: Site, call: Call): Promise<Response> {
  const key = keyOf(call);
  const ifIndex = precondition(call);
  const { value, ...asked } = await readJson(call, BODY_LIMIT, putBody);
  return change(site, call, { op: 'put', key, value }, { ...asked, ifIndex });
}

async function remove(site: Site, call: Call): Promise<Response> {
  const key = keyOf(call);
  const ifIndex = precondition(call);
  const asked = await readJson(call, BODY_LIMIT, removeBody, {});
  return change(site, call, { op: 'remove', key }, { ...asked, ifIndex });
}

interface Change {
  readonly id?: OperationId;
  readonly w?: number | 'majority' | 'all';
  readonly timeoutMs?: number;
  readonly ifIndex: LogIndex | null | undefined;
}

function change(
  site: Site,
  call: Call,
  operation: Exclude<Operation, { op: 'append' }>,
  asked: Change,
): Promise<Response> {
  const request = {
    operations: [operation],
    batch: false,
    w: asked.w ?? 'all',
    timeoutMs: asked.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    idempotencyKey: idempotencyKey(call),
    ifIndex: asked.ifIndex,
  };
  const place = { id: asked.id ?? null, key: operation.key };
  return write(site, call, request, (outcome, about) => keyValueAnswer(outcome, about, place));
}

function keyOf(call: Call): string {
  const key = tailOf(call, '/kv/', 'key');
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= KEY_BYTES_MAX) return key;
  const message = `must be 1 to ${KEY_BYTES_MAX} bytes of UTF-8, not ${bytes}`;
  throw new RequestRefused(invalid([{ path: 'key', message }]));
}

/** `If-Match: "<index>"` or `If-None-Match: *`; undefined if neither is there. */
function precondition(call: Call): LogIndex | null | undefined {
  const match = header(call, 'if-match');
  const none = header(call, 'if-none-match');
  if (match === undefined && none === undefined) return undefined;
  if (match === undefined && none === '*') return null;
  const index = none === undefined ? /^"([1-9]\d{0,15})"$/.exec(match ?? '')?.[1] : undefined;
  if (index !== undefined) return Number(index) as LogIndex;
  const path = none === undefined ? 'If-Match' : 'If-None-Match';
  const message = 'use one of If-Match: "<index>" and If-None-Match: *';
  throw new RequestRefused(invalid([{ path, message }]));
}

async function get(site: Site, call: Call): Promise<Response> {
  const key = keyOf(call);
  const { id = null, read } = readQuery(call, keyQuery);
  const upTo = await shownUpTo(site.engine, read, call);
  const found = await valueAt(site, key, upTo);
  if (found === null) {
    return toResponse(json(404, { result: 'GetResult', id, key, value: null }));
  }
  const { value, index } = found;
  const headers = { etag: `"${index}"` };
  return toResponse(json(200, { result: 'GetResult', id, key, value, index }, headers));
}

interface Value {
  readonly value: string;
  readonly index: LogIndex;
}

/** The value of a key as of `upTo`. Where that very operation has been compacted away or cut off
 * since, there is a newer state, and that is read instead. */
async function valueAt(site: Site, key: string, upTo: LogIndex): Promise<Value | null> {
  const { engine } = site;
  let limit = upTo;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const index = engine.findValue(key, limit);
    if (index === null) return null;
    const { persistence } = engine;
    const entry = index > persistence.lastIndex ? null : await entryAt(persistence, index);
    if (entry?.op === 'put' && entry.key === key) return { value: entry.value, index };
    limit = persistence.lastIndex;
  }
  throw new Error(`the value of a key is not where the index says, at or below ${limit}`);
}

async function list(site: Site, call: Call): Promise<Response> {
  const query = readQuery(call, keysQuery);
  const upTo = await shownUpTo(site.engine, query.read, call);
  const keys = site.engine.listKeys(query.prefix, query.after ?? null, upTo);
  const page = keys.slice(0, query.limit).map(({ key }) => key);
  const next = keys.length > page.length ? (page.at(-1) ?? null) : null;
  const body = await bodyOf(pieces(site, page, upTo, next));
  return typeof body === 'string'
    ? toResponse(jsonText(200, body))
    : new Response(body, { headers: { 'content-type': 'application/json' } });
}

async function* pieces(
  site: Site,
  keys: readonly string[],
  upTo: LogIndex,
  next: string | null,
): AsyncGenerator<string> {
  let separator = '';
  let text = '{"items":[';
  for (const key of keys) {
    const found = await valueAt(site, key, upTo);
    if (found === null) continue;
    text += `${separator}${JSON.stringify({ key, ...found })}`;
    separator = ',';
    if (text.length < PIECE_MIN) continue;
    yield text;
    text = '';
  }
  yield `${text}],"next":${JSON.stringify(next)}}`;
}

/** Short values are sent together. */
const PIECE_MIN = 16 << 10;

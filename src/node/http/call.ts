// One HTTP request as the routes see it: Hono's context, with what Node knows of the request where
// the app runs on a real server. Headers are read from there, because that costs nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'hono';
import { IDEMPOTENCY_KEY } from '../api/schemas.ts';
import type { BodyRoom } from './body-room.ts';
import { invalid, RequestRefused } from './problems.ts';

export interface NodeEnv {
  Bindings: {
    readonly incoming?: IncomingMessage;
    readonly outgoing?: ServerResponse;
    /** The same as `outgoing`, where no web objects stand around the request: the handler may
     * write its answer there piece by piece. */
    readonly direct?: ServerResponse;
    /** Where the bodies that are being read find room; absent: they are not counted together. */
    bodies?: BodyRoom;
    /** When the body had come, on the monotonic clock, if it waited for its turn then. */
    bodyAt?: number | undefined;
  };
}

export type Call = Context<NodeEnv>;

/** A request header by its lower-case name; undefined if absent. */
export function header(call: Call, name: string): string | undefined {
  const incoming = call.env?.incoming;
  if (incoming === undefined) {
    return call.req.raw.headers.get(name) ?? undefined;
  }
  const value = incoming.headers[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

/** Path and query of a URL, exactly as they were sent. */
export function target(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  return start === -1 ? '/' : url.slice(start);
}

/** The path of a URL, still percent-encoded. */
export function rawPath(url: string): string {
  const text = target(url);
  const end = text.search(/[?#]/);
  return end === -1 ? text : text.slice(0, end);
}

/** Decodes what stood in a path or a query. Throws RequestRefused (400) if it is not UTF-8. */
export function decoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    const message = 'is not valid percent-encoded UTF-8';
    throw new RequestRefused(invalid([{ path: name, message }]));
  }
}

/** What follows `prefix` in the path, decoded. */
export function tailOf(call: Call, prefix: string, name: string): string {
  return decoded(rawPath(call.req.url).slice(prefix.length), name);
}

/** The `Idempotency-Key` (contract, section 3: 1–128 printable ASCII); undefined if absent. */
export function idempotencyKey(call: Call): string | undefined {
  const key = header(call, 'idempotency-key');
  if (key === undefined) return undefined;
  // Node puts such headers together, and so does every proxy: nobody could tell which one counts.
  const incoming = call.env?.incoming;
  if (key.includes(JOINED) && incoming !== undefined && isRepeated(incoming, 'idempotency-key')) {
    const message = 'stands there more than once';
    throw new RequestRefused(invalid([{ path: 'Idempotency-Key', message }]));
  }
  return checkedKey(key);
}

/** What stands between the values of headers that were put together. */
const JOINED = ', ';

/** Whether a header, by its lower-case name, stands there more than once. Where only one makes
 * sense, Node keeps the first and says nothing of the others. */
export function isRepeated({ rawHeaders }: IncomingMessage, name: string): boolean {
  let count = 0;
  // Names and values take turns.
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const line = rawHeaders[i]!;
    if (line.length === name.length && line.toLowerCase() === name) count += 1;
  }
  return count > 1;
}

/** Throws RequestRefused (400) if this cannot be an idempotency key. */
export function checkedKey(key: string): string {
  if (IDEMPOTENCY_KEY.test(key)) return key;
  const message = 'must be 1 to 128 printable ASCII characters';
  throw new RequestRefused(invalid([{ path: 'Idempotency-Key', message }]));
}

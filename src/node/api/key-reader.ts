// Reads of the key-value view (contract, section 4): which operation gave a key its value is known
// from memory, the value itself is read from the log.

import type { LogIndex } from '../../core/ids.ts';
import { json, toResponse } from '../http/answer.ts';
import { readerOf } from '../http/answer-reader.ts';
import { type Call, tailOf } from '../http/call.ts';
import { invalid, RequestRefused } from '../http/problems.ts';
import { readQuery } from '../http/query.ts';
import type { Site } from '../http/route.ts';
import { jsonOf } from '../http/text-stream.ts';
import { entryAt, LogCutBack } from '../reading/log-reader.ts';
import type { Reader } from '../reading/reading-room.ts';
import { shownUpTo } from './read-level.ts';
import { KEY_BYTES_MAX, keyQuery, keysQuery } from './schemas.ts';

/** The key in the path. Throws RequestRefused (400) if it is none. */
export function keyOf(call: Call): string {
  const key = tailOf(call, '/kv/', 'key');
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= KEY_BYTES_MAX) return key;
  // A URL drops "." and "..", however they are written: whoever meant one would wonder.
  const dots = bytes === 0 ? '; a URL cannot carry "." and ".."' : '';
  const message = `must be 1 to ${KEY_BYTES_MAX} bytes of UTF-8, not ${bytes}${dots}`;
  throw new RequestRefused(invalid([{ path: 'key', message }]));
}

/** `GET /kv/:key`. */
export async function readKey(site: Site, call: Call): Promise<Response> {
  const key = keyOf(call);
  const { id = null, read } = readQuery(call, keyQuery);
  const upTo = await shownUpTo(site, read, call);
  const found = await valueAt(site, readerOf(site, call), key, upTo);
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

/** The value of a key as of `upTo`, or of what has been committed since. Where that very operation
 * was compacted away or cut off while it was read, the key's newer state is asked for instead. */
async function valueAt(
  { engine }: Site,
  reader: Reader,
  key: string,
  upTo: LogIndex,
): Promise<Value | null> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const index = engine.findValue(key, upTo);
    if (index === null) return null;
    const { persistence } = engine;
    const entry = index > persistence.lastIndex ? null : await entryAt(persistence, index, reader);
    if (entry?.op === 'put' && entry.key === key) return { value: entry.value, index };
  }
  throw new Error(`the value of a key is not where the index says, at or below ${upTo}`);
}

/** `GET /kv`. */
export async function listKeys(site: Site, call: Call): Promise<Response> {
  const query = readQuery(call, keysQuery);
  const upTo = await shownUpTo(site, query.read, call);
  // One more tells whether there is another page.
  const keys = site.engine.listKeys(query.prefix, query.after ?? null, upTo, query.limit + 1);
  const page = keys.slice(0, query.limit).map(({ key }) => key);
  const next = keys.length > page.length ? (page.at(-1) ?? null) : null;
  return jsonOf(pieces(site, readerOf(site, call), page, upTo, next));
}

async function* pieces(
  site: Site,
  reader: Reader,
  keys: readonly string[],
  upTo: LogIndex,
  next: string | null,
): AsyncGenerator<Buffer> {
  const { cuts } = site.engine;
  let separator = '';
  let text = '{"items":[';
  for (const key of keys) {
    if (site.engine.cuts !== cuts) throw new LogCutBack('the log was cut back');
    const found = await valueAt(site, reader, key, upTo);
    if (found === null) continue;
    text += `${separator}${JSON.stringify({ key, ...found })}`;
    separator = ',';
    if (text.length < PIECE_MIN) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(`${text}],"next":${JSON.stringify(next)}}`);
}

/** Short values are sent together. */
const PIECE_MIN = 16 << 10;

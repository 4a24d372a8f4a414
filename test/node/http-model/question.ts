// A request as the contract reads it: where it goes, what its query and its body say, and what is
// wrong with it before anybody asks what it means.

import { type Json, parsed, type Refusal } from './expectation.ts';
import type { WireRequest } from './wire-connection.ts';

const INVALID: Refusal = '400 invalid-request';
const MIB = 1 << 20;

export class Question {
  readonly request: WireRequest;
  readonly path: string;
  readonly query = new Map<string, string>();
  readonly refusals: Refusal[] = [];
  private readonly url: URL;

  constructor(request: WireRequest) {
    this.request = request;
    this.url = new URL(request.target, 'http://localhost');
    this.path = this.url.pathname;
    for (const part of this.url.search.slice(1).split('&')) this.readPart(part);
    const host = this.header('host');
    if (!/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d*)?$/i.test(host ?? '')) {
      this.refuse('421 unknown-host');
    }
    const origin = this.header('origin');
    if (origin !== undefined && origin !== `http://${host}`) this.refuse('403 foreign-origin');
  }

  private readonly repeated: string[] = [];
  private unreadable = false;

  private readPart(part: string): void {
    if (part === '') return;
    const [name = '', ...value] = part.replaceAll('+', ' ').split('=');
    const pair = [name, value.join('=')].map(decoded);
    if (pair.includes(null)) this.unreadable = true;
    else if (this.query.has(pair[0]!)) this.repeated.push(pair[0]!);
    else this.query.set(pair[0]!, pair[1]!);
  }

  refuse(refusal: Refusal): void {
    this.refusals.push(refusal);
  }

  /** Refuses what is not as `holds` says. */
  demand(holds: boolean): void {
    if (!holds) this.refuse(INVALID);
  }

  header(name: string): string | undefined {
    return this.request.headers.find(([each]) => each.toLowerCase() === name)?.[1];
  }

  /** What stands in the path behind `prefix`. */
  tail(prefix: string): string {
    const text = decoded(this.path.slice(prefix.length));
    this.demand(text !== null);
    return text ?? '';
  }

  /** A query may have these parts, once each. */
  demandParts(names: readonly string[]): void {
    const known = [...this.query.keys()].every((name) => names.includes(name));
    this.demand(known && this.repeated.length === 0 && !this.unreadable);
  }

  /** Where a body says everything, none of its fields may stand in the query. */
  demandOutside(fields: readonly string[]): void {
    this.demand(!fields.some((name) => this.query.has(name)));
  }

  /** An integer of the query. */
  count(name: string, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.query.get(name);
    if (text === undefined) return undefined;
    this.demand(/^[1-9]\d{0,15}$/.test(text) && Number(text) <= most);
    return Number(text);
  }

  /** The fields of a JSON body; undefined if they cannot be read. `absent` stands for no body. */
  fields(limit: number = MIB, absent?: Json): Json | undefined {
    const { body } = this.request;
    const bytes = body ?? Buffer.alloc(0);
    this.demandLength(limit);
    if (bytes.length === 0 && absent !== undefined) return absent;
    if (!JSON_TYPE.test(this.header('content-type') ?? '')) {
      this.refuse('415 unsupported-media-type');
    }
    const value = bytes.length > limit ? undefined : parsed(bytes);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    this.demand(isObject || bytes.length > limit);
    return isObject ? value : undefined;
  }

  demandLength(limit: number = MIB): void {
    if ((this.request.body?.length ?? 0) > limit) this.refuse('413 too-large');
    const encoding = this.header('content-encoding') ?? 'identity';
    if (encoding !== 'identity') this.refuse('415 unsupported-media-type');
  }

  idempotencyKey(): string | undefined {
    const key = this.header('idempotency-key');
    if (key !== undefined) this.demand(isIdempotencyKey(key));
    return key;
  }
}

/** Both ways of writing the one charset of JSON; the requests of these tests name no others. */
const JSON_TYPE = /^application\/json(?:; ?charset=utf-?8)?$/i;

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export const isIdempotencyKey = (key: unknown): key is string =>
  typeof key === 'string' && /^[\x20-\x7e]{1,128}$/.test(key);

const isText = (value: unknown): boolean =>
  typeof value === 'string' && !/\p{Surrogate}/u.test(value);

const isCount = (value: unknown, most: number): boolean =>
  Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most;

/** How each field of a body has to be. */
const FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  message: isText,
  value: isText,
  id: (value) => isText(value) || Number.isSafeInteger(value),
  w: (value) => value === 'majority' || value === 'all' || isCount(value, 2 ** 53),
  timeoutMs: (value) => isCount(value, 86_400_000),
  idempotencyKey: isIdempotencyKey,
  messages: (value) => isList(value, 10_000) && value.every(isText),
  appends: (value) =>
    isList(value, 1_000) && value.every((one) => areFields(one, ['message'], APPEND_MAY)),
};

export const ASKED = ['w', 'timeoutMs'];
const APPEND_MAY = [...ASKED, 'idempotencyKey'];

const isList = (value: unknown, most: number): value is unknown[] =>
  Array.isArray(value) && value.length >= 1 && value.length <= most;

/** Whether these are all fields that must be there, and others only of those that may. */
export function areFields(
  value: unknown,
  must: readonly string[],
  may: readonly string[],
): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  if (!must.every((name) => names.includes(name))) return false;
  return Object.entries(value).every(
    ([name, field]) => (must.includes(name) || may.includes(name)) && FIELDS[name]!(field),
  );
}

// The query of a URL, checked: every part at most once, valid UTF-8, strict integers.

import type * as z from 'zod';
import { type Call, decoded, target } from './call.ts';
import { invalid, RequestRefused } from './problems.ts';
import { checked } from './validation.ts';

/** Throws RequestRefused (400) for anything the schema does not allow. */
export function readQuery<T>(call: Call, schema: z.ZodType<T>): T {
  // No prototype: `__proto__` is an unknown field like any other.
  const parts: Record<string, string> = Object.create(null);
  for (const [name, value] of partsOf(call)) {
    if (name in parts) {
      throw new RequestRefused(invalid([{ path: name, message: 'stands there more than once' }]));
    }
    parts[name] = value;
  }
  return checked(schema, parts);
}

/** The names that a body may have fields of. */
export function fieldsOf(schema: z.ZodType | undefined): readonly string[] {
  return schema !== undefined && 'shape' in schema
    ? Object.keys((schema as z.ZodObject).shape)
    : [];
}

/** Throws RequestRefused (400) where a field of the body stands in the query: whoever writes `?w=3`
 * must not get an acknowledgement of less. */
export function refuseInQuery(call: Call, fields: readonly string[]): void {
  if (fields.length === 0) return;
  for (const [name] of partsOf(call)) {
    if (!fields.includes(name)) continue;
    throw new RequestRefused(invalid([{ path: name, message: 'belongs into the body' }]));
  }
}

function* partsOf(call: Call): Generator<[string, string]> {
  const url = target(call.req.url);
  const start = url.indexOf('?');
  const text = start === -1 ? '' : url.slice(start + 1).replace(/#.*$/s, '');
  for (const part of text.split('&')) if (part !== '') yield split(part);
}

function split(part: string): [string, string] {
  const spaced = part.replaceAll('+', ' ');
  const at = spaced.indexOf('=');
  const name = decoded(at === -1 ? spaced : spaced.slice(0, at), 'query');
  return [name, at === -1 ? '' : decoded(spaced.slice(at + 1), name)];
}

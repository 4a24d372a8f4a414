// The query of a URL, checked: every part at most once, valid UTF-8, strict integers.

import * as z from 'zod';
import { type Call, decoded, target } from './call.ts';
import { invalid, RequestRefused } from './problems.ts';
import { checked } from './validation.ts';

/** Throws RequestRefused (400) for anything the schema does not allow. */
export function readQuery<T>(call: Call, schema: z.ZodType<T>): T {
  // No prototype: `__proto__` is an unknown field like any other.
  const parts: Record<string, string> = Object.create(null);
  for (const part of queryOf(call).split('&')) {
    if (part === '') continue;
    const [name, value] = split(part);
    if (name in parts) {
      throw new RequestRefused(invalid([{ path: name, message: 'stands there more than once' }]));
    }
    parts[name] = value;
  }
  return checked(schema, parts);
}

/** The names of the fields that a body may have. */
export function fieldsOf(schema: z.ZodType | undefined): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Throws RequestRefused (400) where a field of the body stands in the query: whoever writes `?w=3`
 * must not get an acknowledgement of less. */
export function refuseInQuery(call: Call, fields: readonly string[]): void {
  const query = queryOf(call);
  if (query === '') return;
  // What else stands there, well formed or not, is nobody's business.
  const parts = new URLSearchParams(query);
  const misplaced = fields.filter((name) => parts.has(name));
  if (misplaced.length === 0) return;
  const message = 'belongs into the body';
  throw new RequestRefused(invalid(misplaced.map((path) => ({ path, message }))));
}

function queryOf(call: Call): string {
  const url = target(call.req.url);
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1).replace(/#.*$/s, '');
}

function split(part: string): [string, string] {
  const spaced = part.replaceAll('+', ' ');
  const at = spaced.indexOf('=');
  const name = decoded(at === -1 ? spaced : spaced.slice(0, at), 'query');
  return [name, at === -1 ? '' : decoded(spaced.slice(at + 1), name)];
}

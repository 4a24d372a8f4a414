// The query of a URL, checked: every part at most once, valid UTF-8, strict integers.

import type * as z from 'zod';
import { type Call, decoded, target } from './call.ts';
import { invalid, RequestRefused } from './problems.ts';
import { checked } from './validation.ts';

/** Throws RequestRefused (400) for anything the schema does not allow. */
export function readQuery<T>(call: Call, schema: z.ZodType<T>): T {
  // No prototype: `__proto__` is an unknown field like any other.
  const parts: Record<string, string> = Object.create(null);
  const url = target(call.req.url);
  const start = url.indexOf('?');
  const text = start === -1 ? '' : url.slice(start + 1).replace(/#.*$/s, '');
  for (const part of text.split('&')) {
    if (part === '') continue;
    const [name, value] = split(part);
    if (name in parts) {
      throw new RequestRefused(invalid([{ path: name, message: 'stands there more than once' }]));
    }
    parts[name] = value;
  }
  return checked(schema, parts);
}

function split(part: string): [string, string] {
  const spaced = part.replaceAll('+', ' ');
  const at = spaced.indexOf('=');
  const name = decoded(at === -1 ? spaced : spaced.slice(0, at), 'query');
  return [name, at === -1 ? '' : decoded(spaced.slice(at + 1), name)];
}

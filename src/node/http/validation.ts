// Turns what a schema finds wrong into the contract's list of `{path, message}`.

import type * as z from 'zod';
import { invalid, type Mistake, RequestRefused } from './problems.ts';

/** The value as the schema gives it back. Throws RequestRefused (400) with all that is wrong. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new RequestRefused(invalid(result.error.issues.flatMap(mistakes).slice(0, MISTAKES_MAX)));
}

/** Ten thousand wrong messages in a batch need no ten thousand lines. */
const MISTAKES_MAX = 20;

function mistakes(issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MISTAKES_MAX).map((key) => ({
      path: pathOf([...issue.path, key]),
      message: 'is not a field of this request',
    }));
  }
  return [{ path: pathOf(issue.path), message: issue.message }];
}

function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

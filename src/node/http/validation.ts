// Turns what a schema finds wrong into the contract's list of `{path, message}`.

import type * as z from 'zod';
import { invalid, type Mistake, RequestRefused } from './problems.ts';

/** The value as the schema gives it back. Throws RequestRefused (400) with all that is wrong. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, IN_WORDS);
  if (result.success) return result.data;
  throw new RequestRefused(invalid(result.error.issues.flatMap(mistakes).slice(0, MISTAKES_MAX)));
}

/** Made once: every body is checked. */
const IN_WORDS = { error: wordsFor };

/** Ten thousand wrong messages in a batch need no ten thousand lines. */
const MISTAKES_MAX = 20;

function mistakes(issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MISTAKES_MAX).map((key) => ({
      path: pathOf([...issue.path, key]),
      message: 'is not a field of this request',
    }));
  }
  const path = pathOf(issue.path);
  return [{ path, message: path === '' ? `the body ${issue.message}` : issue.message }];
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
};

/** What stands behind the name of a field, for people; undefined: the schema has words of its own
 * for it, or zod's have to do. */
function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing';
      const kind = KINDS[issue.expected];
      return kind === undefined ? undefined : `must be ${kind}`;
    }
    case 'too_small':
      return `must ${issue.origin === 'array' ? 'have' : 'be'} at least ${issue.minimum}`;
    case 'too_big':
      return `must ${issue.origin === 'array' ? 'have' : 'be'} at most ${issue.maximum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    default:
      return undefined;
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

// Files that a command is given to read.

import { readFileSync } from 'node:fs';
import { UsageError } from '../exit.ts';
import { pathProblem, shownPath } from './path-problem.ts';

/** The text of a file. Throws UsageError with `hint` if it cannot be read; `what`: said before its
 * name. */
export function textOf(file: string, hint: string, what = ''): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${what}${shownPath(file)} ${whyUnreadable(error)}`, hint);
  }
}

/** Like `cannot be read: it is a folder`. */
export function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `cannot be read: ${pathProblem(code) ?? message}`;
}

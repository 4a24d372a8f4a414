// Files that a command is given to read.

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { UsageError } from '../exit.ts';
import { pathProblem, shownPath } from './path-problem.ts';

/** The text of a file. Throws UsageError with `hint` if it cannot be read; `what`: said before its
 * name. */
export function textOf(file: string, hint: string, what = ''): string {
  try {
    return readText(file);
  } catch (error) {
    throw new UsageError(`${what}${shownPath(file)} ${whyUnreadable(error)}`, hint);
  }
}

/** The same without words for the reader: throws what `whyUnreadable` words. Bytes that are no text
 * are not replaced: what is made of them would not be what stands there. */
export function readText(file: string): string {
  const bytes = readFileSync(file);
  if (!isUtf8(bytes)) throw new Error('it is not UTF-8 text');
  return bytes.toString('utf8');
}

/** Like `cannot be read: it is a folder`. */
export function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `cannot be read: ${pathProblem(code) ?? message}`;
}

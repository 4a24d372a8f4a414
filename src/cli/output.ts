// Results go to stdout, one line at a time, no faster than they are taken.

import { once } from 'node:events';
import { cleanJson } from './clean-text.ts';

/** Writes a line to stdout; resolves when there is room for more. The text must be clean. */
export async function printLine(text: string): Promise<void> {
  await print(`${text}\n`);
}

/** Writes lines at once. */
export async function printLines(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await print(`${lines.join('\n')}\n`);
}

/** Writes a value as one line of JSON. */
export async function printJson(value: unknown): Promise<void> {
  await printLine(cleanJson(value));
}

/** Writes text as it is. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Writes a line to stderr, for people. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

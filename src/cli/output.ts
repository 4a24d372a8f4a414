// Results go to stdout, one line at a time, no faster than they are taken.

import { once } from 'node:events';
import { cleanJson } from './clean-text.ts';
import { EXIT } from './exit.ts';

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
  if (readerGone || process.stdout.write(text)) return;
  try {
    await once(process.stdout, 'drain');
  } catch (error) {
    if (!isReaderGone(error)) throw error;
  }
}

let outlived = false;
let readerGone = false;

/** The command goes on when whoever read its output has gone (`| head`): it has more to do than to
 * print. Called once, when that is known. */
export function outliveReader(): void {
  outlived = true;
}

/** Takes an error of stdout or stderr. Where there is nobody left to work for, the process ends. */
export function onOutputError(error: NodeJS.ErrnoException): void {
  if (!isReaderGone(error)) {
    const sentence = `the output cannot be written (${error.message}); what was asked for may be done`;
    printError(`replog: ${sentence}`);
    process.exit(EXIT.refused);
  }
  readerGone = true;
  if (!outlived) process.exit(process.exitCode ?? EXIT.success);
}

const isReaderGone = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';

/** Writes a line to stderr, for people. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

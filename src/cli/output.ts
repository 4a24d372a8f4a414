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
  if (lost || process.stdout.write(text)) return;
  try {
    await once(process.stdout, 'drain');
  } catch (error) {
    if (!lost) throw error;
  }
}

/** The command goes on without its output. */
let outlives = false;
/** What is printed on stdout reaches nobody any more. */
let lost = false;

/** The command has more to do than to print: it goes on when its output cannot be written, because
 * whoever read it has gone (`| head`) or there is no room. Called once, when that is known. */
export function outliveOutput(): void {
  outlives = true;
}

/** Ends the process when its output cannot be written, unless it goes on without. A reader who has
 * gone is no news; anything else is said. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost) return;
    lost = true;
    if (!isGone(error)) {
      printError(`replog: the output cannot be written: ${error.message}; all else may be done`);
    }
    endUnlessOutlived(error);
  });
  process.stderr.on('error', endUnlessOutlived);
}

function endUnlessOutlived(error: NodeJS.ErrnoException): void {
  if (outlives) return;
  process.exit(isGone(error) ? (process.exitCode ?? EXIT.success) : EXIT.refused);
}

const isGone = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE';

/** Writes a line to stderr, for people. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

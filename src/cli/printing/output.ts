// Results go to stdout, one line at a time, no faster than they are taken.

import { once } from 'node:events';
import { EXIT } from '../exit.ts';
import { cleanJson } from './clean-text.ts';
import type { Style } from './colour.ts';
import { fitted } from './text-width.ts';

/** Writes a line to stdout; resolves when there is room for more. The text must be clean. When
 * `signal` aborts meanwhile, the rest of the output is given up. */
export async function printLine(text: string, signal?: AbortSignal): Promise<void> {
  await print(`${text}\n`, signal);
}

/** Writes lines at once. */
export async function printLines(lines: readonly string[], signal?: AbortSignal): Promise<void> {
  if (lines.length > 0) await print(`${lines.join('\n')}\n`, signal);
}

/** Writes sentences for people: at a terminal they are broken between words. */
export async function printSentences(
  sentences: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const lines = sentences.flatMap((sentence) => fitted(sentence, process.stdout));
  await printLines(lines, signal);
}

/** Writes a value as one line of JSON. */
export async function printJson(value: unknown, signal?: AbortSignal): Promise<void> {
  await printLine(cleanJson(value), signal);
}

/** Writes text as it is. */
export async function print(text: string, signal?: AbortSignal): Promise<void> {
  if (lost || process.stdout.write(text)) return;
  try {
    await once(process.stdout, 'drain', signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted) givenUp = lost = true;
    if (!lost) throw error;
    signal?.throwIfAborted();
  }
}

/** The command goes on without its output. */
let outlives = false;
/** How a command ends that went on although its output could not be written. */
let withoutOutput: number = EXIT.success;
/** What is printed on stdout reaches nobody any more. */
let lost = false;
/** Something could not be written for another reason than that its reader has gone. */
let failed = false;
/** It reaches nobody because somebody left who waited for its reader. */
let givenUp = false;
/** Nobody is to wait for its reader any more. */
let hurried = false;

/** For a reader to take the rest of what a process printed that was told to end. */
const READER_MS = 1_000;

/** The command has more to do than to print: it goes on when its output cannot be written, because
 * whoever read it has gone (`| head`) or there is no room. Called once, when that is known. `code`:
 * how it ends for want of room, if nothing else is wrong. */
export function outliveOutput(code: number = EXIT.success): void {
  outlives = true;
  withoutOutput = code;
}

/** Ends the process when its output cannot be written, unless it goes on without. A reader who has
 * gone is no news; anything else is said. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (lost) return;
    lost = true;
    if (!isGone(error)) {
      const why = error.code === 'ENOSPC' ? 'there is no room left' : error.message;
      printError(`replog: the output cannot be written: ${why}`);
      printError('hint: what was asked for may be done all the same: look before you do it again');
    }
    endUnlessOutlived(error);
  });
  process.stderr.on('error', endUnlessOutlived);
}

function endUnlessOutlived(error: NodeJS.ErrnoException): void {
  if (!outlives) process.exit(isGone(error) ? (process.exitCode ?? EXIT.success) : EXIT.refused);
  if (isGone(error) || failed) return;
  failed = true;
  // Only now is it known who ends with another code than this: what the command says itself counts.
  process.once('exit', () => {
    process.exitCode ||= withoutOutput;
  });
}

/** Node would wait for a reader who does not read. Ends the process now if what it printed was
 * given up, and soon if it was told to end. */
export function endWithoutReader(): void {
  if (givenUp) process.exit();
  // Without anything left to print it ends before that.
  if (hurried) setTimeout(() => process.exit(), READER_MS).unref();
}

/** The process was told to end: whoever reads what it prints has a moment for the rest. */
export function hurryReader(): void {
  hurried = true;
}

const isGone = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE';

/** Writes a line to stderr, for people. */
export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Writes a sentence to stderr, for people, behind a word like `hint:`. */
export function printRemark(word: string, sentence: string, style: Style): void {
  const [first = '', ...rest] = fitted(`${word} ${sentence}`, process.stderr);
  printError([style(word) + first.slice(word.length), ...rest].join('\n'));
}

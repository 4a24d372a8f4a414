// The node's own diagnostics on stderr: one JSON object per line, or what is made of it.

import { type Logger, pino } from 'pino';
import type { Note } from '../../core/effects.ts';
import { codeOf } from '../../persistence/disk/disk.ts';
import type { StorageFailure } from '../../persistence/persistence.ts';
import { DiagnosticsSink } from './diagnostics-sink.ts';

export type { Logger } from 'pino';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** How a line, which is a JSON object, is put instead. Empty: not at all. */
export type Wording = (line: string) => string;

/** `name` stands in every line, as a rule the id of the node that writes it: a note's `node` is the
 * one that it is about. Tokens and authorizations are cut out. */
export function createLogger(options: {
  readonly level?: LogLevel;
  readonly name?: string;
  readonly wording?: Wording | undefined;
}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: options.name === undefined ? {} : { name: options.name },
    timestamp: () => `,"at":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: ['token', 'authorization', '*.token', '*.authorization'], remove: true },
  };
  const { wording } = options;
  const sink = new DiagnosticsSink();
  if (wording === undefined) return pino(settings, sink);
  return pino(settings, { write: (line: string) => sink.write(wording(line)) });
}

/** What an operator should look at. */
const WARNINGS: ReadonlySet<string> = new Set([
  ...['discarded', 'refused', 'unanswered'],
  ...['damaged', 'lost'],
]);

/** A note of the core: how much it matters decides its level. */
export function logNote(logger: Logger, note: Note): void {
  if (note.event === 'resend' || note.event === 'duplicate') logger.debug(note);
  else if (WARNINGS.has(note.event)) logger.warn(note);
  else logger.info(note);
}

const FOLDER_GONE = 'the data folder is gone: put it back, or start this process again; ';

/** Says that a process cannot go on for want of its bookkeeping: without it there is no role. */
export function logUnwritten(logger: Logger): (failure: StorageFailure) => void {
  return warning(
    logger,
    'what must not be forgotten cannot be written; it is tried again',
    'what must not be forgotten cannot be written until then, and no role is given or taken',
  );
}

/** Says that an arbiter refuses whom it could not answer. */
export function logCrowded(logger: Logger): (waiting: number) => void {
  return (waiting) => logger.warn({ waiting }, CROWDED);
}

const CROWDED =
  'so many nodes wait for what cannot be written that others are refused as overloaded, until it ' +
  'can be again';

/** Says that a node cannot make anything durable. */
export function logUnwrittenLog(logger: Logger): (failure: StorageFailure) => void {
  return warning(
    logger,
    'the log cannot be written; it is tried again, and nothing is acknowledged until then',
    'the log cannot be written until then, and nothing is acknowledged',
  );
}

function warning(logger: Logger, said: string, withoutFolder: string) {
  return ({ message: error, cause }: StorageFailure): void => {
    const gone = codeOf(cause) === 'ENOENT';
    logger.warn({ error }, gone ? FOLDER_GONE + withoutFolder : said);
  };
}

/** Says that a node ends before its disk has taken all. */
export function logUnfinished(logger: Logger): (error: unknown) => void {
  return (error) => logger.warn({ err: error }, 'what was appended last may not be on disk');
}

/** Says that so many connections are open, and others are closed as soon as they are made. */
export function logFull(logger: Logger): (connections: number) => void {
  return (connections) => logger.warn({ connections }, FULL);
}

const FULL =
  'no more connections are taken until some of these are closed; `ulimit -n` is how many files ' +
  'and connections a process may open';

// How a command ends: from what went wrong to one sentence, a hint and an exit code, in one table.

import { constants } from 'node:os';
import {
  InvalidIdempotencyKey,
  InvalidKey,
  InvalidUrl,
  LogReplaced,
  OutcomeUnknown,
  UnexpectedAnswer,
  Unreachable,
} from '../client/errors.ts';
import {
  NoMaster,
  NoQuorum,
  OperationFailed,
  Overloaded,
  PreconditionFailed,
  ProblemError,
  ShuttingDown,
  Unauthorized,
  WriteConcernTimeout,
} from '../client/problems.ts';
import { shellWord } from '../client/shell-word.ts';
import { isFull } from '../persistence/disk/storage-failure.ts';
import { pathProblem, shownPath } from './arguments/path-problem.ts';

/** Exit codes (contract, section 9). */
export const EXIT = {
  success: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  unknown: 4,
} as const;

/** An end that is put in words, with a hint, where it is known. */
abstract class Told extends Error {
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    super(message);
    this.hint = hint;
  }
}

/** The command line, or what it refers to on this machine, is not right. Nothing was sent. */
export class UsageError extends Told {
  override readonly name = 'UsageError';
}

/** The answer is "no", though not in a problem document. */
export class Refused extends Told {
  override readonly name = 'Refused';
}

/** There is no cluster to talk to, or none of its nodes answers. */
export class NotRunning extends Told {
  override readonly name = 'NotRunning';
}

/** Nothing contradicts what is promised, but nothing proves it either. */
export class Undecided extends Told {
  override readonly name = 'Undecided';
}

/** The reason with which Ctrl-C, SIGTERM and SIGHUP abort what is under way. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** Of the process that ends because of it and has sent nothing: 128 and the signal's number, as
   * shells have it. */
  readonly code: number;

  constructor(signal: NodeJS.Signals) {
    super('interrupted');
    this.code = 128 + constants.signals[signal];
  }
}

/** What is said of an error. The texts may hold foreign data and are cleaned when printed. */
export interface Ending {
  readonly code: number;
  readonly sentence: string;
  readonly hint: string | null;
}

/** Nothing answers at an address that was given, or is that of a node which may be down. */
const SEE_WHAT_RUNS =
  '`replog ps` shows what runs; `replog start NODE` or `replog cluster` starts what does not';

/** Of a refusal that nothing more is known about. */
const SEE_HEALTH = '`replog health` shows the state of the cluster';

/** Also where the command line can only be wrong, whatever else is there to do. */
const SEE_HELP = 'add --help to see how it is used';

/** Nothing runs, and nobody said where else to look. */
export const START = 'start a cluster with `replog cluster`, or name a node with --url';

const KEYS = 'a key is 1 to 1,024 bytes of UTF-8, and neither "." nor ".."';

/** Where the key of a write is given. */
const KEY_OPTIONS = 'choose another key: --key of append, --idempotency-key of kv';

/** A class of errors, its exit code, and how it is put; the first row that fits counts. */
interface Row {
  readonly type: abstract new (...parts: never[]) => Error;
  readonly code: number | ((error: never) => number);
  readonly sentence?: (error: never) => string;
  readonly hint?: (error: never) => string | null;
}

const ROWS: readonly Row[] = [
  { type: UsageError, code: EXIT.usage, hint: (error: UsageError) => error.hint ?? SEE_HELP },
  { type: InvalidKey, code: EXIT.usage, hint: () => KEYS },
  { type: InvalidIdempotencyKey, code: EXIT.usage, hint: () => KEY_OPTIONS },
  {
    type: InvalidUrl,
    code: EXIT.usage,
    hint: () => 'without it, `replog ps` shows the URLs of what runs',
  },
  { type: Refused, code: EXIT.refused, hint: (error: Refused) => error.hint },
  { type: Interrupted, code: ({ code }: Interrupted) => code },
  { type: NotRunning, code: EXIT.unreachable, hint: (error: NotRunning) => error.hint ?? START },
  { type: Undecided, code: EXIT.unknown, hint: (error: Undecided) => error.hint },
  { type: Unreachable, code: EXIT.unreachable, hint: () => SEE_WHAT_RUNS },
  {
    type: LogReplaced,
    code: EXIT.refused,
    hint: () =>
      '`replog list` shows what is there now; what had been shown was on no majority, or was ' +
      'lost with the nodes that had it',
  },
  { type: UnexpectedAnswer, code: EXIT.unreachable, hint: () => 'name a replog node with --url' },
  {
    type: OutcomeUnknown,
    code: EXIT.unknown,
    sentence: ({ cause, index, idempotencyKey }: OutcomeUnknown) =>
      `no answer says whether the write is stored (${messageOf(cause)}): outcome unknown` +
      `${index === null ? '' : `, last seen as index ${index}`}, key ${idempotencyKey}`,
    hint: ({ idempotencyKey }: OutcomeUnknown) =>
      `\`replog outcome ${shellWord(idempotencyKey)}\` tells; repeating the write with that key is safe`,
  },
  {
    type: WriteConcernTimeout,
    code: EXIT.unknown,
    sentence: (error: WriteConcernTimeout) =>
      `timed out: stored as ${placeOf(error)}, acks so far ${listOf(error.acks)}` +
      ` (w=${error.w ?? '?'}); it goes on replicating`,
    hint: () => '`replog health` shows which node is behind',
  },
  {
    type: OperationFailed,
    code: EXIT.unknown,
    sentence: (error: OperationFailed) =>
      `timed out: stored as index ${error.index ?? '?'}, acks so far ${listOf(error.acks)};` +
      ' the new state is readable and goes on replicating',
    hint: () => '`replog health` shows which node is behind',
  },
  {
    type: NoQuorum,
    code: EXIT.refused,
    sentence: (error: NoQuorum) =>
      `no quorum: ${error.alive ?? '?'} alive, ${error.needed ?? '?'} needed` +
      `${error.missing.length === 0 ? '' : `, missing ${error.missing.join(' ')}`};` +
      ' nothing was written',
    hint: (error: NoQuorum) =>
      error.missing.length === 0
        ? '`replog health` shows who is missing'
        : `\`replog ps\` shows which of them to start (\`replog start ${error.missing[0]}\`) or to` +
          ' resume',
  },
  { type: NoMaster, code: EXIT.refused, hint: () => '`replog ps` shows who is up' },
  {
    type: ShuttingDown,
    code: EXIT.refused,
    hint: () => 'the node is ending; try another with --url',
  },
  { type: Overloaded, code: EXIT.refused, hint: () => 'try again in a moment' },
  {
    type: PreconditionFailed,
    code: EXIT.refused,
    sentence: ({ index }: PreconditionFailed) =>
      `the condition does not hold: the key ${index ? `is at index ${index}` : 'has no value'};` +
      ' nothing was written',
    hint: () => '`replog kv get KEY --json` shows the value and its index',
  },
  {
    type: Unauthorized,
    code: EXIT.refused,
    sentence: () => "the cluster asks for its token, and got none or another's",
    hint: () => 'give the token in REPLOG_TOKEN or with --token-file',
  },
  { type: ProblemError, code: EXIT.refused, sentence: problemSentence, hint: problemHint },
];

/** What to say and how to end. Fits every value that can be thrown. */
export function endingOf(error: unknown): Ending {
  const row = ROWS.find(({ type }) => error instanceof type);
  if (row === undefined) return unforeseen(error);
  const known = error as never;
  return {
    code: typeof row.code === 'number' ? row.code : row.code(known),
    sentence: row.sentence?.(known) ?? messageOf(error),
    hint: row.hint?.(known) ?? null,
  };
}

function unforeseen(error: unknown): Ending {
  const { cause, code, path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const sentence = messageOf(error);
  if (isFull(error) || isFull(cause)) return noRoom(path);
  if (syscall === 'uv_cwd') return noFolder();
  if (code === 'EADDRINUSE') return { code: EXIT.usage, sentence, hint: 'choose another --port' };
  const reason = path === undefined ? undefined : pathProblem(code);
  if (reason === undefined) return { code: EXIT.refused, sentence, hint: null };
  return {
    code: EXIT.usage,
    sentence: `${shownPath(path ?? '')} cannot be used: ${reason}`,
    hint: 'name a file in a folder that exists, and that this user may use',
  };
}

/** The system says no more than that there is no such file. */
function noFolder(): Ending {
  const hint = '`cd` into one that is there, or give the whole path of what is meant';
  return { code: EXIT.usage, sentence: 'the current folder was removed', hint };
}

function noRoom(path: string | undefined): Ending {
  const where = path === undefined ? '' : ` for ${path}`;
  const sentence = `there is no room left on the disk${where}`;
  return { code: EXIT.refused, sentence, hint: 'make room, or name a place on another disk' };
}

function problemSentence(error: ProblemError): string {
  const errors = error.members.errors;
  const reasons = (Array.isArray(errors) ? errors : [])
    .slice(0, 3)
    .map(({ path, message }: { path?: unknown; message?: unknown }) => `${path}: ${message}`)
    // Of a single mistake, the detail says all.
    .filter((reason) => !error.message.includes(reason));
  // It goes on behind "replog:"; a name that only looks like a word has a hyphen, a dot or digits.
  const detail = error.message
    .replace(/\.$/, '')
    .replace(/^[A-Z](?=[a-z]* )/, (letter) => letter.toLowerCase());
  return `${detail}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`;
}

function problemHint(error: ProblemError): string {
  const known = HINT_OF_CODE[error.code];
  if (known !== undefined) return known;
  const retry = error.retryAfter;
  return retry === null ? SEE_HEALTH : `try again in ${retry} s`;
}

/** Problems that are errors of no class of their own, or of one that says nothing more. */
const HINT_OF_CODE: Readonly<Record<string, string>> = {
  'invalid-request': SEE_HELP,
  'write-concern-unsatisfiable':
    '`replog add` makes the cluster larger; --w all asks for all it has',
  'idempotency-key-reused': `each write needs its own; ${KEY_OPTIONS}`,
  // At the URL of an arbiter or a launcher more is said; here something stands behind the port.
  'not-found': 'the URL of a node ends with its port, like http://127.0.0.1:4000',
  conflict: '`replog ps` shows the nodes and what they do',
  'unknown-node': '`replog ps` shows the nodes',
  'node-failed': '`replog ps` shows what runs; what the node wrote last is in its output',
  'not-linearizable': '`replog health` shows who is missing',
  recovering: '`replog health` shows whom it waits for; then it takes writes by itself',
  'not-ready': '`replog health` shows whether a master is there, and what it waits for',
  'storage-unavailable': 'writes go on by themselves when the disk takes them again',
  'too-large': 'a message is at most 1 MiB; from standard input, up to 16 MiB',
  'unknown-host': 'name the node by an address, or start it with --allow-host HOST',
  'damaged-log': '`replog verify DATA-DIR` shows the damage, where the data of the node are',
  // Here only after a while: each node that was asked took another one for the master.
  'not-master': '`replog health` shows who is master; try again in a moment',
};

function placeOf(error: WriteConcernTimeout): string {
  const { index, last } = error;
  return index === last ? `index ${index ?? '?'}` : `indexes ${index ?? '?'} to ${last ?? '?'}`;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(' ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

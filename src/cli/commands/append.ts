// `replog append`: adds messages to the log.

import { fstatSync } from 'node:fs';
import type { Command } from 'commander';
import type { AppendAnswer, BatchAnswer, WriteConcern } from '../../client/answers.ts';
import type { ReplogClient } from '../../client/client.ts';
import { parseTimeout } from '../arguments/duration.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { parseWriteConcern } from '../arguments/write-concern.ts';
import { masterHealth } from '../cluster/master-health.ts';
import {
  addTargetOptions,
  connect,
  findTarget,
  type Target,
  type TargetOptions,
} from '../cluster/target.ts';
import { notedLine, unnoticed, withoutThem } from '../cluster/unnoticed.ts';
import { EXIT, UsageError } from '../exit.ts';
import { lineBatches } from '../input/line-batches.ts';
import { untilInterrupted } from '../interrupt.ts';
import { acknowledgement } from '../printing/acknowledgement.ts';
import { cleanText } from '../printing/clean-text.ts';
import { stylesFor } from '../printing/colour.ts';
import { counted } from '../printing/counted.ts';
import { dryRun } from '../printing/dry-run.ts';
import { examples } from '../printing/examples.ts';
import type { LiveScreen } from '../printing/live-lines.ts';
import { outliveOutput, printJson, printRemark, printSentences } from '../printing/output.ts';
import { Progress } from '../printing/progress.ts';
import { Tally } from '../printing/tally.ts';

interface AppendOptions extends TargetOptions {
  readonly w?: WriteConcern;
  readonly timeout?: number;
  readonly key?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('append'))
    .description('append messages, each argument one; "-" reads lines from standard input')
    .argument('[message...]', 'text, or - for the lines of standard input')
    .option(
      '--w <w>',
      "wait until so many nodes have it: 1, 2, …, majority, all (default: the cluster's)",
      parseWriteConcern,
    )
    .option('--timeout <duration>', 'wait at most this long (default: no limit)', parseTimeout)
    .option(
      '--key <key>',
      'idempotency key: repeating the command with it appends nothing twice; of several messages,' +
        ' or batches of input, each has its own: KEY-1, KEY-2, …',
    )
    .option('--dry-run', 'append nothing: tell whether such a write would be answered now')
    .option('--json', 'print one JSON object per message')
    .addHelpText(
      'after',
      examples(
        ['replog append hello', 'one message'],
        ['replog append one "number two"', 'two messages, in this order'],
        ['replog append --w all --timeout 5s hello', 'wait for every node, but not for ever'],
        ['replog append --key order-17 hello', 'safe to repeat'],
        ['replog append --dry-run --w 3', 'whom such a write would wait for'],
        ['replog append - < messages.txt', 'every line of a file'],
        ['replog append -- -v', 'a message that begins with -'],
      ),
    )
    .action(append);
}

async function append(messages: readonly string[], options: AppendOptions): Promise<void> {
  // Whether a write would be answered now depends on neither.
  refuseBoth(options.dryRun, options.key, '--dry-run', '--key');
  refuseBoth(options.dryRun, options.timeout, '--dry-run', '--timeout');
  const target = await findTarget(options);
  if (options.dryRun) return foresee(target, options);
  if (messages.length === 0) {
    throw new UsageError("missing required argument 'message'", 'replog append "some text"');
  }
  const client = await connect(target);
  // What is to be appended is, whoever reads the answers.
  outliveOutput(EXIT.refused);
  if (messages.filter((message) => message === '-').length > 1) {
    throw new UsageError('standard input can be read only once', 'give "-" only once');
  }
  // Before what stands before it is appended.
  if (messages.includes('-')) refuseFolder(process.stdin);
  await untilInterrupted(async (signal) => {
    for (const [place, message] of messages.entries()) {
      const key = keyOf(options.key, messages.length === 1 ? null : place + 1);
      if (message === '-') {
        await appendInput(client, options, key, signal);
        continue;
      }
      const answer = await appendOne(client, message, options, key, signal);
      await printAnswer(answer, options, signal).catch((error: unknown) => {
        if (signal.aborted) printTrouble(storedSentence(answer.index, place, messages));
        throw error;
      });
    }
  });
}

async function appendOne(
  client: ReplogClient,
  message: string,
  { w, timeout: timeoutMs }: AppendOptions,
  idempotencyKey: string | undefined,
  signal: AbortSignal,
): Promise<AppendAnswer> {
  return client.append(message, { w, timeoutMs, idempotencyKey, signal, receipt: true });
}

function printAnswer(
  answer: AppendAnswer,
  { json }: AppendOptions,
  signal: AbortSignal,
): Promise<void> {
  return json ? printJson(answer, signal) : printSentences(appendedLines(answer), signal);
}

/** Of messages whose answers nobody has read: how far it came, the one at `place` included. */
function storedSentence(index: number, place: number, messages: readonly string[]): string {
  const { length } = messages;
  if (length === 1) return `the message is stored, at index ${index}`;
  return `stored are ${place + 1} of ${length} arguments, the last at index ${index}`;
}

async function appendInput(
  client: ReplogClient,
  { w, timeout: timeoutMs, key: given, json }: AppendOptions,
  key: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const input = process.stdin;
  signal.addEventListener('abort', () => input.destroy(signal.reason), { once: true });
  const size = sizeOf(input);
  const progress = new Progress(size, roomForBar(json));
  const tally = new Tally(performance.now());
  // One key for the whole input, and from it one per batch: each can be repeated by itself. Who
  // gives the key may repeat the whole input, which must then fall into the same batches.
  const base = key ?? crypto.randomUUID();
  const full = given !== undefined || size !== null;
  let asked = 0;
  const summarise = async (): Promise<void> => {
    if (!json && tally.count > 0) await printSentences([tally.summary(performance.now())], signal);
  };
  try {
    for await (const { lines, bytesRead } of lineBatches(input, full)) {
      asked = lines.length;
      const idempotencyKey = keyOf(base, tally.batches + 1);
      const answer = await client.appendBatch(lines, { w, timeoutMs, idempotencyKey, signal });
      tally.add(answer);
      asked = 0;
      progress.update(bytesRead, counted(tally.count, 'message', 'messages'));
      if (json) await printEach(answer, signal);
    }
  } catch (error) {
    progress.finish();
    // Nothing was read yet: there is no place to go on from.
    if (!(signal.aborted && tally.count + asked === 0)) {
      printTrouble(tally.stop(asked));
    }
    // What is stored is stored. How the command ends is what went wrong with the input.
    await summarise().catch(() => undefined);
    throw error;
  }
  progress.finish();
  await summarise();
}

async function printEach(
  { first, last, count: _, ...rest }: BatchAnswer,
  signal: AbortSignal,
): Promise<void> {
  for (let index = first; index <= last; index += 1) await printJson({ index, ...rest }, signal);
}

function appendedLines(answer: AppendAnswer): string[] {
  const place = `${answer.index}  `;
  const { receipt } = answer;
  return [
    `${place}${acknowledgement(answer)}`,
    ...(receipt === undefined ? [] : [`${' '.repeat(place.length)}${cleanText(receipt)}`]),
  ];
}

/** Appends nothing: what the master and the launcher know now says what would happen. */
async function foresee(target: Target, { w = 'majority', json }: AppendOptions): Promise<void> {
  const { health, ended } = await untilInterrupted(async (signal) => {
    const health = await masterHealth(target, signal);
    return { health, ended: await unnoticed(target, health, [], signal) };
  });
  const gone = ended.map(({ node }) => node);
  const { lines, ...run } = dryRun(withoutThem(health, ended), w, Date.now(), gone);
  const text = [...ended.map(notedLine), ...lines];
  await (json ? printJson({ ...run, text }) : printSentences(text.map((line) => cleanText(line))));
}

function printTrouble(sentence: string): void {
  printRemark('replog:', sentence, stylesFor(process.stderr).red);
}

/** Where a bar is drawn: nowhere, if messages are typed there or answers stand there. It would be
 * in their way, and they in its. */
function roomForBar(json = false): LiveScreen {
  const isTaken = process.stdin.isTTY || (json && process.stdout.isTTY);
  return isTaken ? { write: () => undefined } : process.stderr;
}

/** The key of one part of what was given under `base`; the whole of it if `part` is null. */
function keyOf(base: string | undefined, part: number | null): string | undefined {
  return base === undefined || part === null ? base : `${base}-${part}`;
}

/** A folder has no stream of its own: it would read as an input that is empty. */
function refuseFolder({ fd }: { readonly fd?: number }): void {
  if (fd === undefined || !fstatSync(fd).isDirectory()) return;
  throw new UsageError('standard input is a folder', 'give a file: replog append - < FILE');
}

/** Bytes that an input holds if it is a file; null otherwise. */
function sizeOf({ fd }: { readonly fd?: number }): number | null {
  const status = fd === undefined ? undefined : fstatSync(fd);
  return status?.isFile() ? status.size : null;
}

// `replog list`: the messages that a node shows.

import type { Command } from 'commander';
import type { ReadLevel } from '../../client/answers.ts';
import type { ReplogClient } from '../../client/client.ts';
import { targetFor, urlForRead, urlOfOne } from '../arguments/node-selection.ts';
import { parseReadLevel } from '../arguments/read-level.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { addTargetOptions, connect, type TargetOptions } from '../cluster/target.ts';
import { UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine, printLines } from '../printing/output.ts';

interface ListOptions extends TargetOptions {
  readonly from?: number;
  readonly limit?: number;
  readonly read?: ReadLevel;
  readonly follow?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('list'))
    .description('print messages in log order, one per line')
    .argument('[node]', 'n2, master, secondary, secondary:2 or a URL')
    .option('--from <index>', 'begin at this index of the log', wholeNumber(1))
    .option('--limit <n>', 'at most so many messages', wholeNumber(1))
    .option('--read <level>', 'local, majority or linearizable (default: local)', parseReadLevel)
    .option('--follow', 'go on printing messages as they come, until Ctrl-C')
    .option('--json', 'print JSON: one object; with --follow one per message')
    .addHelpText(
      'after',
      examples(
        ['replog list', 'all messages'],
        ['replog list n2', 'those that n2 shows'],
        ['replog list --from 100 --limit 10', 'a part'],
        ['replog list --read majority', 'only what a majority has'],
        ['replog list --follow', 'and those to come'],
      ),
    )
    .action(list);
}

async function list(node: string | undefined, options: ListOptions): Promise<void> {
  if (options.follow && options.read !== undefined) {
    throw new UsageError('--follow shows what the node shows', 'leave out --read');
  }
  const target = await targetFor(node, options);
  await untilInterrupted(async (signal) => {
    const url =
      node === undefined
        ? await urlForRead(target, options.read, signal)
        : await urlOfOne(node, target, 'messages are listed from', signal);
    const client = await connect(target, url);
    await (options.follow
      ? followMessages(client, options, signal)
      : listMessages(client, options, signal));
  });
}

async function listMessages(
  client: ReplogClient,
  { from, limit, read, json }: ListOptions,
  signal: AbortSignal,
): Promise<void> {
  const whole = { messages: [] as string[], lastIndex: 0, next: null as number | null };
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const page of client.pages({ from, limit: Math.min(left, 1_000), read, signal })) {
    const messages = page.messages.slice(0, left);
    left -= messages.length;
    whole.lastIndex = page.lastIndex;
    whole.next = page.next ?? null;
    if (json) whole.messages.push(...messages);
    else await printLines(messages.map(cleanText), signal);
    if (left <= 0) break;
  }
  if (json) await printJson(whole, signal);
}

async function followMessages(
  client: ReplogClient,
  { from = 1, limit, json }: ListOptions,
  signal: AbortSignal,
): Promise<void> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const entry of client.follow({ from, signal })) {
    if (entry.op !== 'append') continue;
    await (json ? printJson(entry, signal) : printLine(cleanText(entry.message), signal));
    left -= 1;
    if (left <= 0) break;
  }
}

// `replog kv`: values under keys.

import type { Command } from 'commander';
import type { OperationAck, ReadLevel, WriteConcern } from '../../client/answers.ts';
import type { KeyWriteOptions, ReplogClient } from '../../client/client.ts';
import { OperationFailed } from '../../client/problems.ts';
import { parseTimeout } from '../arguments/duration.ts';
import { urlForRead } from '../arguments/node-selection.ts';
import { parseReadLevel } from '../arguments/read-level.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { parseWriteConcern } from '../arguments/write-concern.ts';
import { addTargetOptions, connect, findTarget, type TargetOptions } from '../cluster/target.ts';
import { Refused, UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { acknowledgement } from '../printing/acknowledgement.ts';
import { cleanText } from '../printing/clean-text.ts';
import { stylesFor } from '../printing/colour.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine, printLines } from '../printing/output.ts';
import { tableLines } from '../printing/table.ts';

interface ReadOptions extends TargetOptions {
  readonly read?: ReadLevel;
  readonly json?: true;
}

interface GetOptions extends ReadOptions {
  readonly id?: string;
}

interface WriteOptions extends TargetOptions {
  readonly w?: WriteConcern;
  readonly timeout?: number;
  readonly idempotencyKey?: string;
  readonly id?: string;
  readonly ifMatch?: number;
  readonly ifNoneMatch?: true;
  readonly json?: true;
}

interface ListOptions extends ReadOptions {
  readonly after?: string;
  readonly limit?: number;
}

export function register(program: Command): void {
  const kv = program.command('kv').description('values under keys: get, put, rm, list');
  addRead(kv.command('get').description('print the value of a key'))
    .argument('<key>')
    .option('--id <id>', 'comes back in the answer (--json)')
    .addHelpText('after', examples(['replog kv get colour', 'the value alone, on one line']))
    .action(get);
  addWrite(kv.command('put').description('store a value under a key'))
    .argument('<key>')
    .argument('<value>')
    .addHelpText(
      'after',
      examples(
        ['replog kv put colour blue', 'acknowledged by all members within a second'],
        ['replog kv put colour blue --w 1', 'by the master alone'],
        ['replog kv put colour red --if-match 7', 'only if nobody changed it since index 7'],
      ),
    )
    .action(put);
  addWrite(kv.command('rm').description('remove a key; one that is absent is no error'))
    .argument('<key>')
    .addHelpText('after', examples(['replog kv rm colour', 'remove it']))
    .action(remove);
  addRead(kv.command('list').description('print keys with their values, in key order'))
    .argument('[prefix]', 'only keys that begin with this')
    .option('--after <key>', 'only keys behind this one')
    .option('--limit <n>', 'at most so many keys', wholeNumber(1))
    .addHelpText(
      'after',
      examples(['replog kv list', 'all keys'], ['replog kv list user/', 'those of users']),
    )
    .action(list);
  kv.addHelpText(
    'after',
    examples(['replog kv put colour blue', ''], ['replog kv get colour', 'blue']),
  );
}

function addRead(command: Command): Command {
  return addTargetOptions(command)
    .option('--read <level>', 'local, majority or linearizable (default: local)', parseReadLevel)
    .option('--json', 'print one JSON object');
}

function addWrite(command: Command): Command {
  return addTargetOptions(command)
    .option(
      '--w <w>',
      'nodes that must have it: 1, 2, …, majority, all (default)',
      parseWriteConcern,
    )
    .option('--timeout <duration>', 'wait at most this long (default: 1s)', parseTimeout)
    .option('--idempotency-key <key>', 'repeating the command with it changes nothing twice')
    .option('--id <id>', 'comes back in the answer (--json)')
    .option('--if-match <index>', 'only if the key is still at this index', wholeNumber(1))
    .option('--if-none-match', 'only if the key has no value')
    .option('--json', 'print one JSON object');
}

async function get(key: string, options: GetOptions): Promise<void> {
  const { read, id, json } = options;
  refuseDots(key);
  const target = await findTarget(options);
  const result = await untilInterrupted(async (signal) => {
    const client = await connect(target, await urlForRead(target, read, signal));
    return client.get(key, { read, id, signal });
  });
  if (json) await printJson(result);
  if (result.value === null) {
    throw new Refused(`the key "${key}" has no value`, '`replog kv list` shows those that have');
  }
  if (!json) await printLine(cleanText(result.value));
}

function put(key: string, value: string, options: WriteOptions): Promise<void> {
  return write(key, options, (client, settings) => client.put(key, value, settings));
}

function remove(key: string, options: WriteOptions): Promise<void> {
  return write(key, options, (client, settings) => client.remove(key, settings));
}

async function write(
  key: string,
  options: WriteOptions,
  send: (client: ReplogClient, settings: KeyWriteOptions) => Promise<OperationAck>,
): Promise<void> {
  const { w, timeout: timeoutMs, idempotencyKey, id, ifMatch, json } = options;
  refuseDots(key);
  if (ifMatch !== undefined && options.ifNoneMatch) {
    throw new UsageError('--if-match and --if-none-match exclude each other', 'leave one out');
  }
  const ifNoneMatch = options.ifNoneMatch ? '*' : undefined;
  const settings = { w, timeoutMs, idempotencyKey, id, ifMatch, ifNoneMatch } as const;
  const client = await connect(await findTarget(options));
  const ack = await untilInterrupted((signal) => send(client, { ...settings, signal })).catch(
    async (error: unknown) => {
      // A result as well: where the write stands, and who has it.
      if (json && error instanceof OperationFailed) await printJson(error.result);
      throw error;
    },
  );
  await (json ? printJson(ack) : printLine(`${ack.index}  ${acknowledgement(ack)}`));
}

async function list(prefix: string | undefined, options: ListOptions): Promise<void> {
  const { read, limit, json } = options;
  const target = await findTarget(options);
  const items: { key: string; value: string; index: number }[] = [];
  let after: string | null | undefined = options.after;
  await untilInterrupted(async (signal) => {
    const client = await connect(target, await urlForRead(target, read, signal));
    do {
      const left = Math.min(1_000, (limit ?? Number.POSITIVE_INFINITY) - items.length);
      const page = await client.listKeys({
        prefix,
        after: after ?? undefined,
        limit: left,
        read,
        signal,
      });
      items.push(...page.items);
      after = page.next;
    } while (after !== null && after !== undefined && items.length < (limit ?? Infinity));
  });
  if (json) return printJson({ items, next: after ?? null });
  const rows = items.map(({ key, value, index }) => [key, index, value]);
  await printLines(tableLines(['KEY', 'INDEX', 'VALUE'], rows, stylesFor().bold));
}

/** A URL path cannot carry these two: they mean "here" and "one up". */
function refuseDots(key: string): void {
  if (key === '.' || key === '..') {
    const hint = 'a key is 1 to 1,024 bytes of UTF-8, and neither "." nor ".."';
    throw new UsageError(`"${key}" cannot be a key: it has no place in a URL path`, hint);
  }
}

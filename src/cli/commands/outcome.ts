// `replog outcome`: what became of a write that got no answer.

import type { Command } from 'commander';
import { addTargetOptions, connect, findTarget, type TargetOptions } from '../cluster/target.ts';
import { Refused } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine } from '../printing/output.ts';

interface OutcomeOptions extends TargetOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('outcome'))
    .description('tell whether the write with this idempotency key is stored, and where')
    .argument('<key>', 'the idempotency key of the write')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog append --key order-17 hello', 'a write with a key, whose answer is lost'],
        ['replog outcome order-17', 'is it stored?'],
      ),
    )
    .action(showOutcome);
}

async function showOutcome(key: string, options: OutcomeOptions): Promise<void> {
  const client = await connect(await findTarget(options));
  const outcome = await untilInterrupted((signal) => client.outcome(key, { signal }));
  if (outcome === null) {
    throw new Refused(
      `no write with the key ${key} is stored at ${client.url}`,
      'it may still be on its way; repeating it with the same key is safe; of several messages' +
        ` the first has the key ${key}-1`,
    );
  }
  await (options.json
    ? printJson(outcome)
    : printLine(cleanText(`stored at ${outcome.index}  acks ${outcome.acks.join(' ')}`)));
}

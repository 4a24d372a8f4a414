// `replog what-if`: what the cluster would be without these nodes. Nothing is done to it.

import type { Command } from 'commander';
import { SELECTORS, selectAll } from '../arguments/node-selection.ts';
import { masterHealth } from '../cluster/master-health.ts';
import { addTargetOptions, findTarget, type TargetOptions } from '../cluster/target.ts';
import { notedLine, unnoticed, withoutThem } from '../cluster/unnoticed.ts';
import { UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { type Misfortune, whatIf } from '../printing/foresight.ts';
import { printJson, printSentences } from '../printing/output.ts';

interface WhatIfOptions extends TargetOptions {
  readonly json?: true;
}

const MISFORTUNES: readonly Misfortune[] = ['kill', 'stop', 'pause', 'rm'];

export function register(program: Command): void {
  addTargetOptions(program.command('what-if'))
    .description('tell what would happen to the cluster; nothing is done')
    .argument('<what>', 'kill, stop, pause or rm')
    .argument('<node...>', SELECTORS)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog what-if kill n2', 'would writes go on without n2?'],
        ['replog what-if stop n2 n3', 'and without both?'],
        ['replog what-if rm secondary', 'and in a smaller cluster?'],
        ['replog append --dry-run --w 3', 'would a write be answered now?'],
      ),
    )
    .action(foresee);
}

async function foresee(
  what: string,
  selectors: readonly string[],
  options: WhatIfOptions,
): Promise<void> {
  const misfortune = MISFORTUNES.find((name) => name === what);
  if (misfortune === undefined) {
    throw new UsageError(`"${what}" is nothing that can be foreseen`, 'kill, stop, pause or rm');
  }
  const target = await findTarget(options);
  const health = await untilInterrupted((signal) => masterHealth(target, signal));
  const nodes = selectAll(selectors, health.members).map(({ node }) => node);
  const ended = await untilInterrupted((signal) => unnoticed(target, health, nodes, signal));
  const noticed = withoutThem(health, ended);
  const { lines, ...prospect } = whatIf(noticed, misfortune, nodes, target.control !== null);
  const text = [...ended.map(notedLine), ...lines];
  if (options.json) await printJson({ what: misfortune, nodes, ...prospect, text });
  else await printSentences(text.map((line) => cleanText(line)));
}

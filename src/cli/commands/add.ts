// `replog add`: one more secondary.

import type { Command } from 'commander';
import { parseNewNodeId } from '../arguments/node-id.ts';
import { findLauncher } from '../cluster/launcher.ts';
import { addTargetOptions, findTarget, type TargetOptions } from '../cluster/target.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { warnOf } from '../printing/node-warning.ts';
import { printJson, printLine } from '../printing/output.ts';

interface AddOptions extends TargetOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('add'))
    .description('start one more secondary and make the cluster larger by it')
    .argument('[node]', 'id of the new node (default: the next n1, n2, …)', parseNewNodeId)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(['replog add', 'the next free id and port'], ['replog rm n4', 'take it out again']),
    )
    .action(add);
}

async function add(node: string | undefined, options: AddOptions): Promise<void> {
  const target = await findTarget(options);
  const added = await untilInterrupted(async (signal) => {
    const { launcher } = await findLauncher(target, { signal });
    return launcher.addNode({ node, signal });
  });
  if (options.json) return printJson(added ?? { node: node ?? null });
  const place = added === null ? '' : ` at ${added.url}, pid ${added.pid ?? 'unknown'}`;
  await printLine(cleanText(`${added?.node ?? node ?? 'a node'} added${place}`));
  warnOf(added);
}

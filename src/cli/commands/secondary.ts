// replog secondary: a node that follows a master and serves reads.

import type { Command } from 'commander';
import { parseUrls } from '../arguments/url.ts';
import { examples } from '../printing/examples.ts';
import { addNodeOptions, type NodeFlags, runNode } from './node.ts';

export function register(program: Command): void {
  const command = program
    .command('secondary')
    .description('run a secondary')
    .requiredOption(
      '--join <urls>',
      'the master, or the arbiter of the cluster, or several: URL,URL',
      parseUrls,
    );
  addNodeOptions(command, 4001, 'n2')
    .addHelpText(
      'after',
      examples(
        ['replog secondary --join http://127.0.0.1:4000', 'n2 on port 4001'],
        ['replog secondary --join http://127.0.0.1:4000 --port 4002 --id n3', 'one more'],
      ),
    )
    .action((flags: NodeFlags) => runNode('secondary', flags, 'n2'));
}

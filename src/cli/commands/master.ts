// replog master: the node that takes the writes.

import type { Command } from 'commander';
import { parseUrls } from '../arguments/url.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { examples } from '../printing/examples.ts';
import { addNodeOptions, type NodeFlags, runNode, writeConcernOption } from './node.ts';

/** More members than this were never tried. */
const SECONDARIES_MAX = 100;

export function register(program: Command): void {
  const command = program
    .command('master')
    .description('run a master; without --join it is its own arbiter, which secondaries join')
    .option('--join <urls>', 'the arbiter of the cluster, or several: URL,URL', parseUrls)
    .option(
      '--secondaries <n>',
      'fixes the cluster size at n + 1 (default, or if more join: the number of members)',
      wholeNumber(0, SECONDARIES_MAX),
    );
  addNodeOptions(command, 4000, 'n1')
    .addOption(writeConcernOption())
    .addHelpText(
      'after',
      examples(
        ['replog master', 'on port 4000; data in ./.replog/n1-4000'],
        ['replog master --secondaries 2 --w 2', 'a cluster of three; writes need one secondary'],
        ['replog master --port 5000 --memory --json', 'nothing on disk, output for programs'],
      ),
    )
    .action((flags: NodeFlags) => runNode('master', flags, 'n1'));
}

// `replog verify`: is what is on disk whole?

import type { Command } from 'commander';
import { shellWord } from '../../client/shell-word.ts';
import { nodeFolders } from '../arguments/data-dir.ts';
import { checkNode } from '../backup/folder-check.ts';
import { Refused } from '../exit.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { folderLines } from '../printing/folder-report.ts';
import { printJson, printSentences } from '../printing/output.ts';

export function register(program: Command): void {
  program
    .command('verify')
    .description('check the data of a node, or of all nodes of a cluster, without changing it')
    .argument('<data-dir>', 'folder of a node, or of a cluster, that is not running')
    .option('--json', 'print one JSON object per node')
    .addHelpText(
      'after',
      examples(
        ['replog verify .replog/cluster-4000', 'every node of a cluster'],
        ['replog verify .replog/cluster-4000/n2', 'one of them'],
      ),
    )
    .addHelpText('after', 'Exit code 0: everything is whole. 1: there is damage.\n')
    .action(verify);
}

async function verify(dataDir: string, { json }: { readonly json?: true }): Promise<void> {
  const damaged: string[] = [];
  let forgotten: string | null = null;
  for (const folder of nodeFolders(dataDir)) {
    const check = await checkNode(folder);
    const ok = check.damage === null;
    if (!ok) damaged.push(folder.path);
    // What is not in the log, the others do not have either.
    if (check.forgotten !== null) forgotten ??= folder.path;
    const { memory, tornFile: _, ...shown } = check;
    const { cluster = null, epoch = 0 } = memory ?? {};
    if (json) await printJson({ ...folder, ok, cluster, epoch, ...shown });
    else await printSentences(folderLines(folder, check).map(cleanText));
  }
  const [first] = damaged;
  if (first === undefined) return;
  throw new Refused(
    `there is damage in ${damaged.join(' and ')}`,
    forgotten === null
      ? `a node of a cluster mends itself when it is started; else see \`replog repair ${shellWord(first)}\``
      : `no other node can mend the bookkeeping: see \`replog repair ${shellWord(forgotten)}\``,
  );
}

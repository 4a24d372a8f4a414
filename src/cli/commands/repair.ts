// `replog repair`: the way out for damaged data that no other node can make up for.

import type { Command } from 'commander';
import { shellWord } from '../../client/shell-word.ts';
import type { FolderCheck } from '../../persistence/damage/verify.ts';
import { type NodeFolder, nodeFolders } from '../arguments/data-dir.ts';
import { checkNode, withFolder } from '../backup/folder-check.ts';
import { UsageError } from '../exit.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { folderLines } from '../printing/folder-report.ts';
import { printJson, printSentences } from '../printing/output.ts';

interface RepairOptions {
  readonly cut?: true;
  readonly json?: true;
}

const EXPLANATION = `A node that has others to ask needs no repair: start it, and it serves what is
before the damage and fetches the rest. Use --cut where there is nobody to ask,
or where the others do not have it either: the log then ends before the damage.
All that is cut off is kept in files named damaged-…; entries that no other node
has are lost, even if their writers were told that they are stored.
A backup is the better way if there is one: see \`replog restore --help\`.
`;

export function register(program: Command): void {
  program
    .command('repair')
    .description('say what to do about damaged data; with --cut, cut the log before the damage')
    .argument('<data-dir>', 'folder of one node that is not running')
    .option('--cut', 'cut the log before the damage, keeping what is cut off aside')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog verify ./data', 'where is the damage, and what is left?'],
        ['replog repair ./data', 'what would be done'],
        ['replog repair --cut ./data', 'do it'],
      ),
    )
    .addHelpText('after', EXPLANATION)
    .action(repair);
}

async function repair(dataDir: string, { cut, json }: RepairOptions): Promise<void> {
  const folders = nodeFolders(dataDir);
  const [folder] = folders;
  if (folders.length !== 1 || folder === undefined) {
    throw await oneAtATime(dataDir, folders, cut === true);
  }
  const { before, kept } = cut ? await cutNode(folder) : await lookAt(folder);
  const plan = planOf(before);
  if (json) {
    const { damage, lost, lastIndex } = before;
    await printJson({ ...folder, done: cut === true, damage, lost, lastIndex, kept, ...plan });
    return;
  }
  const done = cut ? doneLines(kept) : ['    nothing was changed; --cut does it'];
  const lines = [
    ...folderLines(folder, before),
    ...plan.says.map((line) => `    ${line}`),
    ...(plan.says.length === 0 ? ['    there is nothing to repair'] : done),
  ];
  await printSentences(lines.map(cleanText));
}

/** Which of the nodes in a cluster's folder can be repaired, and by what command. */
async function oneAtATime(
  dataDir: string,
  folders: readonly NodeFolder[],
  cut: boolean,
): Promise<UsageError> {
  const states: string[] = [];
  const commands: string[] = [];
  for (const folder of folders) {
    const { damage, lost } = await checkNode(folder);
    if (damage === null && lost === null) continue;
    states.push(`${folder.node} ${damage === null ? 'waits for what damage took' : 'is damaged'}`);
    commands.push(`\`replog repair ${cut ? '--cut ' : ''}${shellWord(folder.path)}\``);
  }
  if (states.length > 0) {
    const what = `${dataDir} holds several nodes, and one is repaired at a time: `;
    return new UsageError(what + states.join(', '), commands.join(', '));
  }
  const names = folders.map(({ node }) => node).join(', ');
  return new UsageError(
    `${dataDir} holds several nodes, and none of them is damaged: ${names}`,
    `\`replog verify ${shellWord(dataDir)}\` shows what they hold`,
  );
}

interface Cut {
  readonly before: FolderCheck;
  readonly kept: readonly string[];
}

async function lookAt(folder: NodeFolder): Promise<Cut> {
  return { before: await checkNode(folder), kept: [] };
}

async function cutNode(folder: NodeFolder): Promise<Cut> {
  const { cutDamage } = await import('../../persistence/damage/repair.ts');
  const { realProcesses } = await import('../../persistence/disk/process-table.ts');
  return withFolder(folder, (disk, use) => cutDamage(disk, realProcesses, use));
}

/** What a cut means for this folder, in sentences; none if there is nothing to do. */
function planOf({ damage, forgotten, lost, lastIndex, tornBatch }: FolderCheck): {
  says: string[];
  cutAfter: number;
} {
  const says: string[] = [];
  const cut = damage !== null || lost !== null;
  const cutAfter = cut && tornBatch !== null ? tornBatch - 1 : lastIndex;
  if (damage !== null && damage.remains !== null) {
    const { upTo, open } = damage.remains;
    const first = cutAfter + 1;
    const leave =
      !open && upTo === first
        ? `entry ${first} leaves it, and is lost where no other node has it`
        : `entries ${first} to ${open ? 'the end' : upTo} leave it, ` +
          'and are lost where no other node has them';
    says.push(`cut: the log ends at entry ${cutAfter}; ${leave}`);
  }
  if (forgotten !== null) {
    says.push(
      'cut: the bookkeeping is kept aside and made anew from the log; of which cluster ' +
        'it is, and which epochs it had seen, is forgotten',
    );
  }
  if (lost !== null) {
    says.push(
      lost.upTo > lastIndex
        ? `cut: entries up to ${lost.upTo}, which an earlier damage took, are not waited for any more`
        : 'cut: it counts at once, and need not catch up with the others before that',
    );
  }
  if (cut && tornBatch !== null) {
    says.push(
      `cut: entries ${tornBatch} to ${lastIndex} leave the log, too, though they are whole: they ` +
        'are a part of a batch, which is all or nothing',
    );
  }
  return { says, cutAfter };
}

function doneLines(kept: readonly string[]): string[] {
  const where = kept.length === 0 ? [] : [`    kept aside: ${kept.join(' ')}`];
  return ['    done: the node can be started', ...where];
}

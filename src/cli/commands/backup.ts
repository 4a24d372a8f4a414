// `replog backup`: the whole log of a node, running or not, as one file.

import { statSync } from 'node:fs';
import type { Command } from 'commander';
import type { BackupSummary } from '../../persistence/backup/backup.ts';
import { type BackupPlace, refuseToReplace } from '../arguments/backup-place.ts';
import { isFolder, nodeFolders } from '../arguments/data-dir.ts';
import { targetFor, urlOfOne } from '../arguments/node-selection.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { addTargetOptions, type TargetOptions } from '../cluster/target.ts';
import { UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { formatBytes } from '../printing/bytes.ts';
import { cleanText } from '../printing/clean-text.ts';
import { entryRange } from '../printing/counted.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine } from '../printing/output.ts';

interface BackupOptions extends TargetOptions {
  readonly force?: true;
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('backup'))
    .description('write the whole log of a node to one portable file')
    .usage('[options] [NODE | DATA-DIR] FILE')
    .argument('<from-and-file...>', 'a node (n2, secondary, a URL) or a data folder; then the file')
    .option('--force', 'replace the file if it exists')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog backup log.backup', 'the log of the running cluster, from its master'],
        ['replog backup secondary log.backup', 'the same from a secondary'],
        ['replog backup ./data log.backup', 'of a cluster, or a node, that is not running'],
        ['replog restore log.backup ./new', 'and back: see `replog restore --help`'],
      ),
    )
    .action(backup);
}

async function backup(given: readonly string[], options: BackupOptions): Promise<void> {
  if (given.length > 2) {
    throw new UsageError(`too many arguments: ${given.slice(2).join(' ')}`, 'name one file');
  }
  const file = given.at(-1)!;
  const from = given.length === 2 ? given[0] : undefined;
  const place = { file, force: options.force };
  refuseAsTarget(place);
  const folder = from !== undefined && (isFolder(from) || isPath(from)) ? from : undefined;
  // What says which running cluster is meant, and for that which token.
  refuseBoth(options.url, folder, '--url', 'a data folder');
  refuseBoth(options.name, folder, '--name', 'a data folder');
  refuseBoth(options.tokenFile, folder, '--token-file', 'a data folder');
  const { summary, bytes } = await untilInterrupted(async (signal) => {
    if (folder !== undefined) {
      const { backupFolder } = await import('../backup/folder-backup.ts');
      return backupFolder(nodeFolders(folder), place);
    }
    const target = await targetFor(from, options);
    const { backupNode } = await import('../backup/node-backup.ts');
    const url =
      from === undefined ? target.url : await urlOfOne(from, target, 'a backup is made of', signal);
    return backupNode(url, place, { token: target.token, signal });
  });
  if (options.json) await printJson({ file, bytes, ...summary });
  else await printLine(cleanText(lineOf(file, bytes, summary)));
}

/** A backup takes the place of what has its name: of a plain file that may go, and of nothing else.
 * A device or a pipe would be gone, for whoever else uses it. */
function refuseAsTarget(place: BackupPlace): void {
  const { file } = place;
  const hint = 'name the file to be written';
  if (file === '') throw new UsageError('the name of the file is empty', hint);
  if (file === '-') {
    throw new UsageError(
      'a backup goes to a file, which appears when it is whole',
      'name one, `./-` if it is to be called that; `GET /backup` of a node is a stream',
    );
  }
  if (isFolder(file)) throw new UsageError(`${file} is a folder`, hint);
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isFile() === false) throw new UsageError(`${file} is no plain file`, hint);
  refuseToReplace(place);
}

/** No node has a name like that, and a URL says more. */
function isPath(text: string): boolean {
  return text.includes('/') && !/^https?:/.test(text);
}

function lineOf(file: string, bytes: number, summary: BackupSummary): string {
  const { entries, first, last, node } = summary;
  const range = entryRange(entries, first, last);
  return `${file}  ${formatBytes(bytes)}  ${range}${node === null ? '' : `, of ${node}`}`;
}

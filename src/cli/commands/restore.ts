// `replog restore`: makes the data of a new cluster, or of one node, of a backup.

import { createReadStream, existsSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { shellWord } from '../../client/shell-word.ts';
import { UnknownFormat } from '../../persistence/persistence.ts';
import { dataDirFrom, isFolder } from '../arguments/data-dir.ts';
import { shownPath } from '../arguments/path-problem.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { Refused, UsageError } from '../exit.ts';
import { formatBytes } from '../printing/bytes.ts';
import { cleanText } from '../printing/clean-text.ts';
import { entryRange } from '../printing/counted.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLines } from '../printing/output.ts';
import { Progress } from '../printing/progress.ts';

interface RestoreOptions {
  readonly node?: true;
  readonly check?: true;
  readonly json?: true;
}

const EXPLANATION = `The folder becomes that of a new cluster, whose first master, n1, has the log;
the others fetch it when they are started. The cluster may be of any size. With
--node it becomes the folder of one node, for \`replog master --data-dir\`.
The file is checked as a whole before anything is written.
`;

export function register(program: Command): void {
  program
    .command('restore')
    .description('make the data folder of a new cluster of a backup')
    .argument('<file>', 'a backup, as `replog backup` makes it')
    .argument('[data-dir]', 'a folder that does not exist yet, or is empty')
    .option('--node', 'make the folder of a single node')
    .option('--check', 'only check the backup; no DATA-DIR')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      examples(
        ['replog restore log.backup ./data', 'then:'],
        ['replog cluster --data-dir ./data --secondaries 4', 'a cluster of five with that log'],
        ['replog restore --node log.backup ./one', 'then: replog master --data-dir ./one'],
        ['replog restore --check log.backup', 'is the file whole?'],
      ),
    )
    .addHelpText('after', EXPLANATION)
    .action(restore);
}

async function restore(file: string, dataDir: string | undefined, options: RestoreOptions) {
  refuseBoth(options.check, options.node, '--check', '--node');
  refuseBoth(options.check, dataDir, '--check', 'DATA-DIR');
  if (dataDir === undefined && !options.check) {
    throw new UsageError('a folder is missing', 'name one that does not exist yet, or --check');
  }
  const passes = options.check ? 1 : 2;
  const progress = new Progress(sizeOf(file) * passes);
  let done = 0;
  async function* read(): AsyncGenerator<Buffer> {
    for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 })) {
      done += (bytes as Buffer).length;
      progress.update(done, formatBytes(done));
      yield bytes as Buffer;
    }
  }
  const { checkBackup, restoreFolder, FolderNotEmpty } = await import(
    '../../persistence/backup/restore.ts'
  );
  const { InvalidBackup } = await import('../../persistence/backup/backup.ts');
  try {
    const folder = dataDir === undefined || options.check ? null : folderFor(dataDir, options);
    const summary = folder === null ? await checkBackup(read) : await restoreFolder(read, folder);
    progress.finish();
    if (options.json) await printJson({ ...summary, folder });
    else await printLines(linesOf(summary, dataDir ?? null, options).map(cleanText));
  } catch (error) {
    if (error instanceof InvalidBackup) throw new Refused(`${file}: ${error.message}`, NOTHING);
    if (error instanceof UnknownFormat) {
      throw new Refused(`${file}: ${error.message}`, 'use the version of replog that wrote it');
    }
    if (error instanceof FolderNotEmpty) {
      throw new UsageError(error.message, 'choose a folder that does not exist yet');
    }
    throw error;
  } finally {
    progress.finish();
  }
}

const NOTHING = 'nothing was written; make a new backup with `replog backup`';

/** Where the log goes. A cluster's folder must be new as a whole: other nodes may be in it. */
function folderFor(dataDir: string, { node }: RestoreOptions): string {
  const path = dataDirFrom(dataDir, 'DATA-DIR');
  if (node) return path;
  if (!existsSync(path) || (isFolder(path) && readdirSync(path).length === 0)) {
    return join(path, 'n1');
  }
  throw new UsageError(
    `${dataDir} exists already, and is not empty`,
    'choose a folder that is empty, or does not exist yet',
  );
}

interface Restored {
  readonly entries: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly at: string;
  readonly node: string | null;
}

function linesOf(summary: Restored, dataDir: string | null, { node, check }: RestoreOptions) {
  const { entries, first, last, at } = summary;
  const range = entryRange(entries, first, last);
  const from = `${range}; made ${at}${summary.node === null ? '' : ` of ${summary.node}`}`;
  if (check || dataDir === null) return [`whole: ${from}`];
  const next = node
    ? `replog master --data-dir ${shellWord(dataDir)}`
    : `replog cluster --data-dir ${shellWord(dataDir)}`;
  return [`restored: ${from}`, `start it with: ${next}`];
}

function sizeOf(file: string): number {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status?.isFile() === true) return status.size;
  throw new UsageError(
    `${shownPath(file)} cannot be read: ${whyNotRead(status)}`,
    'name a backup, as `replog backup` makes it',
  );
}

function whyNotRead(status: Stats | undefined): string {
  if (status === undefined) return 'there is no such file';
  return status.isDirectory() ? 'it is a folder' : 'it is no plain file, which can be read twice';
}

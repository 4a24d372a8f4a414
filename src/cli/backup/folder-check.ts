// Checks the folder of a node that is not running, with a progress bar.

import { dirname } from 'node:path';
import type { CheckUse, FolderCheck } from '../../persistence/damage/verify.ts';
import type { Disk } from '../../persistence/disk/disk.ts';
import { FolderInUse, UnknownFormat } from '../../persistence/persistence.ts';
import type { NodeFolder } from '../arguments/data-dir.ts';
import { whyUnreadable } from '../arguments/input-file.ts';
import { Refused } from '../exit.ts';
import { formatBytes } from '../printing/bytes.ts';
import { Progress } from '../printing/progress.ts';

/** What comes of a folder. Rejects with Refused while a process works there, or if a later version
 * of replog wrote it. */
export async function checkNode(folder: NodeFolder): Promise<FolderCheck> {
  const { checkFolder } = await import('../../persistence/damage/verify.ts');
  return withFolder(folder, (disk, use) => checkFolder(disk, use));
}

/** Does something that reads the whole folder while a bar shows how far it is. */
export async function withFolder<Result>(
  { node, path }: NodeFolder,
  work: (disk: Disk, use: CheckUse) => Promise<Result>,
): Promise<Result> {
  const { RealDisk } = await import('../../persistence/disk/real-disk.ts');
  const { refuseIfInUse } = await import('../../persistence/disk/lock.ts');
  const { realProcesses } = await import('../../persistence/disk/process-table.ts');
  const { segmentBytesOf } = await import('../../persistence/damage/verify.ts');
  const disk = new RealDisk(path);
  try {
    await refuseIfInUse(disk, realProcesses);
    const progress = new Progress(await segmentBytesOf(disk));
    let done = 0;
    const onRead = (bytes: number): void => {
      done += bytes;
      progress.update(done, `${node}  ${formatBytes(done)}`);
    };
    try {
      return await work(disk, { onRead });
    } finally {
      progress.finish();
    }
  } catch (error) {
    throw refusalOf(error, path);
  }
}

/** What the system says of a file that is there, but is none to be read. */
const NO_FILE: ReadonlySet<string> = new Set(['EISDIR', 'ELOOP', 'ENOENT', 'EIO']);

function refusalOf(error: unknown, folder: string): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  if (path !== undefined && dirname(path) === folder && NO_FILE.has(code)) {
    const hint = 'put in order what has that name; `replog restore` makes a new folder of a backup';
    return new Refused(`${path} ${whyUnreadable(error)}`, hint);
  }
  if (error instanceof FolderInUse) {
    const hint =
      'stop that node or cluster first; of a running node, `replog backup n2 FILE` copies the log';
    return new Refused(error.message, hint);
  }
  if (error instanceof UnknownFormat) {
    return new Refused(error.message, 'use the version of replog that wrote it');
  }
  return error;
}

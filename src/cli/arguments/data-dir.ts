// Where data are kept: what a `--data-dir` means to a server, and the folders of nodes that a
// DATA-DIR means to whoever looks at them: it is one itself, or a cluster's, with one per node.

import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isOfProcesses, lowestThere } from '../../cluster/files/folder-of-processes.ts';
import { UsageError } from '../exit.ts';
import { inOrder } from './node-selection.ts';

/** One node's folder. */
export interface NodeFolder {
  /** The folder's name, which in a cluster's is the node's id. */
  readonly node: string;
  /** Absolute. */
  readonly path: string;
}

/** The absolute path of a `--data-dir`, or of what else is called `name`. Throws UsageError for an
 * empty one, as an unset variable of a shell leaves it: that would be the current folder; for the
 * option that such a one leaves in its place; and for one below /proc. */
export function dataDirFrom(text: string, name = '--data-dir'): string {
  if (text === '') {
    throw new UsageError(`${name} is empty`, 'name a folder; `.` is the current one');
  }
  if (text.startsWith('--')) {
    throw new UsageError(`${name} has no value: ${text} is an option`, 'name a folder before it');
  }
  const path = resolve(text);
  if (isOfProcesses(path)) throw unusable(path, 'no folder can be made there', name);
  return path;
}

const A_FILE = 'it is a file';
const IN_A_FILE = 'a part of it is a file';

/** What the system says of a path that cannot be a folder, or not one of this user's. */
const UNUSABLE: Readonly<Record<string, string>> = {
  'mkdir ENOTDIR': IN_A_FILE,
  'open ENOTDIR': A_FILE,
  'mkdir EEXIST': A_FILE,
  'mkdir EACCES': 'this user may not',
  'mkdir EPERM': 'no folder can be made there',
  'open EACCES': 'this user may not',
  'mkdir EROFS': 'that disk is read-only',
  'open EROFS': 'that disk is read-only',
};

/** The error in words if it says that `dataDir` cannot be used; null if it says anything else.
 * `mayWrite` throws where the system does not let this process write into a folder. */
export function unusableFolder(
  error: unknown,
  dataDir: string | null,
  mayWrite: (folder: string) => void = mayWriteInto,
): UsageError | null {
  const cause = error instanceof Error ? error.cause : undefined;
  const { code, syscall } = (cause ?? error ?? {}) as NodeJS.ErrnoException;
  const said = `${syscall} ${code}`;
  const known = UNUSABLE[said];
  if (dataDir === null || (known === undefined && said !== 'mkdir ENOENT')) return null;
  const reason = obstacle(dataDir, mayWrite) ?? known;
  return reason === undefined ? null : unusable(dataDir, reason);
}

/** What is in the way of a folder, seen from the lowest one above it that exists. Told to make all
 * that is missing, Node says of a disk that is read-only that there is no such folder. */
function obstacle(dataDir: string, mayWrite: (folder: string) => void): string | undefined {
  const above = lowestThere(dataDir);
  if (!isFolder(above)) return above === dataDir ? A_FILE : IN_A_FILE;
  try {
    mayWrite(above);
    return undefined;
  } catch (error) {
    return UNUSABLE[`mkdir ${(error as NodeJS.ErrnoException).code}`];
  }
}

function mayWriteInto(folder: string): void {
  accessSync(folder, constants.W_OK);
}

function unusable(dataDir: string, reason: string, name = '--data-dir'): UsageError {
  return new UsageError(
    `the data cannot be kept in ${dataDir}: ${reason}`,
    `choose another ${name}${name === '--data-dir' ? ', or --memory' : ''}`,
  );
}

/** In the order of their ids. Throws UsageError if there is nothing of replog's. */
export function nodeFolders(dataDir: string): NodeFolder[] {
  if (dataDir === '') {
    throw new UsageError(
      'the name of the folder is empty',
      'name the folder of a node, or that of a cluster; `.` is the current one',
    );
  }
  const path = resolve(dataDir);
  const names = namesIn(path, dataDir);
  if (isNodes(names)) return [{ node: basename(path), path }];
  const inside = names
    .map((name) => ({ node: name, path: join(path, name) }))
    .filter((folder) => isFolder(folder.path) && isNodes(readdirSync(folder.path)));
  if (inside.length > 0) return inOrder(inside);
  throw new UsageError(
    `there is no data of replog in ${dataDir}`,
    'name the folder of a node, or that of a cluster (./.replog/NAME)',
  );
}

/** Whether the text names a folder that exists. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** A summary alone tells of a log that is gone, which is not to be passed over. */
function isNodes(names: readonly string[]): boolean {
  return names.some((name) => name === 'memory.json' || /^log-\d{16}\.(?:seg|sum)$/.test(name));
}

function namesIn(path: string, given: string): string[] {
  if (!isFolder(path)) {
    const hint = 'name the folder of a node, or that of a cluster (./.replog/NAME)';
    if (!existsSync(path)) throw new UsageError(`there is no folder ${given}`, hint);
    const backup = '; a backup is checked by `replog restore --check`';
    throw new UsageError(`${given} is no folder`, `${hint}${backup}`);
  }
  return readdirSync(path);
}

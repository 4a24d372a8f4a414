// The folders of nodes that a DATA-DIR means: it is one itself, or a cluster's, with one per node.

import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UsageError } from './exit.ts';
import { inOrder } from './node-selection.ts';

/** One node's folder. */
export interface NodeFolder {
  /** The folder's name, which in a cluster's is the node's id. */
  readonly node: string;
  /** Absolute. */
  readonly path: string;
}

/** In the order of their ids. Throws UsageError if there is nothing of replog's. */
export function nodeFolders(dataDir: string): NodeFolder[] {
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

function isNodes(names: readonly string[]): boolean {
  return names.some((name) => name === 'memory.json' || /^log-\d{16}\.seg$/.test(name));
}

function namesIn(path: string, given: string): string[] {
  if (!isFolder(path)) throw new UsageError(`there is no folder ${given}`);
  return readdirSync(path);
}

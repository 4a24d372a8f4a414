// Whether a process works on a folder of a node's data: asked by whoever is about to remove it.

import { codeOf } from '../../persistence/disk/disk.ts';
import { refuseIfInUse } from '../../persistence/disk/lock.ts';
import { realProcesses } from '../../persistence/disk/process-table.ts';
import { RealDisk } from '../../persistence/disk/real-disk.ts';

/** Rejects with FolderInUse if a process works there. The folder need not exist. */
export async function refuseFolderInUse(folder: string): Promise<void> {
  try {
    await refuseIfInUse(new RealDisk(folder), realProcesses);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

// A backup of a node, or of the cluster, that is not running: from the folder that has the most.

import { BackupWriter } from '../../persistence/backup/backup.ts';
import type { FolderCheck } from '../../persistence/damage/verify.ts';
import { checkFolder } from '../../persistence/damage/verify.ts';
import type { BackupPlace } from '../arguments/backup-place.ts';
import type { NodeFolder } from '../arguments/data-dir.ts';
import { Refused } from '../exit.ts';
import { printError } from '../printing/output.ts';
import { type Written, writeBackup } from './backup-file.ts';
import { checkNode, withFolder } from './folder-check.ts';

interface Checked {
  readonly folder: NodeFolder;
  readonly check: FolderCheck;
}

/** Rejects with Refused if none of the folders is whole, or a process works in one. */
export async function backupFolder(
  folders: readonly NodeFolder[],
  place: BackupPlace,
): Promise<Written> {
  const { folder, check } = await chosen(folders);
  const writer = new BackupWriter();
  const { node } = folder;
  const head = { at: new Date().toISOString(), node, lastIndex: check.lastIndex };
  return writeBackup(place, async (target) => {
    target.write(Buffer.from(writer.head(head)));
    const { damage, lastIndex } = await withFolder(folder, (disk, use) =>
      checkFolder(disk, {
        ...use,
        visit: (entry) => target.write(Buffer.from(writer.entry(entry))),
      }),
    );
    // Damage ends the reading where it is, and the second time it may be met earlier.
    if (damage !== null || lastIndex !== check.lastIndex) {
      throw new Refused(
        `${node} was read twice, and was not the same: ${damage?.what ?? 'its log has changed'}`,
        'see what is left with `replog verify`, and whether something works in that folder',
      );
    }
    target.write(Buffer.from(writer.end()));
  });
}

/** The one whose master was the latest, and of those the one that has the most of its log. */
async function chosen(folders: readonly NodeFolder[]): Promise<Checked> {
  let best: Checked | null = null;
  for (const folder of folders) {
    const check = await checkNode(folder);
    const { damage, lost, memory } = check;
    if (memory?.arbiter && check.segments === 0 && folders.length > 1) continue;
    if (damage !== null || lost !== null) {
      printError(`${folder.node} is left out: ${damage?.what ?? 'damage took a part of its log'}`);
      continue;
    }
    if (best === null || isLater(check, best.check)) best = { folder, check };
  }
  if (best !== null) return best;
  throw new Refused('no folder holds a whole log', '`replog verify` says what is wrong with it');
}

function isLater(one: FolderCheck, other: FolderCheck): boolean {
  const epochs = [one, other].map(({ memory }) => memory?.acceptedEpoch ?? 0);
  if (epochs[0] !== epochs[1]) return epochs[0]! > epochs[1]!;
  return one.lastIndex > other.lastIndex;
}

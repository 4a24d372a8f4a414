// Makes a node's folder of a backup. The rule: the folder appears under its name when all of the
// backup is in it and durable; whatever interrupts this leaves a folder that no node starts on.

import { readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { memoryBeside } from '../../core/effects.ts';
import type { Entry } from '../../core/operation.ts';
import { codeOf } from '../disk/disk.ts';
import { makeFolder, syncFolder } from '../disk/folders.ts';
import { RealDisk } from '../disk/real-disk.ts';
import { openSegmentedLog } from '../log/segmented-log.ts';
import type { Persistence } from '../persistence.ts';
import { BackupReader, type BackupSummary } from './backup.ts';

/** There is something already where the log would go. */
export class FolderNotEmpty extends Error {
  override readonly name = 'FolderNotEmpty';

  constructor(folder: string) {
    super(`${folder} is not empty`);
  }
}

/** Reads the bytes of the backup from the beginning; called twice. */
export type ReadBackup = () => AsyncIterable<Buffer>;

/** Reads a whole backup and checks it. Rejects with InvalidBackup or UnknownFormat. */
export async function checkBackup(read: ReadBackup): Promise<BackupSummary> {
  const reader = new BackupReader();
  for await (const bytes of read()) reader.write(bytes);
  return reader.end();
}

/** Checks the whole backup first, then makes the folder `at` of it, which must be missing or empty.
 * Rejects also with FolderNotEmpty. */
export async function restoreFolder(read: ReadBackup, at: string): Promise<BackupSummary> {
  await refuseUnlessEmpty(at);
  await checkBackup(read);
  // A link to a folder stays one.
  const folder = await realpath(at).catch(() => at);
  const parent = dirname(folder);
  const draft = join(parent, `.${basename(folder)}.restoring`);
  const made = await makeFolder(parent);
  await rm(draft, { recursive: true, force: true });
  let filled = false;
  try {
    const summary = await fill(openSegmentedLog(new RealDisk(draft)), read);
    filled = true;
    await rmdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
    await rename(draft, folder);
    await syncFolder(parent);
    return summary;
  } catch (error) {
    // What fails, as on a full disk, leaves nothing that the next try would stumble over. If it has
    // its name already, it loses that first; if not, the draft itself is in the way of this.
    if (filled) await rename(folder, draft).catch(() => undefined);
    await rm(draft, { recursive: true, force: true });
    if (made !== undefined) await removeEmpty(resolve(parent), made);
    throw error;
  }
}

/** Removes a folder and those above it, up to `highest`, as far as nothing has been put there. */
async function removeEmpty(folder: string, highest: string): Promise<void> {
  for (let at = folder; at.length >= highest.length; at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

async function fill(log: Persistence, read: ReadBackup): Promise<BackupSummary> {
  try {
    await log.recover(() => undefined);
    let gathered: Entry[] = [];
    const reader = new BackupReader((entry) => gathered.push(entry));
    let writes = 0;
    for await (const bytes of read()) {
      reader.write(bytes);
      if (gathered.length === 0) continue;
      log.append(gathered);
      gathered = [];
      writes += 1;
      await log.persist(writes, log.lastIndex);
    }
    const summary = reader.end();
    // A new cluster, whose epochs go on above those in the log.
    const { lastEpoch } = summary;
    await log.remember(memoryBeside(lastEpoch));
    return summary;
  } finally {
    await log.close();
  }
}

async function refuseUnlessEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (names.length > 0) throw new FolderNotEmpty(folder);
}

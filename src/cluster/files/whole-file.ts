// Files that others read while they are written: readers see the old text or the new one, never
// half of it, and what cannot be written leaves nothing. A draft names the process that writes it,
// so that what a killed one has left can be told from what another is about to finish.

import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../process/liveness.ts';

const DRAFT_PATTERN = /\.(\d+)\.[0-9a-f]{8}\.tmp$/;

/** A name beside the file that nobody else writes to, and nobody reads. */
export const draftOf = (path: string): string =>
  `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;

/** Removes the drafts in the folder whose writers are dead. One whose pid a later process has stays
 * until that has ended, too. */
export function removeAbandonedDrafts(folder: string): void {
  for (const file of readdirSync(folder)) {
    const pid = Number(DRAFT_PATTERN.exec(file)?.[1] ?? process.pid);
    if (!isAlive({ pid, startTime: null })) discard(join(folder, file));
  }
}

/** Replaces the file's text by way of `draft`, in the same folder, which nobody reads. Throws what
 * the system says. `mode`: of a new file; default: what the process's mask leaves. */
export function writeWhole(path: string, text: string, draft: string, mode?: number): void {
  try {
    writeFileSync(draft, text, { mode });
    renameSync(draft, path);
  } catch (error) {
    discard(draft);
    throw error;
  }
}

function discard(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // Why it could not be written is what its owner needs to know.
  }
}

// Files that others read while they are written: readers see the old text or the new one, never
// half of it, and what cannot be written leaves nothing.

import { renameSync, rmSync, writeFileSync } from 'node:fs';

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

// The rule for every file that is written as a whole: under another name first, so that a crash
// leaves all of it or nothing.

import { type Disk, type DiskFile, withFile } from './disk.ts';

/** Suffix of a file that is not finished; recovery removes what a crash leaves of it. */
export const UNFINISHED = '.tmp';

/** What a file is called until it takes its name. */
export function unfinishedName(name: string): string {
  return `${name}${UNFINISHED}`;
}

/** Writes a file that appears under its name complete, or not at all, in place of what had that
 * name. Its bytes are durable then; its name is after `syncFolder`. */
export async function writeWhole(
  disk: Disk,
  name: string,
  write: (file: DiskFile) => Promise<void>,
): Promise<void> {
  const unfinished = unfinishedName(name);
  await disk.remove(unfinished);
  await withFile(disk, unfinished, 'create', write);
  await disk.rename(unfinished, name);
}

/** The first of `stem` + `ending`, `stem-2` + `ending`, … that no file of the folder has. */
export async function freeName(disk: Disk, stem: string, ending: string): Promise<string> {
  const taken = new Set(await disk.list());
  let free = `${stem}${ending}`;
  for (let n = 2; taken.has(free); n += 1) free = `${stem}-${n}${ending}`;
  return free;
}

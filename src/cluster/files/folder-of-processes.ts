// Linux's /proc answers each mkdir as if the folder above were missing. Node 20, told to make all
// that is missing, never tires of it, and no signal is heard meanwhile. The rule: whoever makes a
// folder that a user has named asks here first.

import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The type of Linux's file system of processes (PROC_SUPER_MAGIC). */
const PROC = 0x9fa0;

/** Whether the path stands, or would stand, in /proc. */
export function isOfProcesses(path: string): boolean {
  return process.platform === 'linux' && statfsSync(lowestThere(resolve(path))).type === PROC;
}

/** The path itself, or the lowest folder above it that exists. */
export function lowestThere(path: string): string {
  let above = path;
  while (!existsSync(above)) above = dirname(above);
  return above;
}

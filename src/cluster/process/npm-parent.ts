// `npx replog …` puts npm, and perhaps a shell, between the terminal and the program. A SIGTERM
// that is sent to npx ends those and never reaches the program, which so has to notice it by
// itself.

import { readFileSync } from 'node:fs';
import { parentOf } from './liveness.ts';

/** What is watched: processes above this one, the nearest first. */
type Ancestors = readonly number[];

/** How often to look; a stopped npx should not leave its cluster behind for long. */
const LOOK_EVERY_MS = 250;

/** Calls back once when npm, above this process, has gone; returns how to stop watching. Without
 * npm above, nothing is watched. */
export function onNpmGone(gone: () => void): () => void {
  const ancestors = npmAbove(process.ppid);
  if (ancestors.length === 0) return () => undefined;
  const timer = setInterval(() => {
    if (isIntact(ancestors)) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function npmAbove(parent: number): Ancestors {
  if (process.env.npm_command === undefined) return [];
  const title = titleOf(parent);
  // Where processes cannot be looked at, the environment has to do.
  if (title === null || isNpm(title)) return [parent];
  const grandparent = parentOf(parent);
  if (grandparent === null || !isShell(title) || !isNpm(titleOf(grandparent) ?? '')) return [];
  return [parent, grandparent];
}

function isIntact([parent, grandparent]: Ancestors): boolean {
  if (process.ppid !== parent) return false;
  return grandparent === undefined || parentOf(parent) === grandparent;
}

/** npm names its process after what it does: `npm exec replog cluster`. */
function isNpm(title: string): boolean {
  return /^npm\b/.test(title) || /\b(?:npm-cli|npx-cli)\.js\b/.test(title);
}

function isShell(title: string): boolean {
  return /^(?:\S*\/)?(?:sh|bash|dash|zsh|ash|busybox)\s/.test(title);
}

function titleOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // No /proc on this system, or the process is gone: both mean "not known here".
    return null;
  }
}

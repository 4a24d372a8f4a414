// Whether a process that was written down somewhere still lives. A pid alone proves nothing, since
// the system hands it out again: where /proc exists, the start time is compared as well.

import { readFileSync } from 'node:fs';

/** A process, named so that a later one with the same pid is not taken for it. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks between the system's start and the process's; null where /proc is missing. */
  readonly startTime: string | null;
}

/** The mark of a process that lives now; this one by default. */
export function markOf(pid: number = process.pid): ProcessMark {
  return { pid, startTime: statOf(pid)?.startTime ?? null };
}

/** Whether the marked process still lives. */
export function isAlive(mark: ProcessMark): boolean {
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    // EPERM: the pid lives, under another user; its start time tells whether it is the same.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = statOf(mark.pid);
  // Without /proc the pid is all there is to go by.
  if (now === null) return true;
  return !now.dead && (mark.startTime === null || now.startTime === mark.startTime);
}

/** The parent of a process; null where that cannot be known. */
export function parentOf(pid: number): number | null {
  return statOf(pid)?.parent ?? null;
}

/** Whether a signal has made the process stand still; false where that cannot be known. */
export function isFrozen(pid: number): boolean {
  return statOf(pid)?.frozen ?? false;
}

interface Stat {
  readonly dead: boolean;
  readonly frozen: boolean;
  readonly parent: number;
  readonly startTime: string;
}

function statOf(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // No /proc on this system, or no such process: both mean "not known here".
    return null;
  }
  // The second field is the program's name in parentheses and may itself hold spaces and ")".
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // What was killed keeps its pid until its parent asks for it, and some never do (many a first
  // process of a container): it runs nothing any more.
  const dead = fields[0] === 'Z' || fields[0] === 'X';
  const frozen = fields[0] === 'T';
  const parent = Number(fields[1]);
  const startTime = fields[19];
  return startTime === undefined ? null : { dead, frozen, parent, startTime };
}

// Which processes live, as far as the lock of a folder needs to know. The rule: a process is known
// by its id and the moment it started, because ids are used again.

import fs from 'node:fs';
import { codeOf } from './disk.ts';

/** One process. */
export interface Owner {
  readonly pid: number;
  /** When it started, in a unit of the system's own; empty where the system does not tell. */
  readonly started: string;
}

export interface ProcessTable {
  /** This process. */
  self(): Owner;
  lives(owner: Owner): boolean;
}

/** Places of state and start time among the fields of /proc/<pid>/stat, counted after the name. */
const STATE_FIELD = 0;
const STARTED_FIELD = 19;

/** The processes of this machine (or container). */
export const realProcesses: ProcessTable = {
  self: () => ({ pid: process.pid, started: statOf(process.pid)?.started ?? '' }),
  lives: (owner) => {
    const stat = statOf(owner.pid);
    // Killed but not yet collected by its parent: it holds nothing any more.
    if (stat !== null) return !stat.dead && matches(owner.started, stat.started);
    return answers(owner.pid);
  },
};

function matches(recorded: string, found: string): boolean {
  return recorded === '' || recorded === found;
}

/** null where there is no such process, or no /proc. */
function statOf(pid: number): { started: string; dead: boolean } | null {
  let text: string;
  try {
    text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // Absent or unreadable: `answers` decides.
    return null;
  }
  // The name, in brackets, may itself hold brackets and spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[STATE_FIELD] ?? '';
  return { started: fields[STARTED_FIELD] ?? '', dead: state === 'Z' || state === 'X' };
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to somebody else.
    return codeOf(error) === 'EPERM';
  }
}

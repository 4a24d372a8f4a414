// The file that a run of chaos is written down in: a new one. What is in the way of a later run may
// be all that there is of one that found something.

import { accessSync, constants, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../exit.ts';
import { pathProblem, shownPath } from './path-problem.ts';

const HINT = 'name a file in a folder that exists, and that this user may use';

/** Throws UsageError if there is a file of that name, or none can be made there: before a cluster
 * has been started for it. Devices and pipes keep nothing. */
export function refuseRecorded(file: string): void {
  const there = statOf(file);
  if (there?.isFile() === true)
    throw new UsageError(`${file} exists already`, 'choose another name, or remove it');
  if (there?.isDirectory() === true || file.endsWith('/')) throw unusable(file, 'EISDIR');
  if (there !== undefined) return;
  try {
    // With a slash at its end only a folder has this name.
    accessSync(`${dirname(file)}/`, constants.W_OK);
  } catch (error) {
    throw unusable(file, (error as NodeJS.ErrnoException).code);
  }
}

function statOf(file: string) {
  if (file === '') throw unusable(file, 'ENOENT');
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw unusable(file, (error as NodeJS.ErrnoException).code);
  }
}

function unusable(file: string, code: string | undefined): UsageError {
  return new UsageError(`${shownPath(file)} cannot be used: ${pathProblem(code) ?? code}`, HINT);
}

/** The file, open to be written. Throws UsageError if it has come to be meanwhile. */
export function openRecord(file: string): number {
  refuseRecorded(file);
  return openSync(file, 'w');
}

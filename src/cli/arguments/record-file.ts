// The file that a run of chaos is written down in: a new one. What is in the way of a later run may
// be all that there is of one that found something.

import { openSync, statSync } from 'node:fs';
import { UsageError } from '../exit.ts';

/** Throws UsageError if there is a file of that name. Devices and pipes keep nothing. */
export function refuseRecorded(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return;
  throw new UsageError(`${file} exists already`, 'choose another name, or remove it');
}

/** The file, open to be written. Throws UsageError if it has come to be meanwhile. */
export function openRecord(file: string): number {
  refuseRecorded(file);
  return openSync(file, 'w');
}

// Where a backup goes: to a name that nothing has yet, or whose file may go.

import { lstatSync } from 'node:fs';
import { UsageError } from '../exit.ts';

/** Where a backup goes. */
export interface BackupPlace {
  readonly file: string;
  /** A file of that name may go. */
  readonly force?: boolean | undefined;
}

/** Throws UsageError if there is something of that name which must stay. */
export function refuseToReplace({ file, force }: BackupPlace): void {
  if (force || lstatSync(file, { throwIfNoEntry: false }) === undefined) return;
  throw new UsageError(`${file} exists already`, 'choose another name, or replace it with --force');
}

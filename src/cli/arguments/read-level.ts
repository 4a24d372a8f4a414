// What a read may show, as given on the command line.

import type { ReadLevel } from '../../client/answers.ts';
import { UsageError } from '../exit.ts';

/** `local`, `majority` or `linearizable`. Throws UsageError. */
export function parseReadLevel(text: string): ReadLevel {
  if (text === 'local' || text === 'majority' || text === 'linearizable') return text;
  throw new UsageError(`"${text}" is not a read level`, 'use local, majority or linearizable');
}

// The disk's errors in the words of the interface. The rule: only what the system reports, with a
// code, can be asked for again; damage and broken assumptions stay what they are.

import { StorageFailure } from '../persistence.ts';
import { codeOf } from './disk.ts';

/** Whether the disk (or the user's share of it) has no room. */
export function isFull(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function failureOf(error: unknown): unknown {
  if (codeOf(error) === undefined || !(error instanceof Error)) return error;
  const full = isFull(error);
  return new StorageFailure(full ? `no room left: ${error.message}` : error.message, full, error);
}

// Entries for tests of persistence.

import { epoch, type LogIndex, logIndex } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';

/** An entry whose text is about `size` bytes longer than its envelope. */
export function entryAt(index: number, message = `message ${index}`, of = 1): Entry {
  return {
    index: logIndex(index),
    epoch: epoch(of),
    at: '2024-05-01T12:00:00.000Z',
    op: 'append',
    message,
  };
}

/** Entries `from`…`to`. */
export function entriesOf(from: number, to: number, of = 1): Entry[] {
  const entries: Entry[] = [];
  for (let index = from; index <= to; index += 1) entries.push(entryAt(index, undefined, of));
  return entries;
}

export const at = (index: number): LogIndex => logIndex(index);

/** The text that a run of entries must have in a Chunk. */
export function textOf(entries: readonly Entry[]): string {
  return entries.map((entry) => JSON.stringify(entry)).join(',');
}

// What a message to another node says of the log: entries, and what stands before them.

import { type LogIndex, logIndex } from '../../core/ids.ts';
import type { FetchedOrder, LogPoint, SnapshotOrder } from '../../core/messages.ts';
import type { Options } from '../../core/options.ts';
import type { Chunk, Persistence } from '../persistence.ts';

export interface Excerpt {
  /** null: no entries, only where the log stands. */
  readonly chunk: Chunk | null;
  /** What stands before the entries. */
  readonly prev: LogPoint;
}

/** What a Fetched says of the log; `prev` is null if the log ends before that. */
export type FetchedExcerpt = Excerpt | { readonly chunk: null; readonly prev: null };

type Reading = Pick<Persistence, 'hash' | 'lastIndex' | 'measure' | 'read'>;

/** What a Snapshot says, at once if it is in memory. Throws, or rejects, if the log was cut back
 * after it was ordered. */
export function excerpt(
  log: Reading,
  { from, to }: Pick<SnapshotOrder, 'from' | 'to'>,
): Excerpt | Promise<Excerpt> {
  if (from <= to) return after(log.read(from, to), (chunk) => ({ chunk, prev: chunk.prev }));
  return after(pointAt(log, to), (prev) => ({ chunk: null, prev }));
}

/** What a Fetched says: as much as fits one message. */
export async function fetchedExcerpt(
  log: Reading,
  { from, lastIndex }: FetchedOrder,
  options: Pick<Options, 'snapshotBytesMax' | 'snapshotEntriesMax'>,
): Promise<FetchedExcerpt> {
  if (from > lastIndex + 1) return { chunk: null, prev: null };
  const { snapshotBytesMax, snapshotEntriesMax } = options;
  const to =
    from > lastIndex ? lastIndex : log.measure(from, snapshotEntriesMax, snapshotBytesMax).to;
  return excerpt(log, { from, to });
}

function pointAt(log: Reading, index: LogIndex): LogPoint | Promise<LogPoint> {
  if (index === log.lastIndex) return { index, hash: log.hash };
  if (index === 0) return { index, hash: 0 };
  const next = logIndex(index + 1);
  return after(log.read(next, next), ({ prev }) => prev);
}

function after<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(use) : use(value);
}

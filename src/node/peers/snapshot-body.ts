// Bodies that carry entries of the log: put together from the bytes that are stored, never parsed.

import type { LogIndex } from '../../core/ids.ts';
import type { LogPoint, SnapshotOrder } from '../../core/messages.ts';
import type { Chunk } from '../../persistence/persistence.ts';

/** With fewer updates than this their lengths are not sent along. */
const LENGTHS_MIN = 8;

const NONE: Buffer = Buffer.alloc(0);
const SUFFIX: Buffer = Buffer.from(']}');

/** The body of `POST /replica/snapshot` in parts, so that the updates need not be copied. `chunk`
 * is null for a Snapshot without updates; `prev` is what stands in the log right before them, null
 * if that is not known. */
export function snapshotParts(
  order: SnapshotOrder,
  chunk: Chunk | null,
  prev: LogPoint | null,
): Buffer[] {
  const { epoch, session, seq, commitIndex, master, opened, reset } = order;
  const fields = { epoch, session, seq, commitIndex, master, opened, reset, ...point(prev) };
  const { lengths = [] } = chunk ?? {};
  // Worth its bytes only where parsing costs more.
  return around(lengths.length < LENGTHS_MIN ? fields : { ...fields, lengths }, chunk);
}

/** The answer to `POST /replica/fetch`. */
export function fetchedBody(
  chunk: Chunk | null,
  prev: LogPoint | null,
  lastIndex: LogIndex,
): Buffer {
  return Buffer.concat(around({ result: 'Fetched', lastIndex, ...point(prev) }, chunk));
}

function point(prev: LogPoint | null): { prev?: LogPoint } {
  return prev === null ? {} : { prev: { index: prev.index, hash: prev.hash } };
}

/** The fields, which are never none, and then the chunk's entries as `updates`. */
function around(fields: Record<string, unknown>, chunk: Chunk | null): Buffer[] {
  const holes = chunk === null || chunk.holes.length === 0 ? {} : { holes: chunk.holes };
  const all = { ...fields, ...holes };
  const prefix = Buffer.from(`${JSON.stringify(all).slice(0, -1)},"updates":[`);
  return [prefix, chunk?.json ?? NONE, SUFFIX];
}

// Messages with the entries that they were ordered for, as src/node sends them.

import type { Fetched, FetchedOrder, Snapshot, SnapshotOrder } from '../core/messages.ts';
import type { Mutable } from '../core/mutable.ts';
import type { Excerpt, FetchedExcerpt } from '../persistence/excerpt.ts';
import type { EntryTexts } from './entry-texts.ts';

export function filledSnapshot(
  order: SnapshotOrder,
  { chunk, prev }: Excerpt,
  texts: EntryTexts,
): Snapshot {
  const { type, epoch, session, seq, commitIndex, master, opened, reset } = order;
  const updates = texts.entries(chunk);
  const message: Mutable<Snapshot> = { type, epoch, session, seq, commitIndex, updates, prev };
  if (master !== undefined) message.master = master;
  if (opened !== undefined) message.opened = opened;
  if (reset !== undefined) message.reset = reset;
  if (chunk !== null && chunk.holes.length > 0) message.holes = chunk.holes;
  return message;
}

export function filledFetched(
  { lastIndex }: FetchedOrder,
  { chunk, prev }: FetchedExcerpt,
  texts: EntryTexts,
): Fetched {
  const message: Mutable<Fetched> = { type: 'Fetched', updates: texts.entries(chunk), lastIndex };
  if (prev !== null) message.prev = prev;
  if (chunk !== null && chunk.holes.length > 0) message.holes = chunk.holes;
  return message;
}

// Messages with the entries that they were ordered for, as src/node sends them.

import type {
  Fetched,
  FetchedOrder,
  ReadLog,
  Request,
  RequestOrder,
  Snapshot,
  SnapshotOrder,
} from '../../core/messages.ts';
import type { Mutable } from '../../core/mutable.ts';
import type { Options } from '../../core/options.ts';
import type { Persistence } from '../../persistence/persistence.ts';
import {
  type Excerpt,
  excerpt,
  type FetchedExcerpt,
  fetchedExcerpt,
} from '../../persistence/record/excerpt.ts';
import type { EntryTexts } from './entry-texts.ts';

/** At once where all of it is in memory. Throws, or rejects, where the log was cut back since. */
export function filledRequest(
  order: Exclude<RequestOrder, ReadLog>,
  persistence: Persistence,
  texts: EntryTexts,
): Request | Promise<Request> {
  if (order.type !== 'Snapshot') return order;
  const fill = (found: Excerpt): Request => snapshotWith(order, found, texts);
  const found = excerpt(persistence, order);
  return found instanceof Promise ? found.then(fill) : fill(found);
}

export async function filledFetched(
  order: FetchedOrder,
  persistence: Persistence,
  options: Options,
  texts: EntryTexts,
): Promise<Fetched> {
  return fetchedWith(order, await fetchedExcerpt(persistence, order, options), texts);
}

function snapshotWith(order: SnapshotOrder, { chunk, prev }: Excerpt, texts: EntryTexts): Snapshot {
  const { type, epoch, session, seq, commitIndex, master, opened, reset } = order;
  const updates = texts.entries(chunk);
  const message: Mutable<Snapshot> = { type, epoch, session, seq, commitIndex, updates, prev };
  if (master !== undefined) message.master = master;
  if (opened !== undefined) message.opened = opened;
  if (reset !== undefined) message.reset = reset;
  if (chunk !== null && chunk.holes.length > 0) message.holes = chunk.holes;
  return message;
}

function fetchedWith(
  { lastIndex }: FetchedOrder,
  { chunk, prev }: FetchedExcerpt,
  texts: EntryTexts,
): Fetched {
  const message: Mutable<Fetched> = { type: 'Fetched', updates: texts.entries(chunk), lastIndex };
  if (prev !== null) message.prev = prev;
  if (chunk !== null && chunk.holes.length > 0) message.holes = chunk.holes;
  return message;
}

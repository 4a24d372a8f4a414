// What a node that is not replog's answers to GET /log, as a new master takes it.

import * as z from 'zod';
import { logIndex } from '../../core/ids.ts';
import type { Fetched } from '../../core/messages.ts';
import { entryOf } from '../../core/operation.ts';
import { parsed } from './peer-answers.ts';
import { updates } from './peer-schemas.ts';

/** Entries asked for at once: few enough for the answer to be taken if each is of 64 KiB. */
export const LOG_LIMIT = 256;

const logBody = z.object({ entries: updates, lastIndex: z.int().min(0) });

const NOTHING: Fetched = { type: 'Fetched', updates: [], lastIndex: logIndex(0) };

/** Whatever else it says, it does not let its log be read. */
export function logOf(status: number, text: string): Fetched {
  if (status !== 200) return NOTHING;
  const body = logBody.safeParse(parsed(text));
  if (!body.success) return NOTHING;
  const { entries, lastIndex } = body.data;
  // What clients are not told of, batches for example, is not to be believed where it stands.
  const plain = entries.map((entry) => entryOf(entry, entry, {}));
  return { type: 'Fetched', updates: plain, lastIndex: logIndex(lastIndex) };
}

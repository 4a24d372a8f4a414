// Messages page by page, all of one log: a master that comes back without its disk may have another
// one, and so may a secondary that was ahead of the others. Pages of messages do not say of which
// log they are. So the message at which the next one begins is looked at before and after it is
// read: messages are never compacted away.

import { isDeepStrictEqual } from 'node:util';
import type { LogEntry, MessagePage } from './answers.ts';
import { LogReplaced } from './errors.ts';
import type { PageOptions, ReadOptions } from './options.ts';

const PAGE_MESSAGES = 1_000;

/** The node that is read. */
export interface Source {
  readonly url: string;
  list(options: PageOptions): Promise<MessagePage>;
  entry(index: number, options: ReadOptions): Promise<LogEntry | null>;
}

/** Throws LogReplaced, and whatever `source` does. */
export async function* pagesOf(
  source: Source,
  { from: first, limit = PAGE_MESSAGES, ...options }: PageOptions,
): AsyncGenerator<MessagePage, void, void> {
  const at = async (index: number): Promise<LogEntry> => {
    const entry = await source.entry(index, options);
    if (entry === null) throw new LogReplaced(source.url, index);
    return entry;
  };
  let from = first;
  let begin: LogEntry | null = null;
  for (;;) {
    const page = await source.list({ ...options, limit, from });
    if (begin !== null && !isDeepStrictEqual(await at(begin.index), begin)) {
      throw new LogReplaced(source.url, begin.index);
    }
    const next = page.next ?? null;
    // Before the page is handed out: whoever works through it may take long.
    begin = next === null ? null : await at(next);
    yield page;
    if (next === null) return;
    from = next;
  }
}

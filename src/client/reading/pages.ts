// Messages page by page, all of one log: a master that comes back without its disk may have another
// one, and so may a secondary that was ahead of the others. Pages of messages do not say of which
// log they are. So the message at which the next one begins is looked at before and after it is
// read: messages are never compacted away.
// A master that restarts may for a moment know less to be on a majority than it had shown as being
// there: that is the same log.

import { isDeepStrictEqual } from 'node:util';
import type { LogEntry, MessagePage } from '../answers.ts';
import { LogReplaced } from '../errors.ts';
import type { PageOptions, ReadOptions } from '../options.ts';
import { gapAfter, type Pace } from '../pace.ts';
import { ProblemError } from '../problems.ts';

const PAGE_MESSAGES = 1_000;

/** For so long a node may not know again that a majority has what it had shown as being there, in
 * milliseconds: as long as a write waits for a master that restarts. */
const UNKNOWN_MS = 10_000;

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
  pace: Pace,
): AsyncGenerator<MessagePage, void, void> {
  let from = first;
  let begin: LogEntry | null = null;
  let reach = 0;
  for (;;) {
    const asked = { ...options, limit, from };
    const page: MessagePage =
      begin === null
        ? await source.list(asked)
        : await pageAt(source, { begin, reach }, asked, pace);
    reach = Math.max(reach, page.lastIndex);
    const next = page.next ?? null;
    // Before the page is handed out: whoever works through it may take long.
    begin = next === null ? null : await entryAt(source, next, options);
    if (begin === null && next !== null) throw new LogReplaced(source.url, next);
    yield page;
    if (next === null) return;
    from = next;
  }
}

/** What was seen of a log. */
interface Seen {
  /** The message with which the next page begins. */
  readonly begin: LogEntry;
  /** How far any page has shown the log. */
  readonly reach: number;
}

/** The next page of the same log. */
async function pageAt(
  source: Source,
  { begin, reach }: Seen,
  { limit, from, ...options }: PageOptions,
  pace: Pace,
): Promise<MessagePage> {
  const giveUpAt = pace.now() + UNKNOWN_MS;
  for (let tries = 1; ; tries += 1) {
    const page = await source.list({ ...options, limit, from });
    if (!isDeepStrictEqual(await entryAt(source, begin.index, options), begin)) {
      throw new LogReplaced(source.url, begin.index);
    }
    // It has started since, and nobody has told it yet that a majority has all that it had shown.
    const isShort = options.read === 'majority' && page.lastIndex < reach;
    if (page.messages.length > 0 && !isShort) return page;
    if (pace.now() >= giveUpAt) throw unknown(source.url, reach);
    await pace.pause(gapAfter(tries, pace.random), options.signal);
  }
}

/** Also where only the node has it for certain, if that was on a majority when it was shown. */
async function entryAt(
  source: Source,
  index: number,
  options: ReadOptions,
): Promise<LogEntry | null> {
  const entry = await source.entry(index, options);
  if (entry !== null || options.read !== 'majority') return entry;
  return source.entry(index, { ...options, read: 'local' });
}

/** As the node itself refuses, while it knows of nothing that is on a majority. */
function unknown(url: string, index: number): ProblemError {
  const detail = `Since it started, the node does not know again that a majority has entry ${index}.`;
  const title = 'The node is not ready';
  return new ProblemError(503, { code: 'not-ready', title, status: 503, detail }, null, url);
}

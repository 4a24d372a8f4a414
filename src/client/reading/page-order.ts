// Whether a page leads on, and is one. Who asks for page after page goes where the last one points:
// where one points back, or to itself, that would never end.

import type { LogEntry } from '../answers.ts';
import { UnexpectedAnswer } from '../errors.ts';

/** The page of a log, asked for `from` an index on. Throws UnexpectedAnswer if `next` is neither
 * the end nor an index behind that one. */
export function advancing<Page extends { readonly next?: number | null }>(
  page: Page,
  url: string,
  from: number = 1,
): Page {
  const { next } = page;
  if (next === null || next === undefined) return page;
  if (Number.isSafeInteger(next) && next > from) return page;
  throw astray(url, next, from);
}

/** The page of a log that has its entries in it. Throws UnexpectedAnswer where they do not follow
 * one another, or begin before `from`: a node shows one log, and epochs never fall along it. */
export function consecutive<Page extends { readonly entries: readonly LogEntry[] }>(
  page: Page,
  url: string,
  from: number = 1,
): Page {
  let before: { readonly index: number; readonly epoch?: number } = { index: from - 1 };
  for (const entry of page.entries) {
    if (!(entry.index > before.index) || entry.epoch < (before.epoch ?? 0)) {
      const what = `entry ${entry.index}, epoch ${entry.epoch}, behind entry ${before.index}`;
      throw new UnexpectedAnswer(url, 200, what);
    }
    before = entry;
  }
  return page;
}

/** The same as `advancing` of keys, which come in the order of their bytes, `after` a key. */
export function behindKey<Page extends { readonly next?: string | null }>(
  page: Page,
  url: string,
  after: string = '',
): Page {
  const { next } = page;
  if (next === null || next === undefined) return page;
  if (typeof next === 'string' && Buffer.compare(Buffer.from(next), Buffer.from(after)) > 0) {
    return page;
  }
  throw astray(url, next, after);
}

function astray(url: string, next: unknown, from: number | string): UnexpectedAnswer {
  const what = `"next" of a page from ${JSON.stringify(from)} is ${JSON.stringify(next)}`;
  return new UnexpectedAnswer(url, 200, what);
}

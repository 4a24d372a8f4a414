// Whether a page leads on. Who asks for page after page goes where the last one points: where one
// points back, or to itself, that would never end.

import { UnexpectedAnswer } from './errors.ts';

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

/** The same of keys, which come in the order of their bytes, `after` a key. */
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

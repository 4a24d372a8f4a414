// URLs of nodes, arbiters and etcd, as options take them.

import { UsageError } from '../exit.ts';

/** An http(s) URL without anything behind its host, port and path. Throws UsageError. */
export function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new UsageError(
      `"${text}" is not a plain http(s) URL`,
      'write it like http://10.0.0.1:4000',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** One such URL, or several with commas between them, each once. Throws UsageError. */
export function parseUrls(text: string): readonly string[] {
  return [...new Set(text.split(',').map((part) => parseUrl(part.trim())))];
}

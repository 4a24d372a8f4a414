// What may stand as the address of a node.

import { InvalidUrl } from '../errors.ts';

/** A node's base URL without a trailing slash. Throws InvalidUrl. */
export function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const plain =
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username + url.password + url.search + url.hash === '';
  if (!plain) throw new InvalidUrl(text);
  return url.href.replace(/\/+$/, '');
}

/** A program without types may give no options, or the bare URL. Throws InvalidUrl. */
export function refuseWithoutOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  const problem =
    'a client is made with options: new ReplogClient({ url: "http://127.0.0.1:4000" })';
  throw new InvalidUrl(String(options), problem);
}

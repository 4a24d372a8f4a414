// Where a key stands in a URL.

import { InvalidKey } from './errors.ts';

/** Bytes of UTF-8 in a key (contract, section 4). */
const KEY_BYTES_MAX = 1_024;

/**
 * Path of a key. Throws InvalidKey for "", "." and "..", which URLs cannot carry (even %2e%2e is a
 * step upwards), for text that is not well-formed Unicode, and for what is too long.
 */
export function kvPath(key: string): string {
  if (key === '' || key === '.' || key === '..') throw new InvalidKey(key);
  const path = `/kv/${encoded(key)}`;
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_BYTES_MAX) {
    throw new InvalidKey(key, `a key of ${bytes} bytes is too long: ${KEY_BYTES_MAX} are the most`);
  }
  return path;
}

function encoded(key: string): string {
  try {
    return encodeURIComponent(key);
  } catch (error) {
    if (error instanceof URIError) throw new InvalidKey(key);
    throw error;
  }
}

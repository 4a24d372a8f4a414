// Where a key stands in a URL.

import { InvalidKey } from './errors.ts';

/**
 * Path of a key. Throws InvalidKey for "", "." and "..", which URLs cannot carry (even %2e%2e is a
 * step upwards), and for text that is not well-formed Unicode.
 */
export function kvPath(key: string): string {
  if (key === '' || key === '.' || key === '..') throw new InvalidKey(key);
  return `/kv/${encoded(key)}`;
}

function encoded(key: string): string {
  try {
    return encodeURIComponent(key);
  } catch (error) {
    if (error instanceof URIError) throw new InvalidKey(key);
    throw error;
  }
}

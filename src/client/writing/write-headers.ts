// The headers in which a write says what it asks for besides its body.

import type { AppendOptions, KeyWriteOptions } from '../options.ts';

/** Of an append that asks for a receipt; undefined: none. */
export function preferences({ receipt }: AppendOptions): Record<string, string> | undefined {
  return receipt === true ? { prefer: 'receipt' } : undefined;
}

/** Of a write that depends on what stands under its key. */
export function preconditions({ ifMatch, ifNoneMatch }: KeyWriteOptions): Record<string, string> {
  return {
    ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
    ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
  };
}

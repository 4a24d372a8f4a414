// An index of the log where text names one: in a path, or in `Last-Event-ID`.

import type { LogIndex } from '../../core/ids.ts';
import { invalid, RequestRefused } from '../http/problems.ts';

/** 0 or an index, in plain decimal digits. Throws RequestRefused (400, naming `path`) for anything
 * else; beyond 2^53 - 1 nobody could say which integer was meant. */
export function entryIndex(text: string, path: string): LogIndex {
  const index = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(index)) return index as LogIndex;
  throw new RequestRefused(invalid([{ path, message: 'must be an index of the log' }]));
}

// Who reads the log for an answer: until that has been sent, or its client is gone.

import type { Reader } from '../reading/reading-room.ts';
import type { Call } from './call.ts';
import type { Site } from './route.ts';

/** A reader of the log for the answer to this call. If it must be cut, the connection ends, so that
 * nobody takes the part for the whole. */
export function readerOf({ reads }: Pick<Site, 'reads'>, call: Call): Reader {
  const outgoing = call.env?.outgoing;
  const reader = reads.enter(() => outgoing?.destroy());
  outgoing?.once('close', () => reader.end());
  return reader;
}

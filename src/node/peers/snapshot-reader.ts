// Takes a Snapshot out of a body. Of a large one not every update is parsed: a replog master says
// how long each of them is, and appends stay the bytes that they are. The rule: what does not
// fit exactly is read as any other body, and checked as strictly.

import { isUtf8 } from 'node:buffer';
import type * as z from 'zod';
import type { Entry } from '../../core/operation.ts';
import { StoredEntry } from '../../persistence/record/stored-entry.ts';
import { excessIn, PEER_VALUES_MAX } from '../http/excess.ts';
import { wrongIn } from './entry-check.ts';
import { snapshotBody } from './peer-schemas.ts';
import { usualEnvelope } from './snapshot-envelope.ts';

const UPDATES = Buffer.from(',"updates":[');
const COMMA = 0x2c;
const BRACKET = 0x5d;
const BRACE = 0x7d;

type Body = z.infer<typeof snapshotBody>;

/** The Snapshot in a body; null if it must be read in the usual way. */
export function readSnapshot(bytes: Buffer): Body | null {
  if (!isUtf8(bytes)) return null;
  return bytes.indexOf(LENGTHS) < 0 ? readWhole(bytes) : readLengths(bytes);
}

function readWhole(bytes: Buffer): Body | null {
  const body = parsed(bytes);
  const envelope = usualEnvelope(body);
  if (envelope === null) return null;
  const { updates } = body as { readonly updates?: readonly Entry[] };
  return updates === undefined || wrongIn(updates) !== null ? null : { ...envelope, updates };
}

/** Bytes of the longest Snapshot that comes with lengths, and room: what a replog master sends is a
 * million bytes of updates and what stands around them. Of a longer one all values are counted
 * before any of its updates is parsed. */
const LENGTHS_BYTES_MAX = 2 << 20;

function readLengths(bytes: Buffer): Body | null {
  if (bytes.length > LENGTHS_BYTES_MAX) return null;
  const split = bytes.indexOf(UPDATES);
  if (split < 0) return null;
  const head = parsed(bytes.subarray(0, split), ',"updates":[]}');
  if (!hasLengths(head)) return null;
  const envelope = usualEnvelope(head) ?? snapshotBody.safeParse(head).data;
  if (envelope === undefined) return null;
  const updates = updatesIn(bytes, split + UPDATES.length, head.lengths);
  return updates === null ? null : { ...envelope, updates };
}

const LENGTHS = Buffer.from('"lengths":[');

function hasLengths(head: unknown): head is { lengths: readonly number[] } {
  return typeof head === 'object' && head !== null && 'lengths' in head && list(head.lengths);
}

const list = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item > 0);

function updatesIn(bytes: Buffer, from: number, lengths: readonly number[]): Entry[] | null {
  const updates: Entry[] = [];
  let start = from;
  let lastIndex = 0;
  let lastEpoch = 0;
  for (let i = 0; i < lengths.length; i += 1) {
    const end = start + lengths[i]!;
    if (end > bytes.length) return null;
    const entry = StoredEntry.of(bytes, start, end) ?? checked(bytes, start, end);
    if (entry === null || entry.index <= lastIndex || entry.epoch < lastEpoch) return null;
    lastIndex = entry.index;
    lastEpoch = entry.epoch;
    updates.push(entry);
    if (bytes[end] !== (i === lengths.length - 1 ? BRACKET : COMMA)) return null;
    start = end + 1;
  }
  // Nothing but the end of the object follows.
  return start === bytes.length - 1 && bytes[start] === BRACE ? updates : null;
}

function checked(bytes: Buffer, start: number, end: number): Entry | null {
  const entry = parsed(bytes.subarray(start, end));
  return wrongIn([entry]) === null ? (entry as Entry) : null;
}

/** `rest` stands behind the bytes. */
function parsed(bytes: Buffer, rest: string = ''): unknown {
  if (excessIn(bytes, PEER_VALUES_MAX) !== null) return undefined;
  try {
    return JSON.parse(`${bytes.toString('utf8')}${rest}`);
  } catch {
    return undefined;
  }
}

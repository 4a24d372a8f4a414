// Reads closed segments in the background, a little at a time: to check them, to write their
// summaries, to compact them. The rule: never more than a small window in memory, and a pause after
// each, so that nobody who is waiting for the node notices.

import type { OpenRequest } from '../../core/log/deduplication.ts';
import type { RequestRun } from '../../core/log/known-requests.ts';
import type { Entry } from '../../core/operation.ts';
import { withClosed } from '../damage/missing.ts';
import type { Disk } from '../disk/disk.ts';
import { DamagedLog } from '../persistence.ts';
import { plainMessage } from '../record/plain-append.ts';
import {
  HEADER_BYTES,
  parseRecord,
  payloadLength,
  recordEpoch,
  recordIndex,
} from '../record/record.ts';
import { StoredEntry } from '../record/stored-entry.ts';
import { type Visit, type Walked, walkWhole } from '../record/walk.ts';
import { Digest } from '../segment/digest.ts';
import { checksumsOf, type ReadingPace, visitAt } from '../segment/outlined-reading.ts';
import type { Segment } from '../segment/segment.ts';
import { FILE_HEADER_BYTES, segmentName } from '../segment/segment-file.ts';
import { encodeFolds } from '../segment/stored-folds.ts';
import {
  CLOSED_INTERVAL_BYTES,
  type Described,
  summaryName,
  writeSummary,
} from '../segment/summary.ts';

/** Read at once, in bytes, where nobody waits for the end: well below a millisecond of work. */
const GENTLE_BYTES = 128 << 10;

/** How much is done at once for a summary. */
export const WINDOWS = {
  /** Where a busy log must not get far ahead: a millisecond of work. */
  brisk: { windowBytes: 512 << 10, visitsMax: 128 },
  /** Where it has got ahead: each turn of a busy event loop takes long, so that few must do. Ten
   * milliseconds of work. */
  behind: { windowBytes: 4 << 20, visitsMax: 1_024 },
} as const;

/** What a segment comes to. */
interface Digested {
  readonly digest: Digest;
  /** Where the last record begins. */
  readonly lastOffset: number;
}

/** Called after each window. Throws to give up. */
export type Pause = ReadingPace['pause'];

/** All requests with an idempotency key that begin with one of the entries `from`…`to`, as whoever
 * folds the log knows them; null if some may have been forgotten there. */
export type RequestsOf = (from: number, to: number) => RequestRun | null;

/** What is known of a segment before it is read for its summary. */
export interface Beforehand {
  /** The request that the log before it ends in the middle of. */
  readonly open: OpenRequest | null;
  readonly requestsOf: RequestsOf;
}

/** Goes through all records of a closed segment. Rejects with DamagedLog. */
export function readClosed(
  disk: Disk,
  segment: Segment,
  visit: Visit,
  pause: Pause,
  windowBytes: number = GENTLE_BYTES,
): Promise<Walked> {
  const { first, hashBefore } = segment.start;
  const { offset: end } = segment.end;
  const name = segmentName(first);
  const before = { index: first - 1, hash: hashBefore };
  const { holes } = segment;
  const pace = { windowBytes, pause };
  const stretch = { start: FILE_HEADER_BYTES, end, before, holes, pace };
  return withClosed(disk, segment, (file) => walkWhole(file, name, stretch, visit));
}

/** Checks a closed segment, and finds what its summary is to say. */
export async function describeSegment(
  disk: Disk,
  segment: Segment,
  beforehand: Beforehand,
  pace: ReadingPace,
): Promise<Described> {
  const outlined = await digestOutlined(disk, segment, beforehand, pace);
  // Without an outline that is true every record is looked at: that says what is wrong, and where.
  const digested = outlined ?? (await digestRecords(disk, segment, beforehand.open, pace));
  const folds = await encodeFolds(digested.digest, segment.start.first, pace.pause);
  return { ...digested, folds };
}

/** Returns null if the segment has no outline, or is not what that says. */
async function digestOutlined(
  disk: Disk,
  segment: Segment,
  { open, requestsOf }: Beforehand,
  pace: ReadingPace,
): Promise<Digested | null> {
  const { end, outline } = segment;
  if (outline?.covered.end.offset !== end.offset) return null;
  const { reached, epochs, notable } = outline.parts();
  const { beyondRequests } = outline;
  const known = open === null && beyondRequests !== null ? within(segment, requestsOf) : null;
  const digest = new Digest(open, known, epochs);
  const name = segmentName(segment.start.first);
  const visit: Visit = (bytes, at) => {
    const entry = entryAt(bytes, at);
    if (entry !== null) digest.observe(entry);
  };
  // Looking at every message with an idempotency key would take longer than all else.
  const places = known === null ? notable : beyondRequests!;
  try {
    return await withClosed(disk, segment, async (file) => {
      const [found] = await checksumsOf(file, FILE_HEADER_BYTES, [end.offset], pace);
      if (found !== reached.checksum) return null;
      await visitAt({ file, name, places, end: end.offset }, visit, pace);
      return { digest, lastOffset: reached.lastOffset };
    });
  } catch (error) {
    if (error instanceof DamagedLog) return null;
    throw error;
  }
}

/** All requests of the segment; null where that is not known, or the last one goes on in the next
 * segment: how far it has come here is known to nobody. */
function within({ start, end }: Segment, requestsOf: RequestsOf): RequestRun | null {
  const found = requestsOf(start.first, end.index);
  const last = found?.last;
  const goesOn = last !== undefined && last.first + last.count - 1 > end.index;
  return goesOn ? null : found;
}

async function digestRecords(
  disk: Disk,
  segment: Segment,
  open: OpenRequest | null,
  { pause, windowBytes }: ReadingPace,
): Promise<Digested> {
  const digest = new Digest(open);
  let lastOffset = 0;
  await readClosed(
    disk,
    segment,
    (bytes, at, offset) => {
      digest.pass(recordIndex(bytes, at), recordEpoch(bytes, at));
      lastOffset = offset;
      if (digest.indifferent && plainMessage(bytes, at) >= 0) return;
      const entry = entryAt(bytes, at);
      if (entry !== null) digest.observe(entry);
    },
    pause,
    windowBytes,
  );
  return { digest, lastOffset };
}

/** The entry in the record at `at`, parsed only where it is more than a message with or without an
 * idempotency key. Of no use once the bytes change. */
function entryAt(bytes: Buffer, at: number): Entry | null {
  const start = at + HEADER_BYTES;
  return StoredEntry.of(bytes, start, start + payloadLength(bytes, at)) ?? parseRecord(bytes, at);
}

/** Writes the summary of a closed segment. */
export async function keepSummary(
  disk: Disk,
  segment: Segment,
  described: Described,
): Promise<void> {
  segment.thin(CLOSED_INTERVAL_BYTES);
  const name = summaryName(segmentName(segment.start.first));
  await writeSummary(disk, name, segment, described);
}

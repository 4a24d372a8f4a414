// Reads closed segments in the background, a little at a time: to check them, to write their
// summaries, to compact them. The rule: never more than a small window in memory, and a pause after
// each, so that nobody who is waiting for the node notices.

import type { OpenRequest } from '../core/deduplication.ts';
import type { Entry } from '../core/operation.ts';
import { Digest } from './digest.ts';
import { type Disk, withFile } from './disk.ts';
import { checksumsOf, visitAt } from './outlined-reading.ts';
import { plainMessage } from './plain-append.ts';
import { HEADER_BYTES, parseRecord, payloadLength, recordEpoch, recordIndex } from './record.ts';
import type { Segment } from './segment.ts';
import { FILE_HEADER_BYTES, segmentName } from './segment-file.ts';
import { StoredEntry } from './stored-entry.ts';
import { CLOSED_INTERVAL_BYTES, summaryName, writeSummary } from './summary.ts';
import { type Visit, type Walked, walkWhole } from './walk.ts';

/** Read at once, in bytes. */
export const WINDOWS = {
  /** Where nobody waits for the end of it: well below a millisecond of work. */
  gentle: 128 << 10,
  /** Where a busy log must not get far ahead: a millisecond of work. */
  brisk: 512 << 10,
  /** Where it has got ahead: each turn of a busy event loop takes long, so that few must do. Ten
   * milliseconds of work. */
  behind: 4 << 20,
} as const;

/** What a summary is made of. */
export interface Digested {
  readonly digest: Digest;
  /** Where the last record begins. */
  readonly lastOffset: number;
}

/** Called after each window. Throws to give up. */
export type Pause = () => Promise<void>;

/** Goes through all records of a closed segment. Rejects with DamagedLog. */
export function readClosed(
  disk: Disk,
  segment: Segment,
  visit: Visit,
  pause: Pause,
  windowBytes: number = WINDOWS.gentle,
): Promise<Walked> {
  const { first, hashBefore } = segment.start;
  const { offset: end } = segment.end;
  const name = segmentName(first);
  const before = { index: first - 1, hash: hashBefore };
  const { holes } = segment;
  const pace = { windowBytes, pause };
  const stretch = { start: FILE_HEADER_BYTES, end, before, holes, pace };
  return withFile(disk, name, 'read', (file) => walkWhole(file, name, stretch, visit));
}

/** Checks a closed segment, and reads what its summary is to say. `open`: the request that the log
 * before it ends in the middle of. */
export async function digestOf(
  disk: Disk,
  segment: Segment,
  open: OpenRequest | null,
  pause: Pause,
  windowBytes: number,
): Promise<Digested> {
  const outlined = await digestOutlined(disk, segment, open, pause, windowBytes);
  // Without an outline that is true every record is looked at: that says what is wrong, and where.
  return outlined ?? digestRecords(disk, segment, open, pause, windowBytes);
}

/** Returns null if the segment has no outline, or is not what that says. */
async function digestOutlined(
  disk: Disk,
  segment: Segment,
  open: OpenRequest | null,
  pause: Pause,
  windowBytes: number,
): Promise<Digested | null> {
  const { end, outline } = segment;
  if (outline?.covered.end.offset !== end.offset) return null;
  const { reached, epochs, notable } = outline.parts();
  const digest = new Digest(open);
  digest.outlined(end.index, epochs);
  const name = segmentName(segment.start.first);
  const whole = await withFile(disk, name, 'read', async (file) => {
    const pace = { windowBytes, pause };
    const [found] = await checksumsOf(file, FILE_HEADER_BYTES, [end.offset], pace);
    if (found !== reached.checksum) return false;
    const visit: Visit = (bytes, at) => {
      const entry = entryAt(bytes, at);
      if (entry !== null) digest.observe(entry);
    };
    await visitAt(file, notable, end.offset, visit, pace);
    return true;
  });
  return whole ? { digest, lastOffset: reached.lastOffset } : null;
}

async function digestRecords(
  disk: Disk,
  segment: Segment,
  open: OpenRequest | null,
  pause: Pause,
  windowBytes: number,
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

/** The entry in the record at `at`, parsed only where it is more than a message: most of those that
 * must be looked at are the later ones of batches with an idempotency key. Of no use once the bytes
 * change. */
function entryAt(bytes: Buffer, at: number): Entry | null {
  const start = at + HEADER_BYTES;
  return StoredEntry.of(bytes, start, start + payloadLength(bytes, at)) ?? parseRecord(bytes, at);
}

/** Writes the summary of a closed segment. */
export async function keepSummary(
  disk: Disk,
  segment: Segment,
  { digest, lastOffset }: Digested,
): Promise<void> {
  segment.thin(CLOSED_INTERVAL_BYTES);
  const name = summaryName(segmentName(segment.start.first));
  await writeSummary(disk, name, segment, lastOffset, digest);
}

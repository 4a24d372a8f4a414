// What can still be read behind damage. The rule: a record counts if it is whole in itself,
// wherever it stands; whether it belongs to the log is for the running hash to say, not for this.

import { logIndex } from '../../core/ids.ts';
import type { LogPoint } from '../../core/messages.ts';
import { type Disk, readAll, withFile } from '../disk/disk.ts';
import type { Catalog } from '../log/catalog.ts';
import { DamagedLog } from '../persistence.ts';
import {
  examine,
  HEADER_BYTES,
  PAYLOAD_BYTES_MAX,
  payloadLength,
  recordEpoch,
  recordHash,
  recordIndex,
  recordSize,
  writeLength,
} from '../record/record.ts';
import {
  checkFileHeader,
  FILE_HEADER_BYTES,
  isZero,
  segmentName,
  segmentsAmong,
} from '../segment/segment-file.ts';
import { MissingSegment } from './missing.ts';

/** What is left from the damage on. */
export interface Remains {
  /** Segment files, the damaged one first if it is there. */
  readonly files: readonly string[];
  /** The log went at least to this index. */
  readonly upTo: number;
  /** Epoch of the last readable record; 0 if there is none. */
  readonly epoch: number;
  /** It may have gone further: its end is not readable. */
  readonly open: boolean;
  /** The first and the last record whose header is whole: their places, and the running hash. */
  readonly points: readonly LogPoint[];
  /** How many records are whole in themselves. */
  readonly readable: number;
}

/** Bytes of this file that belong to the log as far as it was read; 0: none do. */
export function wholeBytes({ last }: Catalog, file: string): number {
  return last !== undefined && segmentName(last.start.first) === file ? last.end.offset : 0;
}

/** Sees a record at `at`; `whole`: its payload is what it was. */
type Visit = (at: number, whole: boolean) => void;

/**
 * Looks at everything behind the damage, from byte `offset` of its file on; the log is whole up to
 * `lastIndex`. Changes nothing. Rejects with UnknownFormat if a file is of a later format.
 */
export async function surveyRemains(
  disk: Disk,
  damage: DamagedLog,
  offset: number,
  lastIndex: number,
): Promise<Remains> {
  const damaged = damage.file;
  const firsts = segmentsAmong(await disk.list()).filter((first) => segmentName(first) >= damaged);
  const files = firsts.map(segmentName);
  const missing = damage instanceof MissingSegment;
  let upTo = missing ? Math.max(lastIndex, damage.last) : lastIndex;
  let epoch = 0;
  let readable = 0;
  let open = missing;
  let first: LogPoint | null = null;
  let last: LogPoint | null = null;
  for (const begins of firsts) {
    const file = segmentName(begins);
    const bytes = await segmentBytes(disk, file);
    // It was made when all before it was durable, whatever became of its own first write.
    upTo = Math.max(upTo, begins - 1);
    const start = file === damaged ? Math.max(offset, FILE_HEADER_BYTES) : FILE_HEADER_BYTES;
    const { end, torn } = scan(bytes, start, lastIndex, (at, whole) => {
      last = { index: logIndex(recordIndex(bytes, at)), hash: recordHash(bytes, at) };
      first ??= last;
      upTo = Math.max(upTo, last.index);
      epoch = Math.max(epoch, recordEpoch(bytes, at));
      if (whole) readable += 1;
    });
    const shortened = missing && file === damaged;
    open = shortened || (torn === null && !isTorn(bytes.subarray(end)));
    if (torn === null) continue;
    upTo = Math.max(upTo, durableBefore(bytes, torn));
    epoch = Math.max(epoch, recordEpoch(bytes, torn));
  }
  if (open) upTo = Math.max(upTo, lastIndex + 1);
  const points = [first, last].filter((point) => point !== null);
  return { files, upTo, epoch, open, points, readable };
}

/** A segment's bytes; there is no order in which a damaged file must be read. */
export async function segmentBytes(disk: Disk, file: string): Promise<Buffer> {
  const bytes = await withFile(disk, file, 'read', async (handle) => {
    const whole = Buffer.allocUnsafeSlow(await handle.size());
    return whole.subarray(0, await readAll(handle, whole, 0));
  });
  refuseLater(bytes.subarray(0, FILE_HEADER_BYTES), file);
  return bytes;
}

function refuseLater(head: Buffer, file: string): void {
  try {
    checkFileHeader(head, segmentsAmong([file])[0] ?? 0, 0);
  } catch (error) {
    // That it is damaged, or follows something that was lost, is known.
    if (!(error instanceof DamagedLog)) throw error;
  }
}

/** How far the records of a segment could be read. */
export interface Scanned {
  /** Where the last of them ends. */
  readonly end: number;
  /** Where the record begins whose write was interrupted, at the very end; null: none that can be
   * told by its header. */
  readonly torn: number | null;
}

/** Visits all records from `start` on whose index is above `after`. An interrupted write at the
 * very end is no record. */
export function scan(bytes: Buffer, start: number, after: number, visit: Visit): Scanned {
  let at = start;
  let end = start;
  let index = after;
  while (at + HEADER_BYTES <= bytes.length) {
    // Nearly every byte of a damaged stretch fails at the first look.
    const verdict = isPlausible(bytes, at, index)
      ? examine(bytes, at, { index, hash: 0 })
      : 'bad-header';
    if (verdict === 'bad-header') {
      at += 1;
      continue;
    }
    if (verdict === 'incomplete') return { end, torn: at };
    const next = at + recordSize(bytes, at);
    const torn = verdict === 'bad-payload' && next === bytes.length && bytes[next - 1] === 0;
    if (torn) return { end, torn: at };
    visit(at, verdict !== 'bad-payload');
    index = recordIndex(bytes, at);
    at = next;
    end = next;
  }
  return { end, torn: null };
}

/** Up to which index all was durable before the record at `at` was written: a write begins when all
 * before it is. What stands right before a record within a write was interrupted with it. */
function durableBefore(bytes: Buffer, at: number): number {
  return recordIndex(bytes, at) - (writeLength(bytes, at) > 0 ? 1 : 2);
}

function isPlausible(bytes: Buffer, at: number, after: number): boolean {
  const length = payloadLength(bytes, at);
  return length > 0 && length <= PAYLOAD_BYTES_MAX && recordIndex(bytes, at) > after;
}

/** What an interrupted write leaves: less than a record's header, or zeros. */
function isTorn(rest: Buffer): boolean {
  return rest.length < HEADER_BYTES || isZero(rest);
}

// Goes through the records of a file one after the other, checking each. Recovery, reads, repairs
// and copies aside all see the disk through this. The rule: it stops at the first record that is
// not whole, says where and why, and leaves the judgement to its caller.

import { type DiskFile, readAll } from '../disk/disk.ts';
import { DamagedLog } from '../persistence.ts';
import {
  type Before,
  examine,
  HEADER_BYTES,
  recordHash,
  recordIndex,
  recordSize,
  type Verdict,
} from './record.ts';

/** Read at once: large enough that calls cost nothing, small enough not to matter in memory. */
export const WINDOW_BYTES: number = 1 << 20;

/** Which bytes of a file, and what stands in the log before them. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly before: Before;
  /** Records may be missing between those that are there. */
  readonly holes?: boolean;
  /** How it is gone through. */
  readonly pace?: {
    /** Read at once. */
    readonly windowBytes: number;
    /** Called after each window, before it is used for the next one. */
    readonly pause: () => Promise<void> | void;
  };
}

/** How far the records were whole. */
export interface Walked {
  /** `whole` if they were to the end. */
  readonly verdict: Verdict;
  /** After the last whole record. */
  readonly offset: number;
  readonly index: number;
  readonly hash: number;
}

/** Sees a whole record; its bytes are only lent, but it may change them and those before them.
 * `offset` is its place in the file. */
export type Visit = (bytes: Buffer, at: number, offset: number) => void;

export async function walk(file: DiskFile, stretch: Stretch, visit: Visit): Promise<Walked> {
  const { end, holes = false, pace } = stretch;
  const windowBytes = pace?.windowBytes ?? WINDOW_BYTES;
  const last = { index: stretch.before.index, hash: stretch.before.hash };
  let offset = stretch.start;
  let window = Buffer.allocUnsafe(Math.min(Math.max(end - offset, 0), windowBytes));
  while (offset < end) {
    const wanted = Math.min(window.length, end - offset);
    const got = await readAll(file, window.subarray(0, wanted), offset);
    const bytes = window.subarray(0, got);
    let verdict: Verdict = 'whole';
    let at = 0;
    while (at < got) {
      verdict = examine(bytes, at, last, holes);
      if (verdict !== 'whole') break;
      // Before they are shown, because whoever sees them may put them elsewhere.
      last.index = recordIndex(bytes, at);
      last.hash = recordHash(bytes, at);
      const size = recordSize(bytes, at);
      visit(bytes, at, offset + at);
      at += size;
    }
    offset += at;
    const cutShort = got < wanted || offset + sizeKnown(bytes, at) > end;
    if (verdict === 'incomplete' && !cutShort) {
      // The record only goes beyond the window; a single one may need a larger window.
      if (at === 0) window = Buffer.allocUnsafe(sizeKnown(bytes, 0));
    } else if (verdict !== 'whole' || got < wanted) {
      const why = verdict === 'whole' ? 'incomplete' : verdict;
      return { verdict: why, offset, index: last.index, hash: last.hash };
    }
    await pace?.pause();
  }
  return { verdict: 'whole', offset, index: last.index, hash: last.hash };
}

/** Walks a stretch that is known to have been written; anything but whole records is damage. */
export async function walkWhole(
  file: DiskFile,
  name: string,
  stretch: Stretch,
  visit: Visit,
): Promise<Walked> {
  const walked = await walk(file, stretch, visit);
  if (walked.verdict !== 'whole') throw damage(name, walked);
  return walked;
}

export function damage(name: string, walked: Walked): DamagedLog {
  return new DamagedLog(name, walked.offset, WHAT[walked.verdict]);
}

const WHAT: Readonly<Record<Verdict, string>> = {
  whole: 'records that should not be there',
  incomplete: 'a record that ends too early',
  'bad-header': 'a record header whose checksum is wrong',
  'bad-payload': 'an entry whose checksum is wrong',
  'out-of-order': 'a record that does not follow the one before it',
};

/** The size of the record at `at`, as far as it can be told from the bytes at hand. */
function sizeKnown(bytes: Buffer, at: number): number {
  return at + HEADER_BYTES <= bytes.length ? recordSize(bytes, at) : HEADER_BYTES;
}

// The short way through a folder's closed segments when a node starts: by their summaries. The
// rule: a summary counts only if the file it describes is still that file, by its length, its
// header and its last record; otherwise the segment is read.

import type { FoldedRun } from '../../core/log/ledger.ts';
import type { EpochStart } from '../../core/log/log.ts';
import { codeOf, type Disk, readAll, withFile } from '../disk/disk.ts';
import type { EncodedLog } from '../log/encoded-log.ts';
import { HEADER_BYTES, recordHash, recordIndex, recordSize } from '../record/record.ts';
import { encodeFileHeader, FILE_HEADER_BYTES, segmentName } from './segment-file.ts';
import { readFolds, readSummary, type Summary, summaryName } from './summary.ts';

/** Takes over closed segments without their entries. */
export interface Restore {
  /** A plain append would change nothing now. */
  readonly indifferent: boolean;
  /** How many of the latest requests are wanted. */
  readonly requestsWanted: number;
  restore(run: FoldedRun): void;
}

/** Summaries read at a time. */
const PARALLEL = 8;

export class Brief {
  private readonly disk: Disk;
  private readonly into: Restore;
  private readonly summaries: ReadonlyMap<number, Summary>;
  /** Of the closed segments, those from this one on hold the requests that are wanted. */
  private readonly requestsFrom: number;

  private constructor(disk: Disk, into: Restore, summaries: ReadonlyMap<number, Summary>) {
    this.disk = disk;
    this.into = into;
    this.summaries = summaries;
    let requests = 0;
    let from = Number.POSITIVE_INFINITY;
    for (const [first, { requestCount, open }] of [...summaries].reverse()) {
      if (requests >= into.requestsWanted) break;
      // One that goes on behind this segment counts there.
      requests += open === null ? requestCount : requestCount - 1;
      from = first;
    }
    this.requestsFrom = from;
  }

  /** Reads the summaries of all these segments but the last, which may be torn. */
  static async of(disk: Disk, firsts: readonly number[], into: Restore): Promise<Brief> {
    const closed = firsts.slice(0, -1);
    const summaries = new Map<number, Summary>();
    let covered = 0;
    for (let i = 0; i < closed.length; i += PARALLEL) {
      const some = closed.slice(i, i + PARALLEL);
      const found = await Promise.all(some.map((first) => currentSummary(disk, first)));
      for (const [j, summary] of found.entries()) {
        if (summary !== null && some[j]! > covered) summaries.set(some[j]!, summary);
        // What a compacted segment replaces may not be removed yet.
        if (summary?.kind === 'compacted') covered = Math.max(covered, summary.last);
      }
    }
    return new Brief(disk, into, summaries);
  }

  /** Puts the segment at the end of the log by its summary; returns whether that was possible. */
  async take(log: EncodedLog, first: number, epochs: EpochStart[]): Promise<boolean> {
    const summary = this.summaries.get(first);
    if (summary === undefined) return false;
    const { catalog } = log;
    const reached = epochs.at(-1)?.epoch ?? 0;
    // What does not fit is for the scan to judge.
    const begins = catalog.lastIndex === 0 ? first === 1 : first > catalog.lastIndex;
    if (!begins || summary.hashBefore !== catalog.hash) return false;
    if ((summary.epochs[0]?.epoch ?? reached) < reached) return false;
    const withRequests = first >= this.requestsFrom;
    const name = summaryName(segmentName(first));
    const run = await readFolds(this.disk, name, summary, withRequests);
    if (run === null) return false;
    log.restore(summary);
    for (const start of summary.epochs) {
      if (start.epoch > (epochs.at(-1)?.epoch ?? 0)) epochs.push(start);
    }
    this.into.restore(run);
    return true;
  }
}

/** The summary of the segment as it is now; null if there is none. */
async function currentSummary(disk: Disk, first: number): Promise<Summary | null> {
  const name = segmentName(first);
  const summary = await readSummary(disk, summaryName(name));
  if (summary === null || summary.first !== first) return null;
  try {
    const matches = await withFile(disk, name, 'read', async (file) => {
      if ((await file.size()) !== summary.fileBytes) return false;
      const head = Buffer.alloc(FILE_HEADER_BYTES);
      const last = Buffer.alloc(HEADER_BYTES);
      await readAll(file, head, 0);
      await readAll(file, last, summary.lastOffset);
      const { kind, hashBefore, lastOffset } = summary;
      return (
        head.equals(encodeFileHeader(first, hashBefore, kind)) &&
        recordIndex(last, 0) === summary.last &&
        recordHash(last, 0) === summary.hash &&
        lastOffset + recordSize(last, 0) === summary.fileBytes
      );
    });
    return matches ? summary : null;
  } catch (error) {
    // A segment that cannot be opened or read is reported when it is read as a whole.
    if (codeOf(error) !== undefined) return null;
    throw error;
  }
}

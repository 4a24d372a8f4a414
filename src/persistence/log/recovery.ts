// Reads a folder's segments when a node starts. The rule: only the last write of the last segment
// can be torn, because a write begins when the one before it is durable. It is cut off where it is
// torn; anything else that is not valid is damage, which is reported and left as it is.

import type { EpochStart } from '../../core/log/log.ts';
import { refuseEarlyEnd, refuseMissing, summariesAlone } from '../damage/missing.ts';
import { type Disk, type DiskFile, readAll, withFile } from '../disk/disk.ts';
import { DamagedLog } from '../persistence.ts';
import { Brief } from '../segment/brief.ts';
import {
  FILE_HEADER_BYTES,
  firstIndexIn,
  segmentName,
  segmentsAmong,
} from '../segment/segment-file.ts';
import { type ScanUse, SegmentScan } from '../segment/segment-scan.ts';
import { summaryName } from '../segment/summary.ts';
import type { EncodedLog } from './encoded-log.ts';
import { writeAgain } from './last-write.ts';

/** What is done with each entry found, and with damage. */
export interface RecoveryUse extends ScanUse {
  /** Takes damage out of the folder; what was found before it is the log then. Absent: damage is
   * only reported. */
  readonly salvage?: (damage: DamagedLog, lastEpoch: number) => Promise<void>;
}

/** What was found. */
export interface Recovered {
  readonly epochs: readonly EpochStart[];
  /** Bytes of a torn tail that were cut off. */
  readonly cutBytes: number;
  /** Damage that was taken out. */
  readonly damage?: DamagedLog;
}

/** Fills the empty `log` with what the folder holds, cuts a torn tail off, and makes sure that all
 * that was read is durable: the process that wrote it may have been killed before it was. The names
 * that are there are durable already. */
export async function recoverSegments(
  disk: Disk,
  log: EncodedLog,
  use: RecoveryUse,
): Promise<Recovered> {
  const epochs: EpochStart[] = [];
  const needless: string[] = [];
  try {
    const cutBytes = await readSegments(disk, log, epochs, needless, use);
    await removeAll(disk, needless);
    return { epochs, cutBytes };
  } catch (error) {
    if (!(error instanceof DamagedLog) || use.salvage === undefined) throw error;
    await removeAll(disk, needless);
    await use.salvage(error, epochs.at(-1)?.epoch ?? 0);
    return { epochs, cutBytes: 0, damage: error };
  }
}

/** Returns how many bytes of a torn tail were cut off. `needless`: takes the names of files that
 * are no part of the log, and go unless the folder must stay as it is. */
async function readSegments(
  disk: Disk,
  log: EncodedLog,
  epochs: EpochStart[],
  needless: string[],
  use: RecoveryUse,
): Promise<number> {
  const names = await disk.list();
  const firsts = segmentsAmong(names);
  const alone = summariesAlone(names);
  const brief = use.restore === undefined ? null : await Brief.of(disk, firsts, use.restore);
  let cutBytes = 0;
  const passAlone = async (first: number): Promise<void> => {
    await refuseMissing(disk, first, log.catalog);
    needless.push(summaryName(segmentName(first)));
  };
  for (const [i, first] of firsts.entries()) {
    while (alone[0]! < first) await passAlone(alone.shift()!);
    const name = segmentName(first);
    if (isReplaced(log, first)) {
      await withFile(disk, name, 'read', (file) => refuseForeign(file, first));
      needless.push(summaryName(name), name);
      continue;
    }
    if ((await brief?.take(log, first, epochs)) === true) continue;
    const scan = new SegmentScan(log, first, i === firsts.length - 1, epochs, use);
    const cut = await withFile(disk, name, 'read', (file) => scan.run(file, disk));
    if (i < firsts.length - 1) continue;
    // An interrupted first write leaves no more; but nor does a file that somebody has emptied.
    if (cut?.offset === 0) await refuseMissing(disk, first, log.catalog, true);
    else await refuseEarlyEnd(disk, log.catalog.last!);
    cutBytes = cut?.bytes ?? 0;
    await settle(disk, name, cut?.offset, scan.lastWrite);
  }
  for (const first of alone) await passAlone(first);
  return cutBytes;
}

/** In this order: a summary goes before its segment. */
async function removeAll(disk: Disk, names: readonly string[]): Promise<void> {
  for (const name of names) await disk.remove(name);
  if (names.length > 0) await disk.syncFolder();
}

/** Compaction has put the segment before it in the place of this one, and was interrupted before it
 * could remove it. */
function isReplaced({ catalog }: EncodedLog, first: number): boolean {
  return catalog.last?.start.kind === 'compacted' && first <= catalog.lastIndex;
}

/** A segment under the name of another one looks as if it was replaced, too, and may be all that
 * there is of its entries. */
async function refuseForeign(file: DiskFile, first: number): Promise<void> {
  const head = Buffer.alloc(FILE_HEADER_BYTES);
  const named = firstIndexIn(head.subarray(0, await readAll(file, head, 0)), first);
  if (named === null || named === first) return;
  throw new DamagedLog(segmentName(first), 0, `the segment of entry ${named} under another name`);
}

/** Before anything is appended, so that no later record can come to stand behind a torn one. */
async function settle(
  disk: Disk,
  name: string,
  cutAt: number | undefined,
  lastWrite: number,
): Promise<void> {
  if (cutAt === 0) await disk.remove(name);
  else {
    await withFile(disk, name, 'durable-write', async (file) => {
      if (cutAt !== undefined) await file.truncate(cutAt);
      await writeAgain(file, lastWrite);
      await file.sync();
    });
  }
  await disk.syncFolder();
}

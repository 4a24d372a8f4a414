// The way out for a damaged folder that nobody can be asked about: the log is cut before the
// damage. The rule: only when told to, and everything that is cut off is kept under another name.

import { type Memory, memoryBeside } from '../../core/effects.ts';
import { logIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import { lastEpochOf } from '../../core/log/ledger.ts';
import { BOOKKEEPING, Bookkeeping } from '../bookkeeping/bookkeeping.ts';
import type { Disk } from '../disk/disk.ts';
import { Lock } from '../disk/lock.ts';
import type { ProcessTable } from '../disk/process-table.ts';
import { recordIndex, recordSize } from '../record/record.ts';
import { FILE_HEADER_BYTES } from '../segment/segment-file.ts';
import { moveAside } from './damaged-files.ts';
import { scan, segmentBytes } from './remains.ts';
import { setAside } from './salvage.ts';
import { type CheckUse, checkFolder, type FolderCheck } from './verify.ts';

/** What a repair has done. */
export interface Repaired {
  /** The folder as it was before. */
  readonly before: FolderCheck;
  /** Files that hold what was cut off. */
  readonly kept: readonly string[];
}

/** Whether there is anything to do in such a folder. */
export function needsRepair({ damage, lost }: FolderCheck): boolean {
  return damage !== null || lost !== null;
}

/**
 * Cuts the log before the damage, or before a batch that would lose its end there, and gives up
 * what an earlier damage took. Rejects with FolderInUse while a process works there, and with
 * UnknownFormat.
 */
export async function cutDamage(
  disk: Disk,
  processes: ProcessTable,
  use: CheckUse = {},
): Promise<Repaired> {
  const lock = await Lock.take(disk, processes);
  try {
    const before = await checkFolder(disk, use);
    const kept: string[] = [];
    const isCut = needsRepair(before);
    for (let now = before; isCut && isEndless(now); now = await checkFolder(disk)) {
      if (now.damage?.remains === null) kept.push(await forget(disk, now));
      else {
        const { file, keepBytes } = await placeOfCut(disk, now);
        kept.push(...(await setAside(disk, file, keepBytes)));
      }
    }
    if (before.lost !== null && before.memory !== null) {
      await save(disk, { ...before.memory, lost: null });
    }
    return { before, kept };
  } finally {
    await lock.release();
  }
}

/** Whether the log has no end at which it could go on. */
function isEndless({ damage, tornBatch }: FolderCheck): boolean {
  return damage !== null || tornBatch !== null;
}

interface PlaceOfCut {
  readonly file: string;
  readonly keepBytes: number;
}

/** Before the damage; or before the batch that would be left a part of. */
async function placeOfCut(disk: Disk, check: FolderCheck): Promise<PlaceOfCut> {
  const { damage, tornBatch, tornFile: file } = check;
  if (tornBatch === null || file === null) {
    invariant(damage !== null, 'there is a reason to cut');
    return damage;
  }
  const bytes = await segmentBytes(disk, file);
  let keepBytes = 0;
  scan(bytes, FILE_HEADER_BYTES, 0, (at) => {
    if (recordIndex(bytes, at) < tornBatch) keepBytes = at + recordSize(bytes, at);
  });
  return { file, keepBytes };
}

/** Bookkeeping that cannot be read is made anew from the log. Which later epochs the node had seen
 * is not in there, so it counts as one that has lost something until it has caught up again. */
async function forget(disk: Disk, { epochs, lastIndex }: FolderCheck): Promise<string> {
  const seen = lastEpochOf({ epochs });
  const name = await moveAside(disk, BOOKKEEPING);
  const lost = { epoch: seen, upTo: logIndex(lastIndex), open: true };
  await save(disk, { ...memoryBeside(seen), lost });
  return name;
}

async function save(disk: Disk, memory: Memory): Promise<void> {
  await new Bookkeeping(disk).save(memory);
}

// Takes damage out of a log: what stands before it stays, everything from there on is kept aside.
// The rule: first it is durable that something was lost, then a copy of it is, and only then is the
// log cut; a crash in between leaves a log that is still damaged, or one that knows what it lost.

import { type DamagePlace, type Lost, type Memory, memoryBeside } from '../../core/effects.ts';
import { epoch, logIndex } from '../../core/ids.ts';
import { type Disk, withFile } from '../disk/disk.ts';
import { lastWriteIn, writeAgain } from '../log/last-write.ts';
import { segmentName, segmentsAmong } from '../segment/segment-file.ts';
import { SUMMARY } from '../segment/summary.ts';
import { copyAside, moveAside } from './damaged-files.ts';
import { type Remains, segmentBytes } from './remains.ts';

/** Kept of several incidents. */
const POINTS_MAX = 8;

/** The bookkeeping of a node that has lost, at this place, what `remains` speaks of, and maybe some
 * before. */
export function withLoss(
  memory: Memory | null,
  remains: Remains,
  lastEpoch: number,
  place: DamagePlace,
): Memory {
  const seen = Math.max(lastEpoch, remains.epoch);
  const base = memory ?? memoryBeside(epoch(seen));
  const before = base.lost ?? null;
  const lost: Lost = {
    epoch: epoch(Math.max(base.acceptedEpoch, seen, before?.epoch ?? 0)),
    upTo: logIndex(Math.max(remains.upTo, before?.upTo ?? 0)),
    open: remains.open || before?.open === true,
    points: [...(before?.points ?? []), ...remains.points]
      .sort((a, b) => a.index - b.index)
      .slice(-POINTS_MAX),
    place,
  };
  return { ...base, lost };
}

/** Keeps the segment `from` and all behind it under other names, and cuts the log after so many
 * bytes of `from`. Returns the names. `from` itself may be missing. */
export async function setAside(disk: Disk, from: string, keepBytes: number): Promise<string[]> {
  const names = (await disk.list()).filter((name) => name >= from).sort();
  // Alone, they would tell of segments that are gone.
  for (const name of names) if (name.endsWith(SUMMARY)) await disk.remove(name);
  await disk.syncFolder();
  const [damaged, ...later] = segmentsAmong(names).map(segmentName);
  if (damaged === undefined) return [];
  const kept: string[] = [];
  if (keepBytes > 0) kept.push(await copyAside(disk, damaged));
  // From the end, so that what a crash leaves has no gap that it did not have.
  for (const name of later.toReversed()) kept.push(await moveAside(disk, name));
  if (keepBytes === 0) kept.push(await moveAside(disk, damaged));
  else {
    const keeps = (await segmentBytes(disk, damaged)).subarray(0, keepBytes);
    await withFile(disk, damaged, 'durable-write', async (file) => {
      await file.truncate(keepBytes);
      // What is kept of it counts from now on, as after any other start.
      await writeAgain(file, lastWriteIn(keeps));
      await file.sync();
    });
  }
  return kept.sort();
}

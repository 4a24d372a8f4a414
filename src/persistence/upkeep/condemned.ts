// What becomes of a closed segment in which damage was met: its summary goes, so that the next
// start reads the segment, and sees the damage before anything else. The rule: nor does it get a
// summary from anybody who had read it before.

import { asMissing, MissingSegment } from '../damage/missing.ts';
import type { Disk } from '../disk/disk.ts';
import { failureOf } from '../disk/storage-failure.ts';
import type { Catalog } from '../log/catalog.ts';
import type { Turns } from '../log/turns.ts';
import { DamagedLog } from '../persistence.ts';
import type { Segment } from '../segment/segment.ts';
import { segmentName } from '../segment/segment-file.ts';
import { summaryName } from '../segment/summary.ts';

export interface CondemningParts {
  readonly disk: Disk;
  readonly catalog: Catalog;
  readonly turns: Turns;
}

/** If `error`, which ended a reading, is damage in a closed segment: resolves when the next start
 * will read that segment, and rejects with StorageFailure. */
export async function condemn(
  { disk, catalog, turns }: CondemningParts,
  error: unknown,
): Promise<void> {
  // Of a file that is gone the summary may be all that tells of it.
  if (!(error instanceof DamagedLog) || error instanceof MissingSegment) return;
  const segment = catalog.closed.find(({ start }) => segmentName(start.first) === error.file);
  if (segment === undefined) return;
  segment.condemned = true;
  try {
    await turns.run(async () => {
      await disk.remove(summaryName(error.file));
      await disk.syncFolder();
    });
  } catch (failure) {
    throw failureOf(failure);
  }
}

/** What ended the reading of a segment, for whoever waits for it, once the next start will see it.
 * Rejects with StorageFailure. */
export async function endOfReading(
  parts: CondemningParts,
  segment: Segment,
  error: unknown,
): Promise<unknown> {
  // What was cut off meanwhile is not missing.
  const found = parts.catalog.holds([segment]) ? asMissing(error, segment) : error;
  await condemn(parts, found);
  return failureOf(found);
}

// What becomes of a closed segment in which damage was met: its summary goes, so that the next
// start reads the segment, and sees the damage before anything else. The rule: nor does it get a
// summary from anybody who had read it before.

import type { Disk } from './disk.ts';
import type { Segment } from './segment.ts';
import { segmentName } from './segment-file.ts';
import { failureOf } from './storage-failure.ts';
import { summaryName } from './summary.ts';
import type { Turns } from './turns.ts';

/** Resolves when the next start will read the segment; rejects with StorageFailure. */
export async function condemn(
  { disk, turns }: { readonly disk: Disk; readonly turns: Turns },
  segment: Segment,
): Promise<void> {
  segment.condemned = true;
  try {
    await turns.run(async () => {
      await disk.remove(summaryName(segmentName(segment.start.first)));
      await disk.syncFolder();
    });
  } catch (error) {
    throw failureOf(error);
  }
}

// Segments that compaction has put into another one, while their files are still there. The rule:
// nothing is cut off the log before they are gone. What stands in them would count as a part of it
// again, at the latest at the next start; and a new segment may come to have such a name.

import type { Disk } from '../disk/disk.ts';
import { summaryName } from '../segment/summary.ts';

/** Invariant: whoever calls this has the turn among those who change the names of segments. */
export class Leftovers {
  private readonly disk: Disk;
  private names: readonly string[] = [];

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Takes note of segment files that another one has replaced. */
  add(names: readonly string[]): void {
    this.names = [...this.names, ...names];
  }

  /** Resolves when none of them is there any more. After a failure all of them still count. */
  async remove(): Promise<void> {
    if (this.names.length === 0) return;
    // What replaces them must be found there whatever happens from now on.
    await this.disk.syncFolder();
    for (const name of this.names) {
      await this.disk.remove(summaryName(name));
      await this.disk.remove(name);
    }
    await this.disk.syncFolder();
    this.names = [];
  }
}

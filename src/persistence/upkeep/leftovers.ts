// What compaction has not finished: a file that could not take its name, and the files of segments
// that it has put into another one. The rule: nothing is cut off the log before that is done. What
// stands in them would count as a part of it again, at the latest at the next start; and a new
// segment may come to have such a name.

import type { Disk } from '../disk/disk.ts';
import { summaryName } from '../segment/summary.ts';

/** Invariant: whoever calls this has the turn among those who change the names of segments. */
export class Leftovers {
  private readonly disk: Disk;
  private names: readonly string[] = [];
  private exchange: (() => Promise<void>) | null = null;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Takes note of segment files that another one has replaced. */
  add(names: readonly string[]): void {
    this.names = [...this.names, ...names];
  }

  /** Takes note of a segment that counts already, and whose file is yet to take its name. */
  postpone(exchange: () => Promise<void>): void {
    this.exchange = exchange;
  }

  /** Resolves when nothing of it is left to do. After a failure all of it still is. */
  async finish(): Promise<void> {
    await this.exchange?.();
    this.exchange = null;
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

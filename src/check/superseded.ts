// What compaction may have taken out of a log: an operation on a key that a later one supersedes,
// and a removal when nothing before it is left that it would have to remove.

import type { Evidence } from './evidence.ts';
import type { FinalLog } from './final-logs.ts';
import type { Content } from './operations.ts';

export class Superseded {
  private readonly evidence: Evidence;
  /** For each key, the highest index at which an operation on it is known to have been. */
  private readonly newest: Map<string, number>;
  /** For each key, the lowest index that the log still shows. */
  private readonly oldest = new Map<string, number>();

  constructor(evidence: Evidence, log: FinalLog) {
    const { operations, entries, promises } = evidence;
    this.evidence = evidence;
    this.newest = new Map(operations.newest);
    const note = (content: Content, index: number): void => {
      const key = index > log.lastIndex ? null : operations.key(content);
      if (key !== null) this.newest.set(key, Math.max(index, this.newest.get(key) ?? 0));
    };
    for (const [index, { content }] of promises.all()) note(content, index);
    for (const index of entries.indexes()) {
      for (const { content } of entries.at(index)) note(content, index);
    }
    for (const [index, shown] of log.contents.entries()) {
      const key = index > log.lastIndex ? null : operations.key(shown);
      if (key !== null && !this.oldest.has(key)) this.oldest.set(key, index);
    }
  }

  /** Whether the operation at `index` may be missing there. */
  allows(content: Content, index: number): boolean {
    const { operations } = this.evidence;
    const key = operations.key(content);
    if (key === null) return false;
    if ((this.newest.get(key) ?? 0) > index) return true;
    const oldest = this.oldest.get(key) ?? Number.POSITIVE_INFINITY;
    // The removal that superseded it may have gone, too, and nobody knows where it was.
    if (operations.gives(content)) return operations.openRemovals.has(key) && oldest > index;
    return oldest > index;
  }
}

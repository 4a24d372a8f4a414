// What compaction may have taken out of a log: an operation on a key that a later one supersedes.

import type { Evidence } from '../evidence.ts';
import type { Content } from '../operations.ts';
import type { FinalLog } from './final-logs.ts';

/** What is known of each key. */
interface Extent {
  /** The highest index at which an operation on it is known to have been. */
  readonly newest: Map<string, number>;
  /** Those of which the log still shows an operation. */
  readonly shown: Set<string>;
}

/** For when the history is over. */
export class Superseded {
  private readonly evidence: Evidence;
  private readonly log: FinalLog;
  /** null: nothing was missing so far, so that nobody has asked. */
  private extent: Extent | null = null;

  constructor(evidence: Evidence, log: FinalLog) {
    this.evidence = evidence;
    this.log = log;
  }

  private measure(): Extent {
    const { evidence, log } = this;
    const { operations, entries, promises } = evidence;
    const newest = new Map(operations.newest);
    const shown = new Set<string>();
    const note = (content: Content, index: number): void => {
      const key = index > log.lastIndex ? null : operations.key(content);
      if (key !== null) newest.set(key, Math.max(index, newest.get(key) ?? 0));
    };
    for (const [index, { content }] of promises.all()) note(content, index);
    for (const index of entries.indexes()) {
      for (const { content } of entries.at(index)) note(content, index);
    }
    for (const [, content] of log.contents.entries()) {
      const key = operations.key(content);
      if (key !== null) shown.add(key);
    }
    return { newest, shown };
  }

  /** Whether the operation at `index` may be missing there. */
  allows(content: Content, index: number): boolean {
    const { operations, promises } = this.evidence;
    const key = operations.key(content);
    if (key === null) return false;
    this.extent ??= this.measure();
    if ((this.extent.newest.get(key) ?? 0) > index) return true;
    // All that is shown of the key stands before it.
    if (this.extent.shown.has(key)) return false;
    // The removal that superseded it may have been lost since, and nobody knows where it was.
    return promises.losses > 0 && operations.openRemovals.has(key);
  }
}

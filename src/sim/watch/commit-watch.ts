// What nodes call committed, judged from inside: two nodes never mean different entries by one
// index. The rule: as soon as anything was lost that had to be lost (a disk, a memory, a member),
// nothing is said any more: then the judges of src/check know what may differ.

import type { Report } from './memory-watch.ts';

export class CommitWatch {
  private readonly report: Report;
  /** By index: the epoch of the entry, and who said so. */
  private readonly agreed: { readonly epoch: number; readonly by: string }[] = [];
  private readonly told = new Map<string, number>();
  private lost = false;

  constructor(report: Report) {
    this.report = report;
  }

  /** Something may have been lost. */
  loses(): void {
    this.lost = true;
  }

  /** Another life of the node: it knows nothing of what it has told. */
  restarted(id: string): void {
    this.told.delete(id);
  }

  /** A node calls everything up to `upTo` committed; `epochAt` is of its log. */
  committed(id: string, upTo: number, epochAt: (index: number) => number | undefined): void {
    const before = this.told.get(id) ?? 0;
    if (upTo === before || this.lost) return;
    this.told.set(id, upTo);
    for (let index = before + 1; index <= upTo; index += 1) {
      const epoch = epochAt(index);
      if (epoch === undefined) continue;
      const known = this.agreed[index];
      if (known === undefined) this.agreed[index] = { epoch, by: id };
      else if (known.epoch !== epoch) {
        const sentence =
          `${id} has an entry of epoch ${epoch} at ${index} and calls it committed; ` +
          `${known.by} had one of epoch ${known.epoch} there`;
        this.report('committed is one', sentence);
        return;
      }
    }
  }
}

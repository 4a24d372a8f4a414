// Requests that are in the log by a later attempt, where an earlier one had no clear answer. The
// same may have stood there before, in an epoch that is over, and a node that has not heard of the
// next one shows that until it does.

import type { WriteRecord } from '../history/history.ts';
import type { Content } from '../operations.ts';

export class Again {
  /** Where an attempt without a clear answer is said to be; null: nobody has said. */
  private readonly unclear = new Map<Content, number | null>();
  private readonly indexes = new Set<number>();

  /** An attempt that was not refused; `place` is that of the operation in it. */
  write({ duplicate, first, outcome }: WriteRecord, place: number, content: Content): void {
    const index = first === undefined ? null : first + place;
    if (outcome !== 'ok') {
      this.unclear.set(content, index);
      return;
    }
    const before = this.unclear.get(content);
    if (before === undefined || duplicate === true || index === null) return;
    if (before === null || before === index) this.indexes.add(index);
  }

  /** Whether what is there now need not be what a node showed there. */
  has(index: number): boolean {
    return this.indexes.has(index);
  }
}

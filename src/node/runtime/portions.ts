// Does many short things in portions, one in each turn of the event loop: ten thousand clients may
// wait for the same moment, and what each answer costs is little, but not what all of them do. The
// rule: they are done in the order in which they came, and in no turn more than a portion.

/** Short things in one turn. So many answers take some fifty milliseconds where each has a
 * connection of its own; with fewer, those that travel together would leave in more pieces. */
const PORTION = 1_024;

/** Invariant: something waits only while there is no room, and then a turn has been asked for. */
export class Portions {
  private readonly soon: (run: () => void) => void;
  private waiting: (() => void)[] = [];
  private left = PORTION;

  /** `soon` calls back in the next turn of the event loop. */
  constructor(soon: (run: () => void) => void) {
    this.soon = soon;
  }

  /** Does it now, or in one of the next turns. Where few come, the event loop is asked for a turn
   * once in a whole portion of them, and not for each. */
  add(work: () => void): void {
    if (this.left === 0) {
      this.waiting.push(work);
      return;
    }
    this.left -= 1;
    if (this.left === 0) this.callNext();
    work();
  }

  /** Resolves when nothing waits. */
  done(): Promise<void> {
    if (this.waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private callNext(): void {
    this.soon(() => {
      const next = this.waiting.splice(0, PORTION);
      this.left = PORTION - next.length;
      if (this.left === 0) this.callNext();
      for (const work of next) work();
    });
  }
}

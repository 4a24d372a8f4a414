// Tells once that a log cannot be written, each time that this lasts: nobody else says why what is
// appended waits. The rule: one failure among successes is no news, it has been asked for again.

import type { StorageFailure } from '../../persistence/persistence.ts';

/** Ten attempts (contract, section 6). */
const LASTS_MS = 1_000;

export class UnwrittenLog {
  private readonly tell: (failure: StorageFailure) => void;
  /** Since when nothing but failures was heard; null: the last that was heard was a success. */
  private failingSince: number | null = null;
  private told = false;

  constructor(tell: (failure: StorageFailure) => void) {
    this.tell = tell;
  }

  /** A Persist has succeeded. */
  worked(): void {
    this.failingSince = null;
    this.told = false;
  }

  /** A Persist has failed; `now` is monotonic, in milliseconds. */
  failed(failure: StorageFailure, now: number): void {
    this.failingSince ??= now;
    if (this.told || now - this.failingSince < LASTS_MS) return;
    this.told = true;
    this.tell(failure);
  }
}

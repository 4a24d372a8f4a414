// Exactly once for clients: which idempotency keys are in the log, and for which request. A fold of
// the log, so it survives whatever the log survives (classic bugs B03, B04, B07).

import { fingerprint } from './fingerprint.ts';
import { type LogIndex, logIndex } from './ids.ts';
import type { Entry } from './operation.ts';

/** The request that a key stands for. */
export interface KnownRequest {
  readonly first: LogIndex;
  readonly count: number;
  /** Fold of `fingerprint` over its operations. */
  readonly fingerprint: number;
}

/**
 * Invariants:
 * 1. A key is known exactly if an entry carrying it is in the log and within the window.
 * 2. At most `window` keys are known; the oldest are forgotten first.
 */
export class Deduplication {
  private readonly known = new Map<string, KnownRequest>();
  private open: { key: string; first: LogIndex; count: number; fingerprint: number } | null = null;
  private readonly window: number;

  constructor(window: number) {
    this.window = window;
  }

  get size(): number {
    return this.known.size;
  }

  /** Takes note of the next entry of the log. */
  observe(entry: Entry): void {
    if (entry.idempotencyKey !== undefined) {
      const print = fingerprint(entry, entry.batch !== undefined);
      this.learn(entry.idempotencyKey, entry.index, entry.batch ?? 1, print);
    } else if (this.open !== null) {
      const { key, first, count } = this.open;
      if (entry.index < first + count) {
        this.learn(key, first, count, fingerprint(entry, true, this.open.fingerprint));
        if (entry.index === first + count - 1) this.open = null;
      } else {
        this.open = null;
      }
    }
  }

  find(key: string): KnownRequest | undefined {
    return this.known.get(key);
  }

  /** Forgets what stood after `after`. */
  truncated(after: LogIndex): void {
    for (const [key, request] of this.known) {
      if (request.first > after) this.known.delete(key);
    }
    this.open = null;
  }

  private learn(key: string, first: LogIndex, count: number, print: number): void {
    if (count > 1) this.open = { key, first, count, fingerprint: print };
    this.known.set(key, { first: logIndex(first), count, fingerprint: print });
    if (this.known.size > this.window) {
      for (const oldest of this.known.keys()) {
        this.known.delete(oldest);
        break;
      }
    }
  }
}

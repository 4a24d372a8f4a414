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

/** A request of several operations of which the log so far holds only the first ones. */
export interface OpenRequest extends KnownRequest {
  readonly key: string;
}

/**
 * Invariants:
 * 1. A key is known exactly if an entry carrying it is in the log and within the window.
 * 2. At most `window` keys are known; the oldest are forgotten first.
 */
export class Deduplication {
  private readonly known = new Map<string, KnownRequest>();
  /** Goes along the keys, oldest first, each time that one must be forgotten. One that began anew
   * would pass all those that were forgotten before it: a Map keeps their places for a while. Null
   * before the first: a Map that grows keeps what it was made of for an iterator that stands. */
  private oldest: Iterator<string> | null = null;
  private unfinished: OpenRequest | null;
  readonly window: number;

  /** `open`: the request that the log before what is observed ends in the middle of. */
  constructor(window: number, open: OpenRequest | null = null) {
    this.window = window;
    this.unfinished = open;
  }

  get open(): OpenRequest | null {
    return this.unfinished;
  }

  /** All that is known, the oldest key first. */
  entries(): Iterable<[string, KnownRequest]> {
    return this.known;
  }

  /** Takes over what is known of a request; the requests come in the order of the log. */
  restore(key: string, request: KnownRequest): void {
    this.known.set(key, request);
    this.forgetOldest();
  }

  /** Takes over that the log so far ends in the middle of this request, or of none. */
  restoreOpen(open: OpenRequest | null): void {
    this.unfinished = open;
  }

  get size(): number {
    return this.known.size;
  }

  /** Takes note of the next entry of the log. */
  observe(entry: Entry): void {
    const { idempotencyKey } = entry;
    if (idempotencyKey !== undefined) {
      const print = fingerprint(entry, entry.batch !== undefined);
      this.learn(idempotencyKey, entry.index, entry.batch ?? 1, print);
    } else if (this.unfinished !== null) {
      const { key, first, count } = this.unfinished;
      if (entry.index < first + count) {
        this.learn(key, first, count, fingerprint(entry, true, this.unfinished.fingerprint));
        if (entry.index === first + count - 1) this.unfinished = null;
      } else {
        this.unfinished = null;
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
    this.unfinished = null;
  }

  private learn(key: string, first: LogIndex, count: number, print: number): void {
    if (count > 1) this.unfinished = { key, first, count, fingerprint: print };
    this.known.set(key, { first: logIndex(first), count, fingerprint: print });
    this.forgetOldest();
  }

  private forgetOldest(): void {
    if (this.known.size > this.window) {
      this.oldest ??= this.known.keys();
      this.known.delete(this.oldest.next().value!);
    }
  }
}

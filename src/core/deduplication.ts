// Exactly once for clients: which idempotency keys are in the log, and for which request. A fold of
// the log, so it survives whatever the log survives (classic bugs B03, B04, B07).

import { fingerprint } from './fingerprint.ts';
import type { LogIndex } from './ids.ts';
import { hashOf, KeyedTable } from './keyed-table.ts';
import type { Entry } from './operation.ts';
import { RequestQueue } from './request-queue.ts';

/** The request that a key stands for. */
export interface KnownRequest {
  readonly key: string;
  readonly first: LogIndex;
  readonly count: number;
  /** Fold of `fingerprint` over its operations. */
  readonly fingerprint: number;
}

/** A request of several operations of which the log so far holds only the first ones. */
export type OpenRequest = KnownRequest;

/**
 * Invariants:
 * 1. A key is known exactly if an entry carrying it is in the log and within the window.
 * 2. At most `window` keys are known; the oldest are forgotten first.
 */
export class Deduplication {
  private readonly known = new KeyedTable<string, KnownRequest>(hashOf);
  /** The same requests in the order of the log. */
  private readonly order: RequestQueue<KnownRequest>;
  /** No request that begins behind this index was forgotten. */
  private forgottenTo = 0;
  private unfinished: OpenRequest | null;
  readonly window: number;

  /** `open`: the request that the log before what is observed ends in the middle of. */
  constructor(window: number, open: OpenRequest | null = null) {
    this.window = window;
    this.order = new RequestQueue(window);
    this.unfinished = open;
  }

  get open(): OpenRequest | null {
    return this.unfinished;
  }

  /** All that is known, the oldest request first. */
  get requests(): readonly KnownRequest[] {
    return this.order.beginningIn(0, Number.POSITIVE_INFINITY);
  }

  /** All requests that begin with one of the entries `from`…`to`, the oldest first; null if some
   * may have been forgotten. */
  beginningIn(from: number, to: number): readonly KnownRequest[] | null {
    return this.forgottenTo >= from ? null : this.order.beginningIn(from, to);
  }

  /** Takes over what is known of a request; the requests come in the order of the log. */
  restore(request: KnownRequest): void {
    this.known.put(request.key, request);
    const oldest = this.order.push(request);
    if (oldest !== null) this.forget(oldest);
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
    if (idempotencyKey !== undefined) this.begin(idempotencyKey, entry);
    else if (this.unfinished !== null) this.goOn(this.unfinished, entry);
  }

  find(key: string): KnownRequest | undefined {
    return this.known.get(key);
  }

  /** Forgets what stood after `after`. */
  truncated(after: LogIndex): void {
    for (;;) {
      const { newest } = this.order;
      if (newest === undefined || newest.first <= after) break;
      this.order.pop();
      this.lose(newest);
    }
    this.forgottenTo = Math.min(this.forgottenTo, after);
    this.unfinished = null;
  }

  private begin(key: string, entry: Entry): void {
    const print = fingerprint(entry, entry.batch !== undefined);
    const request = { key, first: entry.index, count: entry.batch ?? 1, fingerprint: print };
    if (request.count > 1) this.unfinished = request;
    this.restore(request);
  }

  private goOn({ key, first, count, fingerprint: before }: OpenRequest, entry: Entry): void {
    const last = first + count - 1;
    if (entry.index <= last) {
      const request = { key, first, count, fingerprint: fingerprint(entry, true, before) };
      this.unfinished = request;
      if (this.order.newest?.first === first) {
        this.known.put(key, request);
        this.order.replaceNewest(request);
      } else {
        // It began before all that was observed.
        this.restore(request);
      }
    }
    if (entry.index >= last) this.unfinished = null;
  }

  private forget(request: KnownRequest): void {
    this.forgottenTo = request.first;
    this.lose(request);
  }

  /** A key that was forgotten may have come again. */
  private lose(request: KnownRequest): void {
    if (this.known.get(request.key) === request) this.known.take(request.key);
  }
}

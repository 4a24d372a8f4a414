// Exactly once for clients: which idempotency keys are in the log, and for which request. A fold of
// the log, so it survives whatever the log survives (classic bugs B03, B04, B07).

import type { LogIndex } from '../ids.ts';
import type { Entry } from '../operation.ts';
import { fingerprint } from './fingerprint.ts';
import { type KnownRequest, KnownRequests, type RequestRun } from './known-requests.ts';

/** A request of several operations of which the log so far holds only the first ones. */
export type OpenRequest = KnownRequest;

/**
 * Invariants:
 * 1. A key is known exactly if an entry carrying it is in the log and within the window.
 * 2. At most `window` keys are known; the oldest are forgotten first.
 */
export class Deduplication {
  private readonly known: KnownRequests;
  /** No request that begins behind this index was forgotten. */
  private forgottenTo = 0;
  private unfinished: OpenRequest | null;
  readonly window: number;

  /** `open`: the request that the log before what is observed ends in the middle of. */
  constructor(window: number, open: OpenRequest | null = null) {
    this.window = window;
    this.known = new KnownRequests(window);
    this.unfinished = open;
  }

  get open(): OpenRequest | null {
    return this.unfinished;
  }

  /** All that is known, the oldest request first. */
  get requests(): RequestRun {
    return this.knownIn(0, Number.POSITIVE_INFINITY);
  }

  /** All requests that begin with one of the entries `from`…`to`, the oldest first; null if some
   * may have been forgotten. */
  beginningIn(from: number, to: number): RequestRun | null {
    return this.forgottenTo >= from ? null : this.knownIn(from, to);
  }

  /** Those that are known and begin with one of the entries `from`…`to`, the oldest first. */
  knownIn(from: number, to: number): RequestRun {
    return this.known.beginningIn(from, to);
  }

  /** Takes over what is known of a request; the requests come in the order of the log. Of one that
   * goes on from one run of the log into the next both tell, the later one more. */
  restore(request: KnownRequest): void {
    if (this.known.newestFirst === request.first) {
      this.known.continueNewest(request.fingerprint);
    } else {
      this.forgottenTo = this.known.push(request) ?? this.forgottenTo;
    }
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
    return this.known.find(key);
  }

  /** Forgets what stood after `after`. */
  truncated(after: LogIndex): void {
    while ((this.known.newestFirst ?? 0) > after) this.known.pop();
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
      // It may have begun before all that was observed.
      this.restore(request);
    }
    if (entry.index >= last) this.unfinished = null;
  }
}

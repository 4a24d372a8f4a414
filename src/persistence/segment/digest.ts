// What folding a run of the log comes to, so that a start can take that instead of the records:
// which keys were written last where, which idempotency keys came, where its epochs begin. The
// rule: it is derived from the records alone, and says the same as they do.

import { type Epoch, epoch, type LogIndex, logIndex } from '../../core/ids.ts';
import { Deduplication, type OpenRequest } from '../../core/log/deduplication.ts';
import type { RequestRun } from '../../core/log/known-requests.ts';
import type { BatchRange } from '../../core/log/ledger.ts';
import type { EpochStart } from '../../core/log/log.ts';
import type { Entry } from '../../core/operation.ts';

/** The latest operation of a run on a key. */
export interface Keyed {
  readonly index: LogIndex;
  /** It gave the key a value. */
  readonly present: boolean;
}

/** The folds of a segment, in the order of their entries. */
export class Digest {
  readonly epochs: EpochStart[];
  batch: BatchRange | null = null;
  /** Records that write or remove a key. */
  keyed = 0;
  /** Those of them that carry an idempotency key. */
  keyedRequests = 0;
  private readonly latest = new Map<string, Keyed>();
  private readonly observed: Deduplication;
  private readonly given: RequestRun | null;

  /** `open`: the request that the log before this run ends in the middle of. `given`: all requests
   * of the run, none of which goes on before or after it; null: they are to be observed. `epochs`:
   * those that are known already. */
  constructor(
    open: OpenRequest | null,
    given: RequestRun | null = null,
    epochs: readonly EpochStart[] = [],
  ) {
    this.epochs = [...epochs];
    this.observed = new Deduplication(Number.POSITIVE_INFINITY, open);
    this.given = given;
  }

  /** Whether a plain append changes nothing here. */
  get indifferent(): boolean {
    return this.observed.open === null;
  }

  get open(): OpenRequest | null {
    return this.observed.open;
  }

  /** The latest operation on each key. */
  get keys(): ReadonlyMap<string, Keyed> {
    return this.latest;
  }

  /** The requests that carried an idempotency key, in log order. */
  get requests(): RequestRun {
    return this.given ?? this.observed.requests;
  }

  /** Takes note of the place of the next entry. */
  pass(index: number, of: number): void {
    const before: Epoch | undefined = this.epochs.at(-1)?.epoch;
    if (before !== of) this.epochs.push({ epoch: epoch(of), first: logIndex(index) });
  }

  /** Takes note of what the next entry says, unless it is plain and this `indifferent`. */
  observe(entry: Entry): void {
    if (this.given === null) this.observed.observe(entry);
    if (entry.batch !== undefined && entry.batch > 1) {
      this.batch = { first: entry.index, end: entry.index + entry.batch - 1 };
    }
    if (entry.op === 'append') return;
    this.keyed += 1;
    if (entry.idempotencyKey !== undefined) this.keyedRequests += 1;
    this.latest.set(entry.key, { index: entry.index, present: entry.op === 'put' });
  }
}

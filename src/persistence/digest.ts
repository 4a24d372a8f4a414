// What folding a run of the log comes to, so that a start can take that instead of the records:
// which keys were written last where, which idempotency keys came, where its epochs begin. The
// rule: it is derived from the records alone, and says the same as they do.

import { Deduplication, type OpenRequest } from '../core/deduplication.ts';
import { type Epoch, epoch, type LogIndex, logIndex } from '../core/ids.ts';
import type { BatchRange, FoldedRun } from '../core/ledger.ts';
import type { EpochStart } from '../core/log.ts';
import type { Entry } from '../core/operation.ts';

/** The folds of a segment, in the order of their entries. */
export class Digest implements FoldedRun {
  last: LogIndex = logIndex(0);
  readonly epochs: EpochStart[] = [];
  batch: BatchRange | null = null;
  /** Records that write or remove a key. */
  keyed = 0;
  private readonly keys = new Map<string, { index: LogIndex; present: boolean }>();
  private readonly requests: Deduplication;

  /** `open`: the request that the log before this run ends in the middle of. */
  constructor(open: OpenRequest | null) {
    this.requests = new Deduplication(Number.POSITIVE_INFINITY, open);
  }

  /** Whether a plain append changes nothing here. */
  get indifferent(): boolean {
    return this.requests.open === null;
  }

  get open(): OpenRequest | null {
    return this.requests.open;
  }

  get keyCount(): number {
    return this.keys.size;
  }

  get requestCount(): number {
    return this.requests.size;
  }

  /** Takes note of the place of the next entry. */
  pass(index: number, of: number): void {
    this.last = logIndex(index);
    const before: Epoch | undefined = this.epochs.at(-1)?.epoch;
    if (before !== of) this.epochs.push({ epoch: epoch(of), first: this.last });
  }

  /** Takes note of where the last entry stands, and of all epochs, where not every entry passes. */
  outlined(last: number, epochs: readonly EpochStart[]): void {
    this.last = logIndex(last);
    this.epochs.push(...epochs);
  }

  /** Takes note of what the next entry says, unless it is plain and this `indifferent`. */
  observe(entry: Entry): void {
    this.requests.observe(entry);
    if (entry.batch !== undefined && entry.batch > 1) {
      this.batch = { first: entry.index, end: entry.index + entry.batch - 1 };
    }
    if (entry.op === 'append') return;
    this.keyed += 1;
    this.keys.set(entry.key, { index: entry.index, present: entry.op === 'put' });
  }

  eachKey(visit: (key: string, index: LogIndex, present: boolean) => void): void {
    for (const [key, { index, present }] of this.keys) visit(key, index, present);
  }

  eachRequest(
    visit: (key: string, first: LogIndex, count: number, fingerprint: number) => void,
  ): void {
    for (const [key, { first, count, fingerprint }] of this.requests.entries()) {
      visit(key, first, count, fingerprint);
    }
  }
}

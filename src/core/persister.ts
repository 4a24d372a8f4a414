// Group commit: one Persist is under way at a time; what gathers meanwhile goes with the next one.
// A Persist that is not answered is asked for again with the same id (key-value text: every 100 ms).

import type { Effect } from './effects.ts';
import { type LogIndex, logIndex } from './ids.ts';

interface UnderWay {
  readonly id: number;
  readonly upTo: LogIndex;
  /** Everything ever appended, in characters, when this Persist began. */
  readonly weight: number;
  retryAt: number;
}

/**
 * Invariants:
 * 1. persistedIndex only rises when the host has confirmed it, and falls only by `truncated`.
 * 2. At most one Persist is under way; its id is not used again.
 */
export class Persister {
  private persisted: LogIndex;
  private underWay: UnderWay | null = null;
  private lastId = 0;
  private weight = 0;
  private persistedWeight = 0;
  private failure: { error: string; full: boolean } | null = null;
  private readonly retryMs: number;

  /** What the host recovered is durable: a node begins with everything it has read persisted. */
  constructor(persistedIndex: LogIndex, retryMs: number) {
    this.persisted = persistedIndex;
    this.retryMs = retryMs;
  }

  get persistedIndex(): LogIndex {
    return this.persisted;
  }

  /** Why nothing can be made durable at the moment; null while it works. */
  get trouble(): { error: string; full: boolean } | null {
    return this.failure;
  }

  /** Rough size, in characters, of what is not durable yet. */
  get backlog(): number {
    return this.weight - this.persistedWeight;
  }

  /** Counts what was appended. */
  appended(characters: number): void {
    this.weight += characters;
  }

  /** Starts or repeats a Persist if one is due. */
  flush(lastIndex: LogIndex, now: number): Effect[] {
    if (this.underWay === null) {
      if (lastIndex <= this.persisted) return [];
      this.lastId += 1;
      this.underWay = { id: this.lastId, upTo: lastIndex, weight: this.weight, retryAt: 0 };
    } else if (now < this.underWay.retryAt) {
      return [];
    }
    this.underWay.retryAt = now + this.retryMs;
    return [{ type: 'Persist', id: this.underWay.id, upTo: this.underWay.upTo }];
  }

  /** Returns whether more has become durable. An answer to a forgotten Persist changes nothing. */
  confirmed(id: number): boolean {
    if (this.underWay?.id !== id) return false;
    this.persisted = this.underWay.upTo;
    this.persistedWeight = this.underWay.weight;
    this.underWay = null;
    this.failure = null;
    return true;
  }

  /** The Persist is asked for again when its time has come. */
  failed(id: number, error: string, full: boolean): void {
    if (this.underWay?.id === id) this.failure = { error, full };
  }

  truncated(after: LogIndex): void {
    if (this.underWay !== null && this.underWay.upTo > after) this.underWay = null;
    if (this.persisted > after) this.persisted = logIndex(after);
  }

  /** When `flush` has something to do. */
  deadline(lastIndex: LogIndex): number {
    if (this.underWay !== null) return this.underWay.retryAt;
    return lastIndex > this.persisted ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
}

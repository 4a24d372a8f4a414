// Group commit: while a Persist is under way, what is appended gathers for the next one. A Persist
// that is not answered is asked for again with the same id (key-value text: every 100 ms); once one
// is that late, what comes after it no longer waits for it.

import type { Effect } from '../effects.ts';
import { type LogIndex, logIndex } from '../ids.ts';

interface UnderWay {
  readonly id: number;
  readonly upTo: LogIndex;
  /** Everything ever appended, in characters, when this Persist began. */
  readonly weight: number;
  retryAt: number;
  /** It was asked for again, or has failed: what comes later does not wait for it. */
  late: boolean;
}

/** Persists under way at a time when the earlier ones are late. */
const LATE_MAX = 8;

/**
 * Invariants:
 * 1. persistedIndex only rises when the host has confirmed it, and falls only by `truncated`.
 * 2. Those under way rise in index. More than one is under way only while all of them are late.
 * 3. A Persist covers everything before it: a confirmed one answers all earlier ones. One that was
 *    begun after the log was cut back also says that what was cut off is gone from the disk.
 */
export class Persister {
  private persisted: LogIndex;
  private readonly underWay: UnderWay[] = [];
  private lastId = 0;
  private weight = 0;
  private persistedWeight = 0;
  private failure: { error: string; full: boolean } | null = null;
  /** The Persist that says that the latest cut is durable; null: nothing was cut off since. */
  private cut: { id: number | null } | null = null;
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

  /** Nothing of what was cut off can be there again after a crash. */
  get cutDurable(): boolean {
    return this.cut === null;
  }

  /** Rough size, in characters, of what is not durable yet. */
  get backlog(): number {
    return this.weight - this.persistedWeight;
  }

  /** Counts what was appended. */
  appended(characters: number): void {
    this.weight += characters;
  }

  /** Repeats the Persists that are late, and starts one if something has gathered for it. */
  flush(lastIndex: LogIndex, now: number): Effect[] {
    const effects: Effect[] = [];
    for (const persist of this.underWay) {
      if (now < persist.retryAt) continue;
      persist.late = true;
      persist.retryAt = now + this.retryMs;
      effects.push({ type: 'Persist', id: persist.id, upTo: persist.upTo });
    }
    if (this.mayStart(lastIndex)) {
      this.lastId += 1;
      const { weight, lastId: id } = this;
      if (this.cut !== null) this.cut.id ??= id;
      const retryAt = now + this.retryMs;
      this.underWay.push({ id, upTo: lastIndex, weight, retryAt, late: false });
      effects.push({ type: 'Persist', id, upTo: lastIndex });
    }
    return effects;
  }

  /** Returns whether more has become durable. An answer to a forgotten Persist changes nothing. */
  confirmed(id: number): boolean {
    const place = this.underWay.findIndex((persist) => persist.id === id);
    if (place === -1) return false;
    const { upTo, weight } = this.underWay[place]!;
    this.underWay.splice(0, place + 1);
    if (this.cut !== null && id >= (this.cut.id ?? Number.POSITIVE_INFINITY)) this.cut = null;
    this.persisted = upTo;
    this.persistedWeight = weight;
    this.failure = null;
    return true;
  }

  /** The Persist is asked for again when its time has come. */
  failed(id: number, error: string, full: boolean): void {
    const persist = this.underWay.find((other) => other.id === id);
    if (persist === undefined) return;
    persist.late = true;
    this.failure = { error, full };
  }

  truncated(after: LogIndex): void {
    this.cut = { id: null };
    while (this.underWay.length > 0 && this.underWay.at(-1)!.upTo > after) this.underWay.pop();
    if (this.persisted >= after) {
      this.persisted = logIndex(after);
      this.persistedWeight = this.weight;
    }
  }

  /** When `flush` has something to do. */
  deadline(lastIndex: LogIndex): number {
    if (this.mayStart(lastIndex)) return Number.NEGATIVE_INFINITY;
    let earliest = Number.POSITIVE_INFINITY;
    for (const { retryAt } of this.underWay) earliest = Math.min(earliest, retryAt);
    return earliest;
  }

  private mayStart(lastIndex: LogIndex): boolean {
    const newest = this.underWay.at(-1);
    const wanted = lastIndex > (newest?.upTo ?? this.persisted) || this.cut?.id === null;
    return wanted && (newest === undefined || (newest.late && this.underWay.length < LATE_MAX));
  }
}

// A node's log as it must be, whatever its disk has done: what a start finds is held against it.
// The rule: what was durable is there, but for what compaction may take away.

import type { LogIndex } from '../../core/ids.ts';
import type { Entry } from '../../core/operation.ts';
import type { Range } from '../disk/disk-log.ts';
import { drawEntry } from '../drawing.ts';

/** Holes in both arrays: entries that were compacted away before this node got them. */
export class LogImage {
  /** Of so many idempotency keys the last ones are remembered. */
  private readonly remembered: number;
  /** By index. */
  private entries: (Entry | undefined)[] = [];
  private lastIndex = 0;
  /** Up to here persistence has said that it is durable, and it has not been cut off since. */
  private confirmed = 0;
  /** Of these a start has found that compaction took them away: they stay away, also where damage
   * takes what superseded them. */
  private readonly gone = new Set<number>();
  /** By index: the epoch of what was ever durable there. */
  private readonly ever: number[] = [];

  constructor(remembered: number = Number.POSITIVE_INFINITY) {
    this.remembered = remembered;
  }

  /** undefined: it had nothing there, or what was there when it came had been compacted away. */
  epochAt(index: number): number | undefined {
    return this.entries[index]?.epoch;
  }

  /** The epoch of what was last durable there. */
  durableEpochAt(index: number): number | undefined {
    return this.ever[index];
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.entries[entry.index] = entry;
      this.lastIndex = entry.index;
      if (this.gone.size > 0) this.gone.delete(entry.index);
    }
  }

  truncate(after: LogIndex): void {
    this.lastIndex = Math.min(this.lastIndex, after);
    this.entries.length = Math.min(this.entries.length, after + 1);
    this.confirmed = Math.min(this.confirmed, after);
  }

  persist(upTo: LogIndex): void {
    this.confirmed = Math.max(this.confirmed, Math.min(upTo, this.lastIndex));
    this.remember();
  }

  forget(): void {
    this.entries = [];
    this.lastIndex = 0;
    this.confirmed = 0;
  }

  /** A start has found this, and `damaged` says that it may be less than there was; what is
   * `unreadable` is there, and cannot be looked at. Returns what is wrong with it, null if
   * nothing. */
  recover(
    found: readonly Entry[],
    damaged: boolean,
    unreadable: readonly Range[] = [],
  ): string | null {
    const read: (Entry | undefined)[] = [];
    for (const entry of found) read[entry.index] = entry;
    let lastIndex: number = found.at(-1)?.index ?? 0;
    for (const { from, to } of unreadable) {
      for (let index = from; index <= to; index += 1) read[index] = this.entries[index];
      lastIndex = Math.max(lastIndex, to);
    }
    const kept = damaged ? Math.min(this.confirmed, lastIndex) : this.confirmed;
    let wrong: string | null = null;
    const history = new Keys(this.entries.slice(0, this.confirmed + 1), found, this.remembered);
    for (let index = 1; index <= kept; index += 1) {
      const entry = this.entries[index];
      const now = read[index];
      if (entry === undefined) continue;
      const gone = this.gone.has(index) || (index < lastIndex && history.supersedes(entry));
      if (now === undefined && gone) {
        read[index] = entry;
        this.gone.add(index);
      } else if (now === undefined || !same(entry, now)) {
        wrong ??= `${drawEntry(entry)} was on its disk; ${now ? drawEntry(now) : 'nothing'} now`;
      }
    }
    this.entries = read;
    this.lastIndex = lastIndex;
    this.confirmed = lastIndex;
    this.remember();
    return wrong;
  }

  private remember(): void {
    const { ever, entries, confirmed } = this;
    for (let index = confirmed; index > 0; index -= 1) {
      const epoch = entries[index]?.epoch;
      if (epoch === undefined) continue;
      if (ever[index] === epoch) break;
      ever[index] = epoch;
    }
  }
}

/** What is known of the operations on each key. */
class Keys {
  /** The newest operation, whether it is still there or not. */
  private readonly newest = new Map<string, number>();
  /** Idempotency keys of requests that begin before this one may be forgotten. */
  private readonly forgottenTo: number;

  constructor(kept: readonly (Entry | undefined)[], found: readonly Entry[], remembered: number) {
    const requests = new Set<number>();
    for (const entry of [...kept, ...found]) {
      if (entry?.idempotencyKey !== undefined) requests.add(entry.index);
    }
    const latest = [...requests].sort((a, b) => b - a);
    this.forgottenTo = latest[remembered - 1] ?? 0;
    for (const entry of [...kept, ...found]) {
      if (entry === undefined || entry.op === 'append') continue;
      this.newest.set(entry.key, Math.max(entry.index, this.newest.get(entry.key) ?? 0));
    }
  }

  /** Whether compaction may have taken an entry away: a newer one says what its key is. What
   * carries an idempotency key stays as long as that is remembered. */
  supersedes(entry: Entry): boolean {
    if (entry.op === 'append' || entry.batch !== undefined) return false;
    if (entry.idempotencyKey !== undefined && entry.index >= this.forgottenTo) return false;
    return this.newest.get(entry.key)! > entry.index;
  }
}

function same(a: Entry, b: Entry): boolean {
  if (a.index !== b.index || a.epoch !== b.epoch || a.op !== b.op) return false;
  if (a.op === 'append') return a.message === (b as typeof a).message;
  if (a.key !== (b as typeof a).key) return false;
  return a.op === 'remove' || a.value === (b as typeof a).value;
}

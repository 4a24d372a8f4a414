// The key-value view: for each key, where in the log its latest operations stand. Values stay in
// the log (Bitcask's idea); what is kept in memory grows with the number of keys, not of writes.

import { type LogIndex, logIndex } from '../ids.ts';
import type { Entry } from '../operation.ts';
import { compareKeys } from './key-order.ts';

interface Version {
  readonly index: LogIndex;
  readonly present: boolean;
}

/**
 * Invariants:
 * 1. The versions of a key rise in index; the last one is its current state.
 * 2. Of the versions that are settled (committed, and durable on this node), only the newest is
 *    kept; if that is a removal and the only version, the key is forgotten altogether. What is
 *    committed but not durable here supersedes nothing yet: a crash would take it away again.
 * 3. A question about a moment before the commit index is answered as of the commit index: a read
 *    takes its time, meanwhile more is committed, and the older versions are gone.
 */
export class Store {
  private readonly versions = new Map<string, Version[]>();
  /** Keys with more than their newest settled version, in log order. */
  private readonly unsettled: { key: string; index: LogIndex }[] = [];
  private settledCount = 0;
  private commitIndex = 0;
  private settledIndex = 0;

  /** Takes note of the next entry of the log. */
  observe(entry: Entry): void {
    if (entry.op === 'append') return;
    const version = { index: entry.index, present: entry.op === 'put' };
    const versions = this.versions.get(entry.key);
    if (versions === undefined) this.versions.set(entry.key, [version]);
    else versions.push(version);
    this.unsettled.push({ key: entry.key, index: entry.index });
  }

  /** Takes over the state of a key where its earlier versions are not wanted any more: the folds do
   * not go back before that. What comes later in the log is taken over, or observed, later. */
  restore(key: string, index: LogIndex, present: boolean): void {
    if (present) this.versions.set(key, [{ index, present }]);
    else this.versions.delete(key);
  }

  /** Everything up to here is settled. */
  get settledTo(): LogIndex {
    return logIndex(this.settledIndex);
  }

  /** Index of the newest settled operation on the key, or all that is left of it; null if the key
   * is not known, or not with anything settled. */
  newest(key: string): LogIndex | null {
    let newest: LogIndex | null = null;
    for (const { index } of this.versions.get(key) ?? []) {
      if (index <= this.settledIndex) newest = index;
    }
    return newest;
  }

  /** Index of the `put` that gave the key its value at `upTo`, or at the commit index if that is
   * higher; null if it has none there. */
  find(key: string, upTo: LogIndex): LogIndex | null {
    const versions = this.versions.get(key);
    if (versions === undefined) return null;
    const limit = Math.max(upTo, this.commitIndex);
    for (let i = versions.length - 1; i >= 0; i -= 1) {
      const version = versions[i]!;
      if (version.index <= limit) return version.present ? version.index : null;
    }
    return null;
  }

  /** The first `limit` keys, in key order, of those that have a value (see `find`), begin with
   * `prefix` and come after `after`. Of a great many keys only some are ever sorted. */
  list(
    prefix: string,
    after: string | null,
    upTo: LogIndex,
    limit = Number.POSITIVE_INFINITY,
  ): { key: string; index: LogIndex }[] {
    const found: { key: string; index: LogIndex }[] = [];
    /** `limit` keys are known that come before it, or it is one of them. */
    let last: string | null = null;
    for (const key of this.versions.keys()) {
      if (!key.startsWith(prefix) || (after !== null && compareKeys(key, after) <= 0)) continue;
      if (last !== null && compareKeys(key, last) > 0) continue;
      const index = this.find(key, upTo);
      if (index === null) continue;
      found.push({ key, index });
      if (found.length < 2 * limit) continue;
      keepFirst(found, limit);
      last = found[limit - 1]!.key;
    }
    return keepFirst(found, limit);
  }

  /** Older versions at or below both indexes can never be asked for again. `durable`: up to where
   * the log is durable on this node. */
  committed(index: LogIndex, durable: LogIndex): void {
    this.commitIndex = Math.max(this.commitIndex, index);
    const limit = logIndex(Math.min(index, durable));
    this.settledIndex = Math.max(this.settledIndex, limit);
    while (this.settledCount < this.unsettled.length) {
      const next = this.unsettled[this.settledCount]!;
      if (next.index > limit) break;
      this.settle(next.key, limit);
      this.settledCount += 1;
    }
    if (this.settledCount > 1_024 && this.settledCount * 2 > this.unsettled.length) {
      this.unsettled.splice(0, this.settledCount);
      this.settledCount = 0;
    }
  }

  /** Forgets what stood after `after`. What it superseded was kept because it was not committed. */
  truncated(after: LogIndex): void {
    this.commitIndex = Math.min(this.commitIndex, after);
    this.settledIndex = Math.min(this.settledIndex, after);
    for (const [key, versions] of this.versions) {
      while (versions.length > 0 && versions.at(-1)!.index > after) versions.pop();
      if (versions.length === 0) this.versions.delete(key);
    }
    while (this.unsettled.length > 0 && this.unsettled.at(-1)!.index > after) this.unsettled.pop();
    this.settledCount = Math.min(this.settledCount, this.unsettled.length);
  }

  private settle(key: string, index: LogIndex): void {
    const versions = this.versions.get(key);
    if (versions === undefined) return;
    let newest = -1;
    while (newest + 1 < versions.length && versions[newest + 1]!.index <= index) newest += 1;
    if (newest > 0) versions.splice(0, newest);
    const only = versions[0];
    if (versions.length === 1 && only !== undefined && !only.present && only.index <= index) {
      this.versions.delete(key);
    }
  }
}

function keepFirst<Item extends { readonly key: string }>(found: Item[], count: number): Item[] {
  found.sort((a, b) => compareKeys(a.key, b.key));
  if (found.length > count) found.length = count;
  return found;
}

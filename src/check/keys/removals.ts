// Removals: who finds a key without a value asks for one that explains it, not before the value
// that was there, and asked for before the answer came.

import type { LogRecord, WriteRecord } from '../history/history.ts';

/** Rising indexes, and when the first removal there or behind was asked for. */
interface Table {
  readonly indexes: readonly number[];
  readonly since: readonly number[];
}

/** Those of one key. */
export class Removals {
  /** By index, when it was first asked for; -∞: it was only shown. */
  private readonly asked = new Map<number, number>();
  /** When one was first asked for that has no known index: it may be anywhere. */
  private openSince = Number.POSITIVE_INFINITY;
  /** null: something was added since it was made. */
  private table: Table | null = null;
  private rest: Removals | null = null;

  ask(index: number | null, moment: number): void {
    if (index === null) {
      this.openSince = Math.min(this.openSince, moment);
      return;
    }
    const before = this.asked.get(index) ?? Number.NEGATIVE_INFINITY;
    this.asked.set(index, Number.isFinite(before) ? Math.min(before, moment) : moment);
    this.table = null;
  }

  /** A log shows one. */
  show(index: number): void {
    if (this.asked.has(index)) return;
    this.asked.set(index, Number.NEGATIVE_INFINITY);
    this.table = null;
  }

  /** Whether what was written at `index` may be gone in an answer that came at `moment`. */
  explain(index: number, moment: number): boolean {
    if (this.openSince <= moment) return true;
    this.table ??= this.sorted();
    const { indexes, since } = this.table;
    let low = 0;
    let high = indexes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (indexes[middle]! < index) low = middle + 1;
      else high = middle;
    }
    return low < indexes.length && since[low]! <= moment;
  }

  /** Those that are not surely kept. Asked for when all of them are known. */
  doubtful(kept: (index: number) => boolean): Removals {
    if (this.rest !== null) return this.rest;
    this.rest = new Removals();
    this.rest.openSince = this.openSince;
    for (const [index, since] of this.asked) {
      if (!kept(index)) this.rest.asked.set(index, since);
    }
    return this.rest;
  }

  private sorted(): Table {
    const indexes = [...this.asked.keys()].sort((a, b) => a - b);
    const since = indexes.map((index) => this.asked.get(index)!);
    for (let i = since.length - 2; i >= 0; i -= 1) since[i] = Math.min(since[i]!, since[i + 1]!);
    return { indexes, since };
  }
}

/** Those of every key, as requests and logs tell of them. */
export class AllRemovals {
  private readonly byKey = new Map<string, Removals>();

  of(key: string): Removals {
    let removals = this.byKey.get(key);
    if (removals === undefined) {
      removals = new Removals();
      this.byKey.set(key, removals);
    }
    return removals;
  }

  /** Some may be asked for: what was refused never was. */
  write({ call, first, operations, outcome }: WriteRecord): void {
    if (outcome === 'refused') return;
    for (const [i, operation] of operations.entries()) {
      if (operation.op !== 'remove') continue;
      this.of(operation.key).ask(first === undefined ? null : first + i, call);
    }
  }

  /** Some may be shown. */
  log({ entries }: LogRecord): void {
    for (const { index, operation } of entries) {
      if (operation.op === 'remove') this.of(operation.key).show(index);
    }
  }
}

// All entries that any node showed, by index and epoch. One master per epoch gives each index at
// most once, so (index, epoch) names an entry; and as a log only grows behind an entry, that name
// also names everything before it.

import type { Content } from './operations.ts';

/** An entry as it was first shown. */
export interface Variant {
  readonly epoch: number;
  readonly content: Content;
  /** The record that showed it first. */
  readonly place: number;
  /** Epoch of the entry before it; 0: never shown together. */
  before: number;
}

export class EntryTable {
  private readonly first: (Variant | undefined)[] = [];
  private readonly others = new Map<number, Variant[]>();

  /** The entry with this name; undefined if it was never shown. */
  find(index: number, epoch: number): Variant | undefined {
    const first = this.first[index];
    if (first === undefined || first.epoch === epoch) return first;
    return this.others.get(index)?.find((variant) => variant.epoch === epoch);
  }

  /** Every entry that was ever shown at this index. */
  at(index: number): readonly Variant[] {
    const first = this.first[index];
    return first === undefined ? [] : [first, ...(this.others.get(index) ?? [])];
  }

  add(index: number, variant: Variant): void {
    if (this.first[index] === undefined) {
      while (this.first.length < index) this.first.push(undefined);
      this.first[index] = variant;
      return;
    }
    const others = this.others.get(index);
    if (others === undefined) this.others.set(index, [variant]);
    else others.push(variant);
  }
}

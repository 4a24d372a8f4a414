// All entries that any node showed, by index and epoch. One master per epoch gives each index at
// most once, so (index, epoch) names an entry; and as a log only grows behind an entry, that name
// also names everything before it.

import type { Content } from '../operations.ts';
import { ByIndex, indexesOf } from './by-index.ts';

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
  private readonly first = new ByIndex<Variant>();
  private readonly others = new Map<number, Variant[]>();

  /** The entry with this name; undefined if it was never shown. */
  find(index: number, epoch: number): Variant | undefined {
    const first = this.first.at(index);
    if (first === undefined || first.epoch === epoch) return first;
    return this.others.get(index)?.find((variant) => variant.epoch === epoch);
  }

  /** Every entry that was ever shown at this index. */
  at(index: number): readonly Variant[] {
    const first = this.first.at(index);
    return first === undefined ? [] : [first, ...(this.others.get(index) ?? [])];
  }

  /** Every index at which an entry was ever shown, rising. */
  indexes(): Iterable<number> {
    return indexesOf(this.first);
  }

  add(index: number, variant: Variant): void {
    if (this.first.at(index) === undefined) {
      this.first.set(index, variant);
      return;
    }
    const others = this.others.get(index);
    if (others === undefined) this.others.set(index, [variant]);
    else others.push(variant);
  }
}

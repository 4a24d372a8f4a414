// What is kept of requests by what they ask for. The rule: what is asked for is found at once, also
// where one idempotency key was used for everything; and most keys stand for one request, which
// costs no table.

import type { Content } from '../operations.ts';

interface Kept<Value> {
  readonly contents: readonly Content[];
  readonly value: Value;
}

/** So many are looked at one by one. */
const FEW = 4;

/** Invariant: what asks for the same is kept once. */
export class ByContents<Value extends NonNullable<unknown>> {
  private readonly all: Kept<Value>[] = [];
  /** By a fold of what they ask for; null: there are few. */
  private table: Map<number, Kept<Value>[]> | null = null;

  /** undefined: nothing that asks for this is kept. */
  find(contents: readonly Content[]): Value | undefined {
    const near = this.table === null ? this.all : this.table.get(foldOf(contents));
    return near?.find((kept) => sameContents(kept.contents, contents))?.value;
  }

  /** Keeps this; nothing that asks for the same is there. */
  add(contents: readonly Content[], value: Value): void {
    const kept = { contents, value };
    this.all.push(kept);
    if (this.table !== null) this.enter(kept, this.table);
    else if (this.all.length > FEW) {
      this.table = new Map();
      for (const each of this.all) this.enter(each, this.table);
    }
  }

  /** All that is kept, in the order in which it came. */
  *values(): Generator<Value> {
    for (const { value } of this.all) yield value;
  }

  private enter(kept: Kept<Value>, table: Map<number, Kept<Value>[]>): void {
    const fold = foldOf(kept.contents);
    const near = table.get(fold);
    if (near === undefined) table.set(fold, [kept]);
    else near.push(kept);
  }
}

export function sameContents(one: readonly Content[], other: readonly Content[]): boolean {
  return one.length === other.length && one.every((content, i) => content === other[i]);
}

/** 32 bits: the same for the same, and different for two single operations. */
function foldOf(contents: readonly Content[]): number {
  let fold = 0;
  for (const content of contents) fold = Math.imul(fold, 0x9e3779b1) ^ content;
  return fold;
}

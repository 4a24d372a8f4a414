// What was asked for on each key, and when: an operation on a key may be gone from a log if another
// one on it can stand behind it.

import type { WriteRecord } from '../history/history.ts';
import type { Content, Operations } from '../operations.ts';

interface Asked {
  readonly content: Content;
  readonly call: number;
  /** As the answer told; null: it did not. */
  readonly index: number | null;
}

/** Where an operation stands for good; null: it may be anywhere. `said`: as an answer told. */
export type Whereabouts = (content: Content, said: number | null) => number | null;

/** Of all that may stand at an index or behind it, what was asked for first, and what was first of
 * all that says something else. */
interface Earliest {
  readonly index: number;
  readonly content: Content;
  readonly call: number;
  readonly other: number;
}

export class KeyRequests {
  private readonly byKey = new Map<string, Asked[]>();

  /** A request with what became of it: what was refused is nowhere. */
  write({ call, first, operations, outcome }: WriteRecord, contents: readonly Content[]): void {
    if (outcome === 'refused') return;
    for (const [i, operation] of operations.entries()) {
      if (operation.op === 'append') continue;
      const asked = { content: contents[i]!, call, index: first === undefined ? null : first + i };
      const before = this.byKey.get(operation.key);
      if (before === undefined) this.byKey.set(operation.key, [asked]);
      else before.push(asked);
    }
  }

  /** For when the history is over: what may have superseded operations on this key. */
  successors(key: string, operations: Operations, where: Whereabouts): Successors {
    return new Successors(this.byKey.get(key) ?? [], operations, where);
  }
}

/** Invariant: `table` falls in index, and `call` and `other` never rise along it. */
export class Successors {
  private readonly operations: Operations;
  private readonly table: Earliest[] = [];

  constructor(all: readonly Asked[], operations: Operations, where: Whereabouts) {
    this.operations = operations;
    const placed = all.map(({ call, content, index }) => {
      return { call, content, index: where(content, index) ?? Number.POSITIVE_INFINITY };
    });
    placed.sort((a, b) => (a.index === b.index ? 0 : b.index - a.index));
    for (const { call, content, index } of placed) {
      const before = this.table.at(-1) ?? { content, call: NEVER, other: NEVER };
      // What comes of `before` has its index as well.
      this.table.push({ ...sooner(before, content, call), index });
    }
  }

  /** Whether another operation than this one, asked for by `moment`, may stand behind `index`. */
  mayFollow(content: Content, index: number, moment: number): boolean {
    let low = 0;
    let high = this.table.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.table[middle]!.index > index) low = middle + 1;
      else high = middle;
    }
    const found = this.table[low - 1];
    if (found === undefined) return false;
    // One request is in the log once; of several that say the same, another one may follow.
    const itself = found.content === content && this.operations.requests(content) === 1;
    return (itself ? found.other : found.call) <= moment;
  }
}

const NEVER = Number.POSITIVE_INFINITY;

function sooner(
  before: Omit<Earliest, 'index'>,
  content: Content,
  call: number,
): Omit<Earliest, 'index'> {
  if (before.content === content) return { ...before, call: Math.min(before.call, call) };
  if (call < before.call) return { content, call, other: before.call };
  return { ...before, other: Math.min(before.other, call) };
}

// Which removals a pass of compaction knows to be the latest of their keys.

import { describe, expect, it } from 'vitest';
import type { FoldedRun } from '../../../src/core/log/ledger.ts';
import { LastRemovals } from '../../../src/persistence/upkeep/last-removals.ts';
import { at } from '../entries.ts';

/** A segment of which each key takes a byte. */
function segment(first: number, removed: Record<string, number>, readable = true) {
  const folds = {
    eachKey: (visit: Parameters<FoldedRun['eachKey']>[0]) => {
      for (const [key, index] of Object.entries(removed)) visit(key, at(index), false);
    },
  } as FoldedRun;
  const bytes = Object.keys(removed).length;
  return { first, bytes, folds: () => Promise.resolve(readable ? folds : null) };
}

const gone = () => true;

describe('the last removals', () => {
  it('are those of the latest segment that has one', async () => {
    const found = new LastRemovals();
    await found.gather([segment(1, { a: 3, b: 4 }), segment(11, { a: 13 })], gone);
    expect([2, 3, 12, 13].map((index) => found.comeAfter('a', at(index)))).toEqual([
      ...[true, true, true, false],
    ]);
    expect([3, 4].map((index) => found.comeAfter('b', at(index)))).toEqual([true, false]);
    expect(found.comeAfter('c', at(1))).toBe(false);
  });

  it('are none of a key that has a value, and none that is not settled', async () => {
    const found = new LastRemovals();
    const segments = [segment(1, { a: 3, b: 4 }), segment(11, { a: 13, b: 14 })];
    await found.gather(segments, (key, index) => key === 'a' && index < 13);
    expect(['a', 'b'].map((key) => found.comeAfter(key, at(1)))).toEqual([true, false]);
    expect(found.comeAfter('a', at(3))).toBe(false);
  });

  it('are taken from as many segments as memory allows, next time from those before', async () => {
    const found = new LastRemovals(2);
    const segments = [
      segment(1, { a: 1, b: 2, c: 3 }),
      segment(11, { a: 11, b: 12 }),
      segment(21, { c: 21 }),
      segment(31, { d: 31 }),
    ];
    const turns: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await found.gather(segments, gone);
      turns.push(['a', 'b', 'c', 'd'].filter((key) => found.comeAfter(key, at(0))).join(''));
    }
    // The first segment alone is more than is allowed, and has its turn all the same.
    expect(turns).toEqual(['cd', 'ab', 'abc', 'cd']);
  });

  it('end where a segment cannot be read, and begin there the next time', async () => {
    const found = new LastRemovals();
    const segments = (readable: boolean) => [
      segment(1, { a: 1 }),
      segment(11, { b: 11 }, readable),
      segment(21, { c: 21 }),
    ];
    const known = () => ['a', 'b', 'c'].filter((key) => found.comeAfter(key, at(0))).join('');
    await found.gather(segments(false), gone);
    expect(known()).toBe('c');
    await found.gather(segments(true), gone);
    expect(known()).toBe('ab');
    found.clear();
    expect(known()).toBe('');
  });
});

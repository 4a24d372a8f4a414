import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Heap, type Spot } from '../../../src/core/tables/heap.ts';

interface Item {
  readonly rank: number;
}

interface Filled {
  readonly heap: Heap<Item>;
  readonly spots: readonly Spot<Item>[];
}

const heapOf = (items: readonly Item[]): Filled => {
  const heap = new Heap<Item>();
  return { heap, spots: items.map((item) => heap.push(item, item.rank)) };
};

const drain = (heap: Heap<Item>): number[] => {
  const ranks: number[] = [];
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) ranks.push(item.rank);
  return ranks;
};

const ranks = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 });

describe('Heap', () => {
  test('gives items back in order of rank', () => {
    fc.assert(
      fc.property(ranks, (drawn) => {
        const sorted = [...drawn].sort((a, b) => a - b);
        const { heap } = heapOf(drawn.map((rank) => ({ rank })));
        expect(drain(heap)).toEqual(sorted);
      }),
    );
  });

  test('any item can be taken out, wherever it is, and the others stay in order', () => {
    const property = fc.property(ranks, fc.infiniteStream(fc.boolean()), (drawn, choices) => {
      const { heap, spots } = heapOf(drawn.map((rank) => ({ rank })));
      const kept: number[] = [];
      for (const spot of spots) {
        if (choices.next().value === true) heap.remove(spot);
        else kept.push(spot.item.rank);
        expect(heap.peek()?.rank ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
          kept[0] ?? Number.POSITIVE_INFINITY,
        );
      }
      expect(heap.size).toBe(kept.length);
      expect(drain(heap)).toEqual(kept.sort((a, b) => a - b));
    });
    fc.assert(property);
  });

  test('what takes the place of one taken out may belong above it', () => {
    // The last one is of the right half; the place that it comes to, of the left.
    const items = [0, 10, 1, 11, 12, 2, 3, 20, 21, 22, 23, 5, 6, 7, 4].map((rank) => ({ rank }));
    const { heap, spots } = heapOf(items);
    heap.remove(spots[3]!);
    expect(drain(heap)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 10, 12, 20, 21, 22, 23]);
  });

  test('taking out what is not in changes nothing', () => {
    const { heap, spots } = heapOf([{ rank: 2 }, { rank: 3 }, { rank: 1 }]);
    heap.remove(spots[1]!);
    heap.remove(spots[1]!);
    heap.remove({ item: { rank: 1 }, rank: 1, place: 0 });
    expect(heap.size).toBe(2);
    expect(drain(heap)).toEqual([1, 2]);
    expect(heap.pop()).toBeUndefined();
    expect(heap.peek()).toBeUndefined();
  });
});

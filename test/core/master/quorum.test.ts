import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { majority, reachedBy } from '../../../src/core/master/quorum.ts';

describe('majority', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
  ])('of %i nodes is %i', (size, needed) => {
    expect(majority(size)).toBe(needed);
  });

  test('any two majorities of a cluster share a node', () => {
    for (let size = 1; size <= 50; size += 1) expect(2 * majority(size)).toBeGreaterThan(size);
  });
});

describe('reachedBy', () => {
  test.each([
    { positions: [5, 3, 4], needed: 1, reached: 5 },
    { positions: [5, 3, 4], needed: 2, reached: 4 },
    { positions: [5, 3, 4], needed: 3, reached: 3 },
    { positions: [5, 5, 0], needed: 2, reached: 5 },
    { positions: [10, 9], needed: 2, reached: 9 },
    { positions: [5, 3], needed: 3, reached: 0 },
    { positions: [], needed: 1, reached: 0 },
    { positions: [5], needed: 0, reached: 0 },
  ])('$needed of $positions have reached $reached', ({ positions, needed, reached }) => {
    expect(reachedBy(positions.map(logIndex), needed)).toBe(reached);
  });

  test('numbers are compared as numbers, and the positions stay as they were', () => {
    const positions = [9, 10, 100].map(logIndex);
    expect(reachedBy(positions, 2)).toBe(10);
    expect(positions).toEqual([9, 10, 100]);
  });
});

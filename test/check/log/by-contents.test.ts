// What is kept of requests by what they ask for, few or many of them.

import { expect, test } from 'vitest';
import { ByContents } from '../../../src/check/log/by-contents.ts';

test.each([1, 3, 4, 5, 6, 100])('each of %i is found, and nothing else', (count) => {
  const kept = new ByContents<string>();
  const lists = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? [i] : [i, i + 1]));
  for (const list of lists) kept.add(list, `of ${list}`);
  expect(lists.map((list) => kept.find([...list]))).toEqual(lists.map((list) => `of ${list}`));
  expect([[], [count], [0, 0], [1], [2, 1]].map((list) => kept.find(list))).toEqual(
    Array(5).fill(undefined),
  );
  expect([...kept.values()]).toEqual(lists.map((list) => `of ${list}`));
});

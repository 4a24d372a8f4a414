import { expect, test } from 'vitest';
import { tenureUntil } from '../../../src/core/master/tenure.ts';

const SILENCE_MS = 5_000;

/** Nine tenths of it. */
const SURE_MS = 4_500;

test.each([
  // One of two that hears the master is enough to keep it in office.
  ['three nodes', [1_000, 2_000], 3, 2_000 + SURE_MS],
  ['three nodes, one never heard', [Number.NEGATIVE_INFINITY, 2_000], 3, 2_000 + SURE_MS],
  ['five nodes', [4_000, 1_000, 3_000, 2_000], 5, 3_000 + SURE_MS],
  ['four nodes', [3_000, 1_000, 2_000], 4, 3_000 + SURE_MS],
  // Those that the master has not met may all have said that it is silent.
  ['three nodes, one not met', [2_000], 3, 2_000 + SURE_MS],
  ['five nodes, two not met', [2_000, 1_000], 5, 1_000 + SURE_MS],
  ['five nodes, three not met', [2_000], 5, Number.NEGATIVE_INFINITY],
  // Nobody can take over.
  ['two nodes', [1_000], 2, Number.POSITIVE_INFINITY],
  ['one node', [], 1, Number.POSITIVE_INFINITY],
])('of %s it is certain up to the right moment', (_what, assuredAt, size, until) => {
  expect(tenureUntil(assuredAt, size, SILENCE_MS)).toBe(until);
});

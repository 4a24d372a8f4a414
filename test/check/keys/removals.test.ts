import { describe, expect, test } from 'vitest';
import { Removals } from '../../../src/check/keys/removals.ts';

/** Removals that were asked for: at which index (null: nobody knows), and when. */
function asked(...requests: readonly (readonly [index: number | null, moment: number])[]) {
  const removals = new Removals();
  for (const [index, moment] of requests) removals.ask(index, moment);
  return removals;
}

describe('what was written at index 5 may be gone at moment 10', () => {
  test.each([
    ['where a removal behind it was asked for by then', asked([7, 10]), true],
    ['not where one is asked for later', asked([7, 11]), false],
    ['nor where the only one stands before it', asked([4, 1]), false],
    ['where one that stands anywhere was asked for by then', asked([null, 10]), true],
    ['not where such a one is asked for later', asked([null, 11]), false],
    ['where it was asked for later once more', asked([7, 3], [7, 30], [null, 30]), true],
    ['where the first of several behind it was late', asked([9, 3], [7, 30], [4, 1]), true],
  ])('%s', (_, removals, may) => {
    expect(removals.explain(5, 10)).toBe(may);
  });

  test('where a log shows a removal behind it, whoever asked for that', () => {
    const removals = asked([4, 1]);
    removals.show(7);
    expect(removals.explain(5, 10)).toBe(true);
  });

  test('not where the one that is shown was asked for later', () => {
    for (const shownFirst of [true, false]) {
      const removals = new Removals();
      if (shownFirst) removals.show(7);
      removals.ask(7, 11);
      removals.show(7);
      expect(removals.explain(5, 10)).toBe(false);
    }
  });

  test('whatever was asked for after the question was put first', () => {
    const removals = asked([4, 1]);
    expect(removals.explain(5, 10)).toBe(false);
    removals.ask(6, 10);
    expect(removals.explain(5, 10)).toBe(true);
    expect(removals.explain(7, 10)).toBe(false);
    removals.show(8);
    expect(removals.explain(7, 10)).toBe(true);
  });
});

test('those that are not surely kept leave out no removal whose place nobody knows', () => {
  expect(
    asked([7, 1])
      .doubtful(() => true)
      .explain(5, 10),
  ).toBe(false);
  expect(
    asked([7, 1])
      .doubtful((index) => index !== 7)
      .explain(5, 10),
  ).toBe(true);
  expect(
    asked([7, 1], [null, 2])
      .doubtful(() => true)
      .explain(5, 10),
  ).toBe(true);
});

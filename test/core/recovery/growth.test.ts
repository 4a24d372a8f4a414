import { describe, expect, test } from 'vitest';
import { nodeId } from '../../../src/core/ids.ts';
import { majority } from '../../../src/core/master/quorum.ts';
import { shortOf, stages } from '../../../src/core/recovery/growth.ts';

const names = (word: string) => [...word].map(nodeId);
const growth = (established: string, newcomers: string) => ({
  established: names(established),
  newcomers: names(newcomers),
});

/** All sets of these nodes. */
function subsets(nodes: readonly string[]): string[][] {
  if (nodes.length === 0) return [[]];
  const [first, ...others] = nodes;
  return subsets(others).flatMap((some) => [some, [first!, ...some]]);
}

const meets = (some: readonly string[], others: readonly string[]) =>
  some.some((node) => others.includes(node));

describe('G24: of whom a majority is asked where a cluster has grown', () => {
  test.each([
    ['abc', '', ['abc']],
    ['abc', 'd', ['abc']],
    ['abc', 'def', ['abc']],
    ['abc', 'defg', ['abc', 'abcde']],
    ['abc', 'defgh', ['abc', 'abcde', 'abcdef']],
    ['', 'defgh', []],
  ])('of %j and then %j: %j', (established, newcomers, sets) => {
    expect([...stages(growth(established, newcomers))].map((set) => set.join(''))).toEqual(sets);
  });

  test.each([
    ['nobody, where a majority of each is there', 'bcd', []],
    ['who is missing of the first', 'cdefg', ['a', 'b']],
    ['who is missing of the next one', 'bcfg', ['a', 'd', 'e']],
  ])('it lacks %s', (_, there, missing) => {
    expect(shortOf(growth('abc', 'defg'), (node) => there.includes(node))).toEqual(missing);
  });

  test.each([1, 2, 3, 4])(
    'what a majority had at any time is met by those heard, from %i',
    (had) => {
      const all = names('abcdefgh'.slice(0, had + 4));
      const [established, newcomers] = [all.slice(0, had), all.slice(had)];
      const enough = subsets(all).filter(
        (heard) =>
          heard.length >= majority(all.length) &&
          shortOf({ established, newcomers }, (node) => heard.includes(node)).length === 0,
      );
      expect(enough.length).toBeGreaterThan(0);
      for (let size = had; size <= all.length; size += 1) {
        const holders = subsets(all.slice(0, size)).filter((some) => some.length >= majority(size));
        expect(
          enough.every((heard) => holders.every((some) => meets(heard, some))),
          `${size}`,
        ).toBe(true);
      }
    },
  );
});

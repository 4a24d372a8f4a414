// Where a session begins, of what the secondary has said.

import { expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { beginningAt, type Position } from '../../../src/core/log/position.ts';
import { Bench, entries } from '../bench.ts';

/** A master with 8 entries, of which the fourth was compacted away. */
function master(): Bench {
  const bench = new Bench({ entries: entries(1, 8) });
  bench.log.compact(4);
  return bench;
}

/** What a replog node says that has accepted this master's epoch, or a stranger. */
function position(lastIndex: number, own: boolean): Position {
  const acceptedEpoch = own ? epoch(1) : null;
  return { lastIndex: logIndex(lastIndex), own, acceptedEpoch, lastEpoch: null };
}

test.each([
  { what: 'where it ends', own: true, said: 6, base: 6 },
  { what: 'where it ends, at the end', own: true, said: 8, base: 8 },
  { what: 'right behind what was compacted away', own: true, said: 4, base: 4 },
  { what: 'at the first, where one lacks it', own: true, said: 3, base: 0, reset: true },
  { what: 'at the first, where it has nothing', own: true, said: 0, base: 0 },
  { what: 'at the end, for one that has more', own: true, said: 9, base: 8 },
  { what: 'where the logs part', own: true, said: 8, parted: 5, base: 5, reset: true },
  {
    what: 'at the first, where they part before',
    own: true,
    said: 8,
    parted: 2,
    base: 0,
    reset: true,
  },
  { what: 'where a stranger ends', own: false, said: 6, base: 6 },
  { what: 'where a stranger ends, whatever is gone', own: false, said: 3, base: 3 },
  { what: 'one before the end of a stranger that has all', own: false, said: 8, base: 7 },
  { what: 'at the first, for a stranger that claims more', own: false, said: 9, base: 0 },
])('a session begins $what', ({ base, own, parted = null, reset = false, said }) => {
  const known = parted === null ? null : logIndex(parted);
  const beginning = beginningAt(position(said, own), known, master().ledger);
  expect(beginning).toEqual({ base, reset, verify: own });
});

test.each([
  { followed: null, base: 0, reset: true },
  { followed: 4, base: 0, reset: true },
  { followed: 3, base: 3, reset: false },
  { followed: 0, base: 3, reset: false },
])('where it has followed up to $followed, and ends at 3, from $base on', (of) => {
  const followed = of.followed === null ? null : logIndex(of.followed);
  const beginning = beginningAt(position(3, true), null, master().ledger, followed);
  expect(beginning).toEqual({ base: of.base, reset: of.reset, verify: true });
});

test('a session begins at the first with who has said nothing, and nothing is asked', () => {
  const beginning = beginningAt(null, null, master().ledger);
  expect(beginning).toEqual({ base: 0, reset: false, verify: false });
});

// C21: when a secondary that has lost entries to damage has all of them again.

import { describe, expect, test } from 'vitest';
import type { Lost } from '../../../src/core/effects.ts';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { Restoration } from '../../../src/core/recovery/restoration.ts';
import { Bench } from '../bench.ts';

/** One that had 10 operations of epoch 3, and has lost some. */
function damaged() {
  const lost: Lost = { upTo: logIndex(10), epoch: epoch(3), open: false, points: [] };
  const { context } = new Bench({ memory: { epoch: epoch(3), lost } });
  const restoration = new Restoration(context);
  const isWhole = () => context.bookkeeping.current.lost === null;
  return { restoration, isWhole };
}

describe('Restoration', () => {
  test.each([
    {
      of: 3,
      says: 4,
      needs: 10,
      why: 'an old heartbeat of the same epoch tells less than it held',
    },
    { of: 3, says: 12, needs: 12, why: 'the master has more by now' },
    { of: 4, says: 4, needs: 4, why: 'a new epoch may have dropped what it held' },
  ])('C21: is over at $needs of epoch $of, said to end at $says: $why', ({ of, says, needs }) => {
    const { restoration, isWhole } = damaged();
    restoration.expect(epoch(of), says);
    restoration.reached(epoch(of), needs - 1);
    expect(isWhole()).toBe(false);
    restoration.reached(epoch(of), needs);
    expect(isWhole()).toBe(true);
  });

  test('C21: is not over by what another epoch reached, nor by a later word of its own', () => {
    const { restoration, isWhole } = damaged();
    restoration.expect(epoch(4), 6);
    restoration.reached(epoch(5), 20);
    restoration.expect(epoch(4), 2);
    restoration.reached(epoch(4), 5);
    expect(isWhole()).toBe(false);
    restoration.expect(epoch(5), 4);
    restoration.reached(epoch(5), 4);
    expect(isWhole()).toBe(true);
  });
});

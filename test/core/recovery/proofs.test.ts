// Which member is asked for proof that its log is the one that was lost, and what that proves.

import { describe, expect, test } from 'vitest';
import { epoch, logIndex, nodeId } from '../../../src/core/ids.ts';
import { Proofs } from '../../../src/core/recovery/proofs.ts';

const point = (index: number, hash = index) => ({ index: logIndex(index), hash });
const holding = (lastIndex: number, id = 'n2') => ({
  node: nodeId(id),
  url: id,
  acceptedEpoch: epoch(1),
  lastIndex: logIndex(lastIndex),
});

describe('what is lost is asked for', () => {
  test.each([
    { held: 9, own: 3, asked: 8, why: 'at the last place that its log reaches' },
    { held: 8, own: 3, asked: 8, why: 'at its very end, too' },
    { held: 7, own: 3, asked: 5, why: 'at an earlier place, where it ends before the last' },
    { held: 4, own: 3, asked: null, why: 'nowhere, where it ends before all of them' },
    { held: 7, own: 5, asked: null, why: 'nowhere, where our own log has that place' },
    { held: 9, own: 7, asked: 8, why: 'where our own log does not reach' },
  ])('of a log up to $held, where ours ends at $own: $why', ({ held, own, asked }) => {
    const question = new Proofs().next([holding(held)], [point(5), point(8)], logIndex(own));
    expect(question?.point.index ?? null).toBe(asked);
  });

  test('once for each end of a log, and of the next member then', () => {
    const proofs = new Proofs();
    const asked = (...members: ReturnType<typeof holding>[]) =>
      proofs.next(members, [point(5)], logIndex(3));
    const first = asked(holding(9), holding(7, 'n3'));
    expect(first?.of).toEqual(holding(9));
    proofs.answered(first!, undefined);
    expect(asked(holding(9), holding(7, 'n3'))?.of).toEqual(holding(7, 'n3'));
    expect(asked(holding(9))).toBeNull();
    expect(asked(holding(6))?.of).toEqual(holding(6));
  });
});

test.each([
  { prev: point(8), reach: 8, why: 'it has the same there' },
  { prev: point(8, 7), reach: 0, why: 'it has something else there' },
  { prev: point(7, 8), reach: 0, why: 'that is another place' },
  { prev: undefined, reach: 0, why: 'it does not say' },
])('a log is the lost one up to $reach, since $why', ({ prev, reach }) => {
  const proofs = new Proofs();
  proofs.answered({ of: holding(9), point: point(8) }, prev);
  expect(proofs.reachOf(holding(9))).toBe(reach);
  expect(proofs.reachOf(holding(9, 'n3'))).toBe(0);
  // Another life of it ends earlier.
  expect(proofs.reachOf(holding(6))).toBe(Math.min(reach, 6));
});

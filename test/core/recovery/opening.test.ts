// When a new master opens, and what its own disk counts for by then.

import { expect, test } from 'vitest';
import { epoch, nodeId } from '../../../src/core/ids.ts';
import { Master } from '../../../src/core/master/master.ts';
import { Electorate } from '../../../src/core/recovery/electorate.ts';
import { Opening } from '../../../src/core/recovery/opening.ts';
import { Bench, entries, peer } from '../bench.ts';

/** A master of epoch 3 without members, of whom it has been told or not. */
function opened(told: boolean) {
  const bench = new Bench({ entries: entries(1, 3), memory: { epoch: epoch(3) } });
  const calls: string[] = [];
  const membership = { members: [], opened: null, beatNow: () => calls.push('beat') } as never;
  const electorate = new Electorate(bench.context, {
    replicas: [peer('n1')],
    // Who was named by the master before has left since.
    established: [nodeId('n9')],
  });
  bench.remember();
  const said = { told };
  const parts = { membership, electorate, told: () => said.told, size: () => 1 };
  const owner = { again: () => {}, progressed: () => calls.push('progressed') };
  const opening = new Opening(bench.context, epoch(3), parts, owner, 0);
  opening.recovery.proceed(1_000);
  const accepted = () =>
    bench.take().flatMap((effect) => (effect.type === 'Remember' ? [effect] : []));
  return { bench, opening, calls, said, accepted };
}

test('it tells its members at once, and counts itself when that is remembered', () => {
  const { bench, opening, calls, accepted } = opened(true);
  expect([opening.settled, calls]).toEqual([true, ['beat', 'progressed']]);
  expect(opening.told).toEqual({ established: ['n1'] });
  const [order] = accepted();
  expect(order).toMatchObject({ memory: { acceptedEpoch: 3 } });
  expect(opening.accession.counts).toBe(false);
  bench.context.bookkeeping.remembered(order!.id);
  expect([opening.accession.counts, calls]).toEqual([true, ['beat', 'progressed', 'progressed']]);
});

test('that is not remembered while it has been told of no members, and has written nothing', () => {
  const { opening, said, accepted } = opened(false);
  opening.accede();
  expect([opening.settled, opening.untold, accepted()]).toEqual([true, true, []]);
  said.told = true;
  opening.accede();
  expect([opening.untold, accepted().length]).toEqual([false, 1]);
});

test('a master no more, it counts for nothing when that is remembered at last', () => {
  const { bench, opening, calls, accepted } = opened(true);
  const [order] = accepted();
  opening.end();
  bench.context.bookkeeping.remembered(order!.id);
  expect([opening.accession.counts, calls]).toEqual([false, ['beat', 'progressed']]);
});

test.each([
  { of: 1, held: 0, untold: false, why: 'nobody can hold anything' },
  { of: 1, held: 3, untold: true, why: 'an arbiter has begun to count anew' },
  { of: 2, held: 0, untold: true, why: 'there were masters before' },
])('alone in epoch $of, with $held entries, it is yet to be told: $untold, for $why', (row) => {
  const { context } = new Bench({ entries: entries(1, row.held) });
  const master = new Master(context, epoch(row.of), { replicas: null }, () => {}, 0);
  master.wake(1_000);
  expect([master.ready, master.untold]).toEqual([true, row.untold]);
});

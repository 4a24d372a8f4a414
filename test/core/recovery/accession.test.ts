// When what a new master has persisted begins to count.

import { describe, expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { Accession } from '../../../src/core/recovery/accession.ts';
import { Bench, entries } from '../bench.ts';

/** Of a node with three durable entries of epoch 1, which is master of epoch 2. */
function appointed() {
  const bench = new Bench({ entries: entries(1, 3), memory: { epoch: epoch(2) } });
  let done = 0;
  const accession = new Accession(bench.context, epoch(2), false, () => {
    done += 1;
  });
  /** The epochs that were to be remembered as accepted since the last look. */
  const remembered = () =>
    bench.take().flatMap((effect) => (effect.type === 'Remember' ? [effect] : []));
  const counts = () => [accession.counts, accession.position, done];
  return { bench, accession, remembered, counts };
}

describe('what a new master has persisted', () => {
  test('counts once it is durable that its log is that of the epoch', () => {
    const { bench, accession, remembered, counts } = appointed();
    accession.proceed(logIndex(3));
    const [order] = remembered();
    expect(order).toMatchObject({ memory: { acceptedEpoch: 2 } });
    expect(counts()).toEqual([false, 0, 0]);
    bench.context.bookkeeping.remembered(order!.id);
    expect(counts()).toEqual([true, 3, 1]);
  });

  test('is remembered as the log of the epoch once, however much follows', () => {
    const { bench, accession, remembered, counts } = appointed();
    for (let n = 0; n < 3; n += 1) {
      bench.append(1, 2);
      bench.persist();
      accession.proceed(logIndex(3));
    }
    bench.context.bookkeeping.remembered(9);
    accession.proceed(logIndex(3));
    expect([
      bench.performed.filter(({ type }) => type === 'Remember').length,
      remembered(),
    ]).toEqual([1, []]);
    expect(counts()).toEqual([true, 6, 1]);
  });

  test('does not before all is durable that the epoch began with', () => {
    const { bench, accession, remembered } = appointed();
    bench.append(1);
    accession.proceed(logIndex(4));
    expect(remembered()).toEqual([]);
    bench.persist();
    accession.proceed(logIndex(4));
    expect(remembered()).toHaveLength(1);
  });

  test('does not before what was cut off is gone from the disk', () => {
    const { bench, accession, remembered } = appointed();
    bench.ledger.truncate(logIndex(2));
    accession.proceed(logIndex(2));
    expect(remembered()).toEqual([]);
    bench.persist();
    accession.proceed(logIndex(2));
    expect(remembered()).toHaveLength(1);
  });

  test('does not any more where it is master no more by then', () => {
    const { bench, accession, remembered, counts } = appointed();
    accession.proceed(logIndex(3));
    const [order] = remembered();
    accession.end();
    bench.context.bookkeeping.remembered(order!.id);
    expect(counts()).toEqual([false, 0, 0]);
  });
});

import { expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { Folds } from '../../../src/core/log/ledger.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { Bench, entries, entry } from '../bench.ts';

test('the floor of folds that were restored falls with a log that starts over', () => {
  const folds = new Folds(DEFAULT_OPTIONS);
  const nothing = (): void => {};
  const last = logIndex(10);
  folds.restore({ last, batch: null, open: null, eachKey: nothing, eachRequest: nothing });
  expect(folds.floor).toBe(10);
  folds.truncated(logIndex(0));
  expect(folds.floor).toBe(0);
});

test('below the floor of the folds nothing is said to be on a majority', () => {
  const bench = new Bench({ entries: entries(1, 12) });
  const nothing = (): void => {};
  const last = logIndex(10);
  bench.folds.restore({ last, batch: null, open: null, eachKey: nothing, eachRequest: nothing });
  const { ledger } = bench;
  expect([ledger.commit(logIndex(9)), ledger.log.commitIndex]).toEqual([false, 0]);
  expect([ledger.commit(logIndex(10)), ledger.log.commitIndex]).toEqual([true, 10]);
});

test('C23: what is on a majority supersedes as soon as it is durable here, not before', () => {
  const bench = new Bench();
  const { ledger } = bench;
  const operation = { op: 'put', key: 'k', value: 'v' } as const;
  ledger.append([entry(1, 1, { operation }), entry(2, 1, { operation })]);
  ledger.commit(logIndex(2));
  expect([ledger.store.settledTo, ledger.store.newest('k')]).toEqual([0, null]);
  bench.persist();
  expect([ledger.store.settledTo, ledger.store.newest('k')]).toEqual([2, 2]);
});

test('C14: a batch that was cut off holds nothing back of what takes its place', () => {
  const { ledger } = new Bench();
  ledger.append([entry(1), entry(2, 1, { batch: 3 }), entry(3), entry(4)]);
  ledger.truncate(logIndex(1));
  expect(ledger.tornBatch()).toBeNull();
  ledger.append(entries(2, 3, 2));
  ledger.commit(logIndex(3));
  expect(ledger.log.commitIndex).toBe(3);
});

test('a log can end at each of its entries, and that is the last one up to a cut', () => {
  const bench = new Bench({ entries: entries(1, 4) });
  expect([4, 3, 2, 1, 0].map((end) => bench.ledger.endAt(logIndex(end)))).toEqual([4, 3, 2, 1, 0]);
  const holed = new Bench({ entries: [entry(1), entry(2), entry(4), entry(7)] });
  expect([6, 5, 3].map((end) => holed.ledger.endAt(logIndex(end)))).toEqual([4, 4, 2]);
});

test('it is said how much a cut took away, and after what', () => {
  const bench = new Bench({ entries: entries(1, 5) });
  bench.ledger.truncate(logIndex(5));
  expect(bench.notes()).toEqual([]);
  bench.ledger.truncate(logIndex(2));
  expect(bench.notes()).toEqual([{ event: 'discarded', after: 2, count: 3 }]);
});

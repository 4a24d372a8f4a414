import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { Batches } from '../../../src/core/log/batches.ts';
import { entry } from '../bench.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

function batches(...lengths: readonly number[]): Batches {
  const found = new Batches();
  let index = 1;
  for (const length of lengths) {
    found.observe(entry(index, 1, { batch: length }));
    index += length;
  }
  return found;
}

describe('batches', () => {
  test('up to the end of a batch the log is whole, within one up to its beginning', () => {
    const found = batches(3, 1, 2);
    const whole = [0, 1, 2, 3, 4, 5, 6, 9].map((index) => found.wholeUpTo(logIndex(index)));
    expect(whole).toEqual([0, 0, 0, 3, 4, 4, 6, 9]);
  });

  test('a log that ends within a batch is torn there', () => {
    const found = batches(1, 3);
    expect(found.torn(logIndex(2))).toBe(2);
    expect(found.torn(logIndex(3))).toBe(2);
    expect(found.torn(logIndex(4))).toBeNull();
  });

  test('what is committed is forgotten, what is cut off as well', () => {
    const found = batches(2, 2, 2);
    found.committed(logIndex(2));
    found.truncated(logIndex(4));
    expect(found.wholeUpTo(logIndex(3))).toBe(2);
    expect(found.wholeUpTo(logIndex(5))).toBe(5);
  });

  test('C14: one that is committed in part, or not at all, is not forgotten', () => {
    const found = batches(1, 3);
    found.committed(logIndex(1));
    found.committed(logIndex(3));
    expect(found.wholeUpTo(logIndex(3))).toBe(1);
    found.committed(logIndex(4));
    expect(found.wholeUpTo(logIndex(4))).toBe(4);
  });

  test('C14: a log that was cut off within a batch is torn there, one before it is whole', () => {
    const found = batches(1, 3);
    found.truncated(logIndex(2));
    expect(found.torn(logIndex(2))).toBe(2);
    found.truncated(logIndex(1));
    expect(found.torn(logIndex(1))).toBeNull();
    // What now stands in its place is no batch.
    expect(found.wholeUpTo(logIndex(3))).toBe(3);
  });
});

test('C14: a part of a batch that a majority has does not count as on a majority', () => {
  const cluster = new VirtualCluster({ snapshotEntriesMax: 1, inFlightMax: 1 });
  cluster.start('n1', { arbiter: null, size: 3 });
  cluster.run(5);
  for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
  cluster.run(200);
  let left = 2;
  cluster.weather = (_from, _to, what) => {
    if (what !== 'Snapshot') return 1;
    left -= 1;
    return left < 0 ? 'lost' : 1;
  };
  cluster.batch('n1', ['a', 'b', 'c'], { w: 1 });
  cluster.run(50);
  expect(['n2', 'n3'].map((id) => cluster.status(id).lastIndex)).toEqual([1, 1]);
  expect(cluster.status('n1').commitIndex).toBe(0);
  cluster.weather = () => 1;
  cluster.run(3_000);
  expect(cluster.status('n2').commitIndex).toBe(3);
});

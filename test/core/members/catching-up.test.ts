// A node that joins a log of which something was compacted away, and is interrupted on its way.

import { expect, test } from 'vitest';
import { VirtualCluster } from '../virtual-cluster.ts';

const put = (key: string, value: string) => [{ op: 'put' as const, key, value }];

/** The log of n1 and n2: 2 and 4 are compacted away, by 6 and 5. n3 begins to copy it. */
function joining(): VirtualCluster {
  const cluster = new VirtualCluster({ snapshotEntriesMax: 1 });
  cluster.arbiter({ size: 2 });
  for (const id of ['n1', 'n2']) {
    cluster.start(id);
    cluster.run(50);
  }
  cluster.write('n1', 'one', { w: 'all' });
  cluster.operate('n1', put('k', '1'), { w: 'all' });
  cluster.write('n1', 'three', { w: 'all' });
  cluster.operate('n1', put('c', '1'), { w: 'all' });
  cluster.operate('n1', put('c', '2'), { w: 'all' });
  cluster.operate('n1', put('k', '2'), { w: 'all' });
  cluster.write('n1', 'seven', { w: 'all' });
  cluster.run(1_000);
  for (const id of ['n1', 'n2']) {
    expect(
      cluster
        .host(id)
        .compact()
        .map(({ index }) => Number(index)),
    ).toEqual([2, 4]);
  }
  cluster.start('n3');
  return cluster;
}

const WHOLE = ['1:one', '3:three', '5:c=2', '6:k=2', '7:seven'];

test.each([2, 3])('G3: with %i entries, it goes on where it was, and shows no less', (count) => {
  const cluster = joining();
  while (cluster.entries('n3').length < count) cluster.run(1);
  cluster.run(1);
  cluster.kill('n3');
  const end = cluster.host('n3').log.lastIndex;
  const before = cluster.trace.length;
  cluster.start('n3');
  let shown = 0;
  for (let ms = 0; ms < 500; ms += 1) {
    cluster.run(1);
    const { length } = cluster.entries('n3');
    expect(length).toBeGreaterThanOrEqual(shown);
    shown = length;
  }
  expect(cluster.entries('n3')).toEqual(WHOLE);
  const begun = cluster.trace.slice(before).filter((line) => /→ n3 .*prev=/.test(line));
  expect(begun).toHaveLength(1);
  expect(begun[0]).toMatch(new RegExp(`prev=${end}$`));
});

test('C23: one that has lost what it had acknowledged is sent all of it again', () => {
  const cluster = joining();
  while (cluster.entries('n3').length < 2) cluster.run(1);
  cluster.run(1);
  cluster.kill('n3');
  cluster.host('n3').damage(1);
  cluster.start('n3');
  cluster.run(500);
  expect(cluster.entries('n3')).toEqual(WHOLE);
});

// A secondary may die between two writes: what it was sent is on its disk, that it follows this
// epoch's master is not.

import { expect, test } from 'vitest';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

/** n1 has three entries; n2 has them too, and does not know of the epoch that they are of. */
function halfAccepted(): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({});
  cluster.start('n1');
  cluster.run(300);
  for (const message of ['a', 'b', 'c']) cluster.write('n1', message, { w: 1 });
  cluster.run(100);
  // Not knowing where it stands, n1 sends it everything.
  cluster.weather = (_from, _to, what) => (what === 'Heartbeat' ? 'lost' : 1);
  cluster.start('n2');
  cluster.host('n2').disk.bookkeepingStuck = true;
  cluster.run(1_000);
  cluster.kill('n2');
  cluster.host('n2').disk.bookkeepingStuck = false;
  cluster.weather = () => 1;
  return cluster;
}

test('C20: what it has of the epoch itself is compared, and need not be dropped', () => {
  const cluster = halfAccepted();
  expect(cluster.host('n2').log.lastIndex).toBe(3);
  expect(cluster.host('n2').memory.acceptedEpoch).toBe(0);
  cluster.start('n2');
  cluster.run(2_000);
  const { members } = masterOf(cluster);
  expect(members[1]).toMatchObject({ status: 'Healthy', ackedIndex: 3, lagEntries: 0 });
});

// A master that its arbiter has forgotten, and that goes on beside a new one.

import { expect, test } from 'vitest';
import { VirtualCluster } from '../virtual-cluster.ts';

/** n1 leads n2 and n3; `a` is on n1 and n2 when n3 and the arbiter end. */
function three(): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3 });
  for (const id of ['n1', 'n2', 'n3']) {
    cluster.start(id);
    cluster.run(100);
  }
  cluster.kill('n3');
  cluster.write('n1', 'a', { w: 2 });
  cluster.run(100);
  return cluster;
}

test('C13: a new node that is appointed disturbs nobody, and has all when somebody joins', () => {
  const cluster = three();
  cluster.arbiter({ size: 3, wipe: true });
  cluster.start('n4');
  cluster.run(10_000);
  expect(cluster.status('n4')).toMatchObject({ role: 'master', mode: 'read-only' });
  const ticket = cluster.write('n1', 'b', { w: 2 });
  cluster.run(100);
  expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
  cluster.start('n2');
  cluster.run(8_000);
  expect(cluster.status('n4')).toMatchObject({ role: 'master', mode: 'read-write' });
  expect(cluster.status('n1')).toMatchObject({ role: 'secondary', master: { node: 'n4' } });
  for (const id of ['n1', 'n2', 'n4']) expect(cluster.entries(id)).toEqual(['1:a', '2:b']);
});

// A master that its arbiter has forgotten before anybody else joined: no other node knows of it.

import { expect, test } from 'vitest';
import type { MasterStatus } from '../../../src/core/status.ts';
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

const joins = (cluster: VirtualCluster, id: string) =>
  cluster.trace.filter((line) => line.includes(`${id} → arbiter  Join`)).length;

test('C20: it asks again, and follows whom the arbiter has appointed since', () => {
  const cluster = three();
  cluster.arbiter({ size: 3, wipe: true });
  cluster.start('n3');
  cluster.run(10);
  expect(cluster.status('n3')).toMatchObject({ role: 'master', mode: 'read-only' });
  cluster.arbiter({ size: 3, wipe: true });
  cluster.start('n1');
  cluster.run(6_000);
  expect(cluster.status('n1')).toMatchObject({ role: 'master', mode: 'read-write' });
  expect(cluster.status('n3')).toMatchObject({ role: 'secondary', master: { node: 'n1' } });
  for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a']);
});

test('one that is not forgotten stays what it is, and asks every five seconds', () => {
  const cluster = three();
  cluster.kill('n2');
  cluster.start('n1');
  cluster.run(100);
  const before = joins(cluster, 'n1');
  cluster.run(21_000);
  expect(joins(cluster, 'n1')).toBe(before + 4);
  expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 2, mode: 'read-only' });
  cluster.start('n2');
  cluster.run(1_000);
  expect(cluster.status('n1')).toMatchObject({ epoch: 2, mode: 'read-write' });
  cluster.kill('n2');
  cluster.run(20_000);
  // It knows what its members have: nobody could tell it more.
  expect((cluster.status('n1') as MasterStatus).mode).toBe('read-only');
  expect(joins(cluster, 'n1')).toBe(before + 4);
});

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

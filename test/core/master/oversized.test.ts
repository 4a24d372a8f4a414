// More nodes have joined than the configured size says: a majority is one of these, for everyone.

import { describe, expect, test } from 'vitest';
import { VirtualCluster } from '../virtual-cluster.ts';

const OTHERS = ['n2', 'n3', 'n4', 'n5'];

/** n1 leads four others in a cluster that is said to be of three. */
function oversized(failover: boolean): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3, failover });
  cluster.start('n1');
  cluster.run(100);
  for (const id of OTHERS) cluster.start(id);
  cluster.run(1_000);
  return cluster;
}

/** Only these nodes are sent anything. */
function feeds(cluster: VirtualCluster, ...ids: readonly string[]): void {
  cluster.weather = (_, to, what) => (what === 'Snapshot' && !ids.includes(to) ? 'lost' : 1);
}

/** n1 writes b, which reaches one node more after the other until it is acknowledged. */
function acknowledged(cluster: VirtualCluster): void {
  feeds(cluster);
  const b = cluster.write('n1', 'b', { w: 'majority' });
  for (let count = 1; cluster.outcome(b) === undefined; count += 1) {
    feeds(cluster, ...OTHERS.slice(0, count));
    cluster.run(500);
  }
  expect(cluster.outcome(b)).toMatchObject({ type: 'Stored' });
}

describe('a cluster with more members than its configured size', () => {
  test('G1: a majority is one of its members, to who writes and as the commit index', () => {
    const cluster = oversized(false);
    feeds(cluster, 'n2');
    const b = cluster.write('n1', 'b', { w: 'majority' });
    cluster.run(1_000);
    expect(cluster.outcome(b)).toBeUndefined();
    expect(cluster.status('n1')).toMatchObject({ commitIndex: 0, quorum: { size: 5, needed: 3 } });
    feeds(cluster, 'n2', 'n3');
    cluster.run(1_000);
    expect(cluster.outcome(b)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2', 'n3'] });
    expect(cluster.status('n1')).toMatchObject({ commitIndex: 1 });
  });

  test('G7: two alive of five are no quorum', () => {
    const cluster = oversized(false);
    for (const id of ['n3', 'n4', 'n5']) cluster.kill(id);
    cluster.run(5_000);
    const write = cluster.write('n1', 'b', { w: 1 });
    cluster.run(10);
    expect(cluster.outcome(write)).toMatchObject({ type: 'NoQuorum', alive: 2, needed: 3 });
  });

  test('a configured size that says less still limits what may be asked for', () => {
    const cluster = oversized(false);
    const write = cluster.write('n1', 'b', { w: 4 });
    cluster.run(10);
    expect(cluster.outcome(write)).toMatchObject({ type: 'Unsatisfiable', size: 3 });
  });

  test('G15: a master that comes back empty has what a majority had, with a holder away', () => {
    const cluster = oversized(false);
    acknowledged(cluster);
    cluster.kill('n1');
    cluster.kill('n2');
    cluster.start('n1', { wipe: true });
    cluster.run(10_000);
    expect(cluster.status('n1')).toMatchObject({ mode: 'read-write' });
    expect(cluster.entries('n1')).toEqual(['1:b']);
  });

  test('G24: no two that hear nothing of a master replace it', () => {
    const cluster = oversized(true);
    const isApart = (node: string) => ['n4', 'n5'].includes(node);
    cluster.weather = (from, to) =>
      ![from, to].includes('arbiter') && isApart(from) !== isApart(to) ? 'lost' : 1;
    cluster.run(20_000);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1, mode: 'read-write' });
    const write = cluster.write('n1', 'b', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(write)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2', 'n3'] });
  });

  test('G24: who takes over has what a majority had, though a holder is cut off', () => {
    const cluster = oversized(true);
    acknowledged(cluster);
    cluster.kill('n1');
    cluster.weather = (...ends) => (ends.includes('n2') ? 'lost' : 1);
    cluster.run(12_000);
    const others = ['n3', 'n4', 'n5'].map((id) => cluster.status(id));
    expect(others).toContainEqual(expect.objectContaining({ mode: 'read-write' }));
    for (const id of ['n3', 'n4', 'n5']) expect(cluster.entries(id), id).toEqual(['1:b']);
  });
});

// Which cluster a node belongs to: known to all of them, and not lost with the arbiter.

import { describe, expect, test } from 'vitest';
import { VirtualCluster } from '../virtual-cluster.ts';

const FIVE = ['n1', 'n2', 'n3', 'n4', 'n5'];
const THREE = FIVE.slice(0, 3);

function identities(cluster: VirtualCluster, ids: readonly string[]): (string | null)[] {
  return ids.map((id) => cluster.host(id).memory.cluster);
}

function lengths(cluster: VirtualCluster, ids: readonly string[]): number[] {
  return ids.map((id) => cluster.host(id).log.lastIndex);
}

/** Writes some messages, which every node then has. */
function filled(cluster: VirtualCluster, master: string): VirtualCluster {
  cluster.run(1_000);
  for (const message of ['a', 'b', 'c']) cluster.write(master, message, { w: 'all' });
  cluster.run(1_000);
  return cluster;
}

/** With an arbiter of its own. */
function admitted(ids: readonly string[]): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: ids.length, newCluster: 'first' });
  for (const id of ids) {
    cluster.start(id);
    cluster.run(50);
  }
  return filled(cluster, ids[0]!);
}

/** Its master is its own arbiter. */
function led(newCluster: string, cluster = new VirtualCluster()): VirtualCluster {
  const wipe = newCluster !== 'first';
  cluster.start('n1', { arbiter: null, size: 3, newCluster, wipe });
  return cluster;
}

describe('the identity of a cluster', () => {
  test('is known to every node, also to those that joined before there was one', () => {
    const cluster = admitted(FIVE);
    expect(identities(cluster, ['arbiter', ...FIVE])).toEqual(Array(6).fill('first'));
  });

  test('does not change with what is heard later', () => {
    const cluster = admitted(THREE);
    cluster.arbiter({ size: 3, newCluster: 'second' });
    for (const id of THREE) cluster.start(id);
    cluster.run(2_000);
    expect(identities(cluster, ['arbiter', ...THREE])).toEqual(Array(4).fill('first'));
  });

  test('outlasts an arbiter that is lost with its folder', () => {
    const cluster = admitted(THREE);
    cluster.arbiter({ size: 3, newCluster: 'second', wipe: true });
    for (const id of THREE) cluster.start(id);
    cluster.run(3_000);
    expect(identities(cluster, ['arbiter', ...THREE])).toEqual(Array(4).fill('first'));
    const master = THREE.find((id) => cluster.status(id).role === 'master')!;
    cluster.write(master, 'd', { w: 'all' });
    cluster.run(1_000);
    expect(lengths(cluster, THREE)).toEqual([4, 4, 4]);
  });

  test('outlasts a master that is its own arbiter and is lost with its disk', () => {
    const cluster = led('first');
    for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
    filled(cluster, 'n1');
    expect(identities(cluster, THREE)).toEqual(Array(3).fill('first'));
    cluster.kill('n1');
    led('second', cluster);
    for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
    cluster.run(3_000);
    expect(identities(cluster, THREE)).toEqual(Array(3).fill('first'));
    cluster.write('n1', 'd', { w: 'all' });
    cluster.run(1_000);
    expect(lengths(cluster, THREE)).toEqual([4, 4, 4]);
  });
});

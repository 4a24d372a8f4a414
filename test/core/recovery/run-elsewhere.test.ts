// Members of a cluster are run as a master, and a cluster, of their own, while their master is in
// office: whose log goes on when they are back?

import { describe, expect, test } from 'vitest';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

/** n1 is master of n2 and n3, and all have one operation. */
function three(arbiter: string): VirtualCluster {
  const cluster = new VirtualCluster();
  if (arbiter !== 'n1') cluster.arbiter({ size: 3 });
  cluster.start('n1', arbiter === 'n1' ? { arbiter: null, size: 3 } : { arbiter });
  cluster.run(100);
  cluster.start('n2', { arbiter });
  cluster.start('n3', { arbiter });
  cluster.run(600);
  cluster.write('n1', 'of all', { w: 3 });
  cluster.run(100);
  return cluster;
}

/** n2 is run as a master, with `others` as its secondaries, out of n1's sight. */
function elsewhere(cluster: VirtualCluster, others: readonly string[]): void {
  const moved = ['n2', ...others];
  cluster.weather = (from, to) => (moved.includes(from) === moved.includes(to) ? 1 : 'lost');
  for (const id of moved) cluster.kill(id);
  cluster.start('n2', { arbiter: null });
  for (const id of others) cluster.start(id, { arbiter: 'n2' });
  cluster.run(600);
  for (const message of ['e1', 'e2', 'e3']) cluster.write('n2', message, { w: moved.length });
  cluster.run(600);
}

function back(cluster: VirtualCluster, ids: readonly string[], arbiter: string): void {
  for (const id of ids) cluster.kill(id);
  cluster.weather = () => 1;
  for (const id of ids) cluster.start(id, { arbiter });
  cluster.run(8_000);
}

const logs = (cluster: VirtualCluster) => ['n1', 'n2', 'n3'].map((id) => cluster.entries(id));

describe.each(['n1', 'arbiter'])('of a cluster whose arbiter is in %s', (arbiter) => {
  test('what a majority has acknowledged to the master in office stays', () => {
    const cluster = three(arbiter);
    elsewhere(cluster, []);
    cluster.write('n1', 'promised', { w: 2 });
    cluster.run(100);
    back(cluster, ['n2'], arbiter);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', epoch: 3 });
    const log = ['1:of all', '2:promised'];
    expect(logs(cluster)).toEqual([log, log, log]);
  });

  test('also where the two meet while both are masters', () => {
    const cluster = three(arbiter);
    elsewhere(cluster, []);
    cluster.write('n1', 'promised', { w: 2 });
    cluster.run(100);
    cluster.weather = () => 1;
    cluster.run(8_000);
    back(cluster, ['n2'], arbiter);
    const log = ['1:of all', '2:promised'];
    expect(logs(cluster)).toEqual([log, log, log]);
  });

  test('what a majority has acknowledged to another one since stays', () => {
    const cluster = three(arbiter);
    elsewhere(cluster, ['n3']);
    back(cluster, ['n2', 'n3'], arbiter);
    const log = ['1:of all', '2:e1', '3:e2', '4:e3'];
    expect(logs(cluster)).toEqual([log, log, log]);
  });
});

// A cluster that has grown, and whose master is replaced before the new nodes have its log.

import { describe, expect, test } from 'vitest';
import { type StartOptions, VirtualCluster } from '../virtual-cluster.ts';
import type { Weather } from '../virtual-network.ts';

/** No Snapshot reaches these nodes. */
function unfed(...ids: readonly string[]): Weather {
  return (_, to, what) => (what === 'Snapshot' && ids.includes(to) ? 'lost' : 1);
}

/** n1 leads n2 and n3; `a` is on all of them, `b` on n1 and n2. n4 and n5 have joined, and have
 * nothing yet. */
function grown(n2: StartOptions = {}, later: StartOptions = {}): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ failover: true });
  cluster.start('n1');
  cluster.run(100);
  cluster.start('n2', n2);
  cluster.start('n3');
  cluster.run(1_000);
  cluster.write('n1', 'a', { w: 3 });
  cluster.run(200);
  cluster.weather = unfed('n3', 'n4', 'n5');
  const b = cluster.write('n1', 'b', { w: 2 });
  cluster.run(200);
  expect(cluster.outcome(b)).toMatchObject({ type: 'Stored' });
  for (const id of ['n4', 'n5']) cluster.start(id, later);
  cluster.run(1_000);
  return cluster;
}

/** n4 and n5 have caught up, and alone with n1, which is dead, they have `c`; n6 and n7 joined
 * then, and have nothing. The arbiter knows of that what it heard when n4 and n5 had nothing. */
function grownTwice(later: StartOptions = {}): VirtualCluster {
  const cluster = grown({}, later);
  cluster.weather = (...[from, to, what]) =>
    what === 'ReplicasNoted' ? 'lost' : unfed('n2', 'n3', 'n6', 'n7')(from, to, what);
  cluster.run(500);
  const c = cluster.write('n1', 'c', { w: 3 });
  cluster.run(500);
  expect(cluster.outcome(c)).toMatchObject({ type: 'Stored', acks: ['n1', 'n4', 'n5'] });
  for (const id of ['n6', 'n7']) cluster.start(id);
  cluster.run(500);
  cluster.kill('n1');
  return cluster;
}

const roles = (cluster: VirtualCluster, ...ids: readonly string[]) =>
  ids.map((id) => cluster.status(id).role);

describe('G24: a cluster that grows', () => {
  test('those who have just joined do not replace a master without who has its log', () => {
    const cluster = grown();
    cluster.kill('n1');
    cluster.pause('n2');
    cluster.run(30_000);
    expect(roles(cluster, 'n3', 'n4', 'n5')).toEqual(['secondary', 'secondary', 'secondary']);
    cluster.weather = () => 1;
    cluster.resume('n2');
    cluster.run(15_000);
    expect(roles(cluster, 'n2', 'n3', 'n4', 'n5')).toContain('master');
    for (const id of ['n2', 'n3', 'n4', 'n5']) {
      expect(cluster.entries(id), id).toEqual(['1:a', '2:b']);
    }
  });

  test('one that grew again while the arbiter heard nothing waits for who had caught up', () => {
    const cluster = grownTwice();
    cluster.run(6_000);
    const leads = ['n4', 'n5'].filter((id) => cluster.status(id).role === 'master');
    expect(leads.length).toBe(1);
    for (const id of ['n4', 'n5']) cluster.kill(id);
    cluster.run(30_000);
    expect(roles(cluster, 'n2', 'n3', 'n6', 'n7')).not.toContain('master');
    cluster.weather = () => 1;
    cluster.start('n4');
    cluster.run(15_000);
    for (const id of ['n2', 'n3', 'n4', 'n6', 'n7']) {
      expect(cluster.entries(id), id).toEqual(['1:a', '2:b', '3:c']);
    }
  });

  test('so does the next master, whoever has said that there is none', () => {
    const cluster = grownTwice({ wants: 'secondary' });
    // n4 and n5 tell the arbiter that the master is silent, and give the next one nothing.
    cluster.weather = (from, to) => {
      const cut = [from, to].some((id) => ['n4', 'n5'].includes(id));
      return cut && ![from, to].includes('arbiter') ? 'lost' : 1;
    };
    cluster.run(15_000);
    expect(cluster.status('n2')).toMatchObject({
      ...{ role: 'master', epoch: 2, mode: 'read-only', recovering: true },
      reason: expect.stringContaining('waits for n1 or n4 or n5'),
    });
    cluster.weather = () => 1;
    cluster.run(3_000);
    for (const id of ['n2', 'n3', 'n4', 'n5', 'n6', 'n7']) {
      expect(cluster.entries(id), id).toEqual(['1:a', '2:b', '3:c']);
    }
  });

  test('once they have caught up they do, and the arbiter knows that without being told', () => {
    const cluster = grown();
    cluster.weather = () => 1;
    cluster.run(3_000);
    cluster.kill('n1');
    cluster.pause('n2');
    cluster.run(15_000);
    expect(roles(cluster, 'n3', 'n4', 'n5')).toContain('master');
    for (const id of ['n3', 'n4', 'n5']) expect(cluster.entries(id), id).toEqual(['1:a', '2:b']);
  });

  test('one that has caught up just before its master died counts, though nobody has said', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ failover: true });
    cluster.start('n1');
    cluster.run(100);
    cluster.start('n2');
    cluster.run(1_000);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(200);
    cluster.start('n3');
    cluster.run(300);
    expect(cluster.entries('n3')).toEqual(['1:a']);
    cluster.kill('n1');
    cluster.run(10_000);
    expect(roles(cluster, 'n2', 'n3')).toContain('master');
  });

  test('whoever follows a master knows who had its log, and waits for them', () => {
    const cluster = grown({ wants: 'secondary' });
    cluster.kill('n1');
    // n2 tells the arbiter that the master is silent, and gives the next one nothing.
    cluster.weather = (from, to, what) => {
      const cut = [from, to].includes('n2') && ![from, to].includes('arbiter');
      return cut || what === 'Snapshot' ? 'lost' : 1;
    };
    cluster.run(10_000);
    expect(cluster.status('n3')).toMatchObject({
      ...{ role: 'master', epoch: 2, mode: 'read-only', recovering: true },
      reason: expect.stringContaining('waits for n1 or n2'),
    });
    cluster.weather = () => 1;
    cluster.run(1_000);
    expect(cluster.status('n3')).toMatchObject({ role: 'master', epoch: 2, mode: 'read-write' });
    for (const id of ['n2', 'n3', 'n4', 'n5']) {
      expect(cluster.entries(id), id).toEqual(['1:a', '2:b']);
    }
  });

  test('a quiet cluster of which all have the log has nothing to tell the arbiter', () => {
    const cluster = grown();
    cluster.weather = () => 1;
    cluster.run(5_000);
    let announcements = 0;
    cluster.weather = (_, __, what) => {
      if (what === 'Replicas') announcements += 1;
      return 1;
    };
    cluster.run(60_000);
    expect(announcements).toBe(0);
  });
});

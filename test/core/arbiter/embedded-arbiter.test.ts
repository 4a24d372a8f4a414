import { describe, expect, test } from 'vitest';
import { epoch, incarnation, logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Response } from '../../../src/core/messages.ts';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

function one(how: { size?: number } = {}): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.start('n1', { arbiter: null, ...how });
  cluster.run(10);
  return cluster;
}

function three(): VirtualCluster {
  const cluster = one({ size: 3 });
  cluster.start('n2', { arbiter: 'n1' });
  cluster.start('n3', { arbiter: 'n1' });
  cluster.run(100);
  return cluster;
}

function join(
  cluster: VirtualCluster,
  id: string,
  how: { life?: string; epoch?: number; url?: string; cluster?: string },
) {
  const { life = `${id}#x`, epoch: seen = 0, url = id, cluster: from } = how;
  return cluster.ask('n1', {
    type: 'Join',
    node: nodeId(id),
    url,
    incarnation: incarnation(life),
    epoch: epoch(seen),
    lastIndex: logIndex(0),
    ...(from === undefined ? {} : { cluster: from }),
  });
}

describe('EmbeddedArbiter', () => {
  test('the node it lives in is master; those who join follow it', () => {
    const cluster = three();
    expect(masterOf(cluster)).toMatchObject({ role: 'master', epoch: 1 });
    for (const id of ['n2', 'n3']) {
      expect(cluster.status(id)).toMatchObject({ role: 'secondary', master: { node: 'n1' } });
    }
  });

  test('C1: a Join of before, which comes late, hides from a master in memory nothing', () => {
    const cluster = three();
    const before = cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(before)).toMatchObject({ type: 'Stored', first: 1 });
    cluster.start('n1', { arbiter: null, size: 3, wipe: true });
    cluster.run(10);
    // When it was sent, this node had seen no epoch, and had nothing.
    join(cluster, 'n2', { life: 'n2#1', epoch: 0 });
    cluster.run(1);
    const read = cluster.confirm('n1');
    // The other one joins as well, once it misses its master.
    cluster.run(6_000);
    expect(cluster.entries('n1')).toEqual(['1:a']);
    expect(masterOf(cluster)).toMatchObject({ epoch: 2, mode: 'read-write', commitIndex: 1 });
    expect(cluster.outcome(read)).toMatchObject({ type: 'NotLinearizable' });
  });

  test.each([
    [['x'], 'as much as'],
    [['x', 'y'], 'more than'],
  ])('C3: nor does %s, %s what was lost, take its place in the same epoch', (written) => {
    const cluster = one();
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(200);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(100);
    cluster.start('n1', { arbiter: null, wipe: true });
    cluster.run(10);
    for (const message of written) cluster.write('n1', message, { w: 1 });
    cluster.run(10);
    const shown: [epoch: number, entries: string[]][] = [];
    cluster.onNote = (host, { event }) => {
      if (event !== 'discarded') return;
      shown.push([cluster.status(host.id).epoch, cluster.entries(host.id)]);
    };
    join(cluster, 'n2', { life: 'n2#1', epoch: 0 });
    cluster.run(1_000);
    expect(shown).toEqual([[2, []]]);
    expect(cluster.entries('n2')).toEqual(written.map((message, i) => `${i + 1}:${message}`));
    expect(masterOf(cluster)).toMatchObject({ epoch: 2, mode: 'read-write' });
  });

  test('a master from elsewhere that falls silent: this one goes on, behind its epoch', () => {
    const cluster = one();
    const beat = () =>
      cluster.request(
        'n1',
        {
          type: 'Heartbeat',
          epoch: epoch(5),
          master: { node: nodeId('n9'), url: 'n9' },
          lastIndex: logIndex(0),
          commitIndex: logIndex(0),
        },
        () => undefined,
      );
    for (let times = 0; times < 2; times += 1) {
      beat();
      cluster.run(4_900);
      expect(cluster.status('n1')).toMatchObject({ role: 'secondary', master: { node: 'n9' } });
    }
    cluster.run(200);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', epoch: 6, mode: 'read-write' });
    cluster.run(20_000);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', epoch: 6 });
  });

  test('C2: each life of it is a new epoch, and it finds its members by itself', () => {
    const cluster = three();
    for (let life = 2; life <= 4; life += 1) {
      cluster.kill('n1');
      cluster.start('n1', { arbiter: null, size: 3 });
      cluster.run(200);
      expect(masterOf(cluster)).toMatchObject({ epoch: life, mode: 'read-write' });
      expect(masterOf(cluster).members.map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
    }
  });

  test('C19: an answer to a Join leaves only after it is durable', () => {
    const cluster = one();
    const answers = join(cluster, 'n2', {});
    expect(answers).toEqual([]);
    cluster.run(1);
    expect(answers).toMatchObject([{ type: 'JoinedSecondary', epoch: 1 }]);
  });

  test('B44: an id that another living process uses is refused; that of a dead one is not', () => {
    const cluster = three();
    cluster.run(600);
    const refused = join(cluster, 'n2', { life: 'impostor', url: 'elsewhere' });
    expect(refused).toEqual([{ type: 'Refused', code: 'node-id-taken', node: 'n2' }]);
    cluster.kill('n2');
    cluster.run(5_000);
    const admitted = join(cluster, 'n2', { life: 'n2 again', url: 'elsewhere' });
    cluster.run(1);
    expect(admitted).toMatchObject([{ type: 'JoinedSecondary' }]);
  });

  test('who is back with another URL is not refused because it answers at the former, too', () => {
    const cluster = three();
    cluster.run(600);
    cluster.kill('n2');
    cluster.start('n2', { arbiter: 'nobody' });
    const life = `n2#${cluster.host('n2').life}`;
    const early = join(cluster, 'n2', { life, url: 'elsewhere' });
    expect(early).toMatchObject([{ type: 'Refused', code: 'node-id-taken' }]);
    cluster.run(600);
    const admitted = join(cluster, 'n2', { life, url: 'elsewhere' });
    cluster.run(1);
    expect(admitted).toMatchObject([{ type: 'JoinedSecondary' }]);
    const urls = masterOf(cluster).members.map(({ url }) => url);
    expect(urls.toSorted()).toEqual(['elsewhere', 'n1', 'n3']);
  });

  test('B44: of two that come at once with one id the later is let in: neither was heard', () => {
    const cluster = one();
    const both = [1, 2].map((i) => join(cluster, 'n2', { life: `n2#${i}`, url: `at-${i}` }));
    cluster.run(5);
    const third = join(cluster, 'n2', { life: 'n2#3', url: 'at-3' });
    cluster.run(5);
    for (const answers of [...both, third]) {
      expect(answers).toMatchObject([{ type: 'JoinedSecondary' }]);
    }
    expect(masterOf(cluster).members.map(({ url }) => url)).toEqual(['n1', 'at-3']);
  });

  test('C2: a master that is given another id goes on with its members, and its log', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.kill('n1');
    cluster.start('n1', { arbiter: null, size: 3, node: 'n9' });
    cluster.run(500);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', epoch: 2, mode: 'read-write' });
    const members = masterOf(cluster).members.map(({ node }) => node);
    expect(members.toSorted()).toEqual(['n2', 'n3', 'n9']);
    const ticket = cluster.write('n1', 'b', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored' });
    expect(cluster.entries('n3')).toEqual(['1:a', '2:b']);
  });

  test('B44: nobody may use the id of the master', () => {
    const cluster = three();
    expect(join(cluster, 'n1', {})).toEqual([
      { type: 'Refused', code: 'node-id-taken', node: 'n1' },
    ]);
    expect(masterOf(cluster).epoch).toBe(1);
  });

  test('B45: who belongs to another cluster is told so, also where its id is taken', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null, newCluster: 'c-1' });
    cluster.run(100);
    expect(join(cluster, 'n1', { cluster: 'c-2' })).toEqual([
      { type: 'Refused', code: 'wrong-cluster', cluster: 'c-1' },
    ]);
  });

  test('C2: the master cannot be sent away: no other node is ever appointed', () => {
    const cluster = three();
    const told: Response[] = [];
    const leave = { type: 'Leave', node: nodeId('n1') } as const;
    cluster.request('n1', leave, (response) => told.push(response));
    cluster.run(100);
    expect(told).toEqual([{ type: 'Left' }]);
    const answers = join(cluster, 'n4', { epoch: 1 });
    cluster.run(100);
    expect(answers).toMatchObject([{ type: 'JoinedSecondary', master: { node: 'n1' } }]);
    expect(masterOf(cluster).role).toBe('master');
  });

  test('C10: two strangers at once that know our epoch: one new epoch, one master', () => {
    const cluster = one();
    cluster.write('n1', 'a');
    cluster.run(50);
    join(cluster, 'n2', { epoch: 1 });
    join(cluster, 'n3', { epoch: 1 });
    cluster.run(1_000);
    const roles = cluster.trace.filter((line) => line.includes('n1: master, epoch 2'));
    expect(roles).toHaveLength(1);
    expect(masterOf(cluster).members.map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
  });

  test('a master that meets a higher epoch appoints itself above it', () => {
    const cluster = three();
    cluster.weather = () => 1;
    const heartbeat = {
      type: 'Heartbeat' as const,
      epoch: epoch(6),
      master: { node: nodeId('n9'), url: 'n9' },
      lastIndex: logIndex(0),
      commitIndex: logIndex(0),
    };
    cluster.request('n2', heartbeat);
    cluster.run(2_000);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', epoch: 7, mode: 'read-write' });
    const ticket = cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored' });
  });

  test('B13: a node that leaves is waited for no more', () => {
    const cluster = three();
    cluster.kill('n3');
    const ticket = cluster.write('n1', 'a', { w: 'all' });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.request('n1', { type: 'Leave', node: nodeId('n3') });
    cluster.run(2);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
  });
});

test('a master that came before its own appointment was durable is missed when it goes', () => {
  const cluster = one();
  const follows = (of: number): void => {
    const [lastIndex, commitIndex] = [logIndex(0), logIndex(0)];
    const master = { node: nodeId('n9'), url: 'n9' };
    const rest = { epoch: epoch(of), master, lastIndex, commitIndex };
    cluster.request('n1', { type: 'Heartbeat', ...rest });
  };
  follows(5);
  cluster.run(10);
  cluster.host('n1').disk.bookkeepingStuck = true;
  cluster.run(6_000);
  expect(cluster.status('n1').role).toBe('secondary');
  follows(9);
  cluster.host('n1').disk.bookkeepingStuck = false;
  cluster.run(1_000);
  expect(cluster.status('n1')).toMatchObject({ role: 'secondary', epoch: 9 });
  cluster.run(10_000);
  expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 10 });
});

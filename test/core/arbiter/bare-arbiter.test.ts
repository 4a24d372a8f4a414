import { describe, expect, test } from 'vitest';
import type { Effect, Event } from '../../../src/core/effects.ts';
import { epoch, logIndex, seq, session } from '../../../src/core/ids.ts';
import type { MasterStatus } from '../../../src/core/status.ts';
import { entry, peer } from '../bench.ts';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import type { Machine } from '../virtual-host.ts';

/** An arbiter that says what the contract asks for and nothing more: a JoinedMaster without the
 * members, who come with Replicas alone. n1 is the master, whoever asks first. */
class BareArbiter implements Machine {
  epoch = 1;
  joined: () => void = () => {};

  step(event: Event): Effect[] {
    if (event.type !== 'Received' || event.request.type !== 'Join') return [];
    const { ticket, request } = event;
    const current = epoch(this.epoch);
    if (request.node === 'n1') this.joined();
    const response =
      request.node === 'n1'
        ? { type: 'JoinedMaster' as const, epoch: current }
        : { type: 'JoinedSecondary' as const, epoch: current, master: peer('n1') };
    return [{ type: 'Respond', ticket, response }];
  }

  deadline(): number {
    return Number.POSITIVE_INFINITY;
  }
}

class BareCluster extends VirtualCluster {
  readonly bare = this.foreign('arbiter', new BareArbiter());
  /** What Replicas were answered with. */
  readonly answers: unknown[] = [];

  announce(...ids: string[]): void {
    const replicas = ids.map(peer);
    const request = { type: 'Replicas' as const, epoch: epoch(this.bare.epoch), replicas };
    this.request('n1', request, (response) => this.answers.push(response));
  }

  master(): MasterStatus {
    return masterOf(this);
  }

  /** Three nodes, all with `a` and `b`. */
  static three(): BareCluster {
    const cluster = new BareCluster();
    for (const id of ['n1', 'n2', 'n3']) cluster.start(id);
    cluster.run(20);
    cluster.announce('n1', 'n2', 'n3');
    cluster.run(200);
    for (const message of ['a', 'b']) cluster.write('n1', message, { w: 3 });
    cluster.run(600);
    return cluster;
  }
}

const BOTH = ['1:a', '2:b'];

describe('an arbiter that names the members with Replicas alone', () => {
  test.each([0, 5, 2_000])(
    'C13: a master that lost its disk fetches what they hold, told %i ms later',
    (ms) => {
      const cluster = BareCluster.three();
      cluster.kill('n1');
      cluster.bare.epoch = 2;
      cluster.start('n1', { wipe: true });
      cluster.run(5 + ms);
      cluster.announce('n1', 'n2', 'n3');
      cluster.run(1_000);
      for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(BOTH);
      expect(cluster.master()).toMatchObject({ mode: 'read-write', commitIndex: 2 });
    },
  );

  test('C13: Replicas is answered when they have been heard, so that a write then is taken', () => {
    const cluster = BareCluster.three();
    cluster.kill('n1');
    cluster.bare.epoch = 2;
    cluster.start('n1', { wipe: true });
    cluster.run(20);
    expect(cluster.master().mode).toBe('read-write');
    cluster.announce('n1', 'n2', 'n3');
    expect(cluster.answers).toHaveLength(1);
    expect(cluster.master().mode).toBe('read-only');
    cluster.run(50);
    expect(cluster.answers).toHaveLength(2);
    expect(cluster.master()).toMatchObject({ mode: 'read-write', lastIndex: 2 });
  });

  test('C13: a log that was left behind is cut where the members have gone on', () => {
    const cluster = BareCluster.three();
    cluster.weather = (from, to) => ([from, to].includes('n1') && to !== 'arbiter' ? 'lost' : 1);
    cluster.write('n1', 'of n1 alone', { w: 1 });
    cluster.run(10);
    cluster.kill('n1', 3);
    cluster.weather = () => 1;
    for (const id of ['n2', 'n3']) {
      cluster.request(id, {
        type: 'Snapshot',
        epoch: epoch(2),
        session: session(1),
        seq: seq(0),
        updates: [entry(3, 2)],
        commitIndex: logIndex(2),
      });
    }
    cluster.run(50);
    cluster.bare.epoch = 3;
    cluster.start('n1');
    cluster.run(20);
    cluster.announce('n1', 'n2', 'n3');
    cluster.run(1_000);
    for (const id of ['n1', 'n2', 'n3']) {
      expect(cluster.entries(id)).toEqual([...BOTH, '3:m3']);
    }
  });

  test('what it has written alone stays: it is a cluster of one until it is told', () => {
    const cluster = BareCluster.three();
    cluster.kill('n1');
    cluster.bare.epoch = 2;
    cluster.start('n1');
    cluster.run(20);
    const ticket = cluster.write('n1', 'alone');
    cluster.run(20);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', acks: ['n1'] });
    cluster.announce('n1', 'n2', 'n3');
    cluster.run(1_000);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toHaveLength(3);
  });

  test.each([0, 1, 2])('a set that comes %i ms after the Join was answered is not lost', (ms) => {
    const cluster = new BareCluster();
    cluster.bare.joined = () => cluster.plan(cluster.now + ms, () => cluster.announce('n1', 'n2'));
    cluster.start('n1');
    cluster.start('n2');
    cluster.run(50);
    expect(cluster.answers).toEqual([{ type: 'ReplicasNoted' }]);
    expect(cluster.master().members.map(({ node }) => node)).toEqual(['n1', 'n2']);
  });

  test('a set that comes first is not lost to who was told to be a cluster of one', () => {
    const cluster = new BareCluster();
    cluster.bare.joined = () => cluster.announce('n1', 'n2');
    cluster.start('n1', { size: 1 });
    cluster.start('n2');
    cluster.run(50);
    expect(cluster.master().members.map(({ node }) => node)).toEqual(['n1', 'n2']);
  });

  test.each([
    { said: undefined, size: 5 },
    { said: null, size: 2 },
    { said: 4, size: 4 },
  ])('C13: a size of $said from the arbiter, of 5 from the node: it is $size', (each) => {
    const cluster = new BareCluster();
    cluster.start('n1', { size: 5 });
    cluster.start('n2');
    cluster.run(20);
    expect(cluster.master().quorum.size).toBe(5);
    const about = each.said === undefined ? {} : { size: each.said };
    const replicas = ['n1', 'n2'].map(peer);
    cluster.request('n1', { type: 'Replicas', epoch: epoch(1), replicas, ...about });
    cluster.run(50);
    expect(cluster.master().quorum.size).toBe(each.size);
  });

  test('a set that waits is not replaced by the question who is there', () => {
    const cluster = new BareCluster();
    cluster.bare.joined = () => {
      cluster.announce('n1', 'n2');
      cluster.request('n1', { type: 'Replicas', epoch: epoch(0), replicas: [] });
    };
    cluster.start('n1');
    cluster.start('n2');
    cluster.run(50);
    expect(cluster.master().members.map(({ node }) => node)).toEqual(['n1', 'n2']);
  });

  test.each([
    { first: ['n1', 'n2', 'n3'], second: ['n1', 'n2'] },
    { first: ['n1', 'n2'], second: ['n1', 'n2', 'n3'] },
  ])('C10: appointed twice before that is durable: one master, of $second', ({ first, second }) => {
    const cluster = BareCluster.three();
    cluster.bare.epoch = 2;
    cluster.announce(...first);
    cluster.announce(...second);
    cluster.run(50);
    expect(cluster.trace.filter((line) => line.includes('n1: master, epoch 2'))).toHaveLength(1);
    expect(cluster.master().members.map(({ node }) => node)).toEqual(second);
    expect(cluster.master()).toMatchObject({ epoch: 2, mode: 'read-write' });
  });
});

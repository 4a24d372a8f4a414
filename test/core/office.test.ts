import { describe, expect, test } from 'vitest';
import { epoch, logIndex, nodeId, seq, session } from '../../src/core/ids.ts';
import type { Replicas, Request, Response, ResponseOrder } from '../../src/core/messages.ts';
import { entries, peer } from './bench.ts';
import { ForeignSecondary } from './foreign-secondary.ts';
import { masterOf } from './three.ts';
import { VirtualCluster } from './virtual-cluster.ts';
import { type Weather, without } from './virtual-network.ts';

/** An arbiter that replaces silent masters, and three nodes, n1 the master. */
function three(): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3, failover: true });
  for (const id of ['n1', 'n2', 'n3']) {
    cluster.start(id);
    cluster.run(200);
  }
  return cluster;
}

const heartbeat = (of: number, from = 'n1'): Request => ({
  type: 'Heartbeat',
  epoch: epoch(of),
  master: peer(from),
  lastIndex: logIndex(0),
  commitIndex: logIndex(0),
});

function replicas(of: number, ids: readonly string[], more: Partial<Replicas> = {}): Replicas {
  return { type: 'Replicas', epoch: epoch(of), replicas: ids.map(peer), ...more };
}

/** An arbiter that gives these answers; undefined: none. Returns the types of what it was asked. */
function scripted(
  cluster: VirtualCluster,
  answer: (request: Request) => Response | undefined,
): string[] {
  const asked: string[] = [];
  cluster.foreign('arbiter', {
    deadline: () => Number.POSITIVE_INFINITY,
    step: (event) => {
      if (event.type !== 'Received') return [];
      asked.push(event.request.type);
      const response = answer(event.request);
      if (response === undefined) return [];
      return [{ type: 'Respond', ticket: event.ticket, response: response as ResponseOrder }];
    },
  });
  return asked;
}

const members = (cluster: VirtualCluster) => masterOf(cluster).members.map(({ node }) => node);

describe('Office: a node that leaves', () => {
  /** n3 hears nothing of n1, and has told the arbiter so. */
  function doubting(): VirtualCluster {
    const cluster = three();
    cluster.weather = (from, to) => (from === 'n1' && to === 'n3' ? 'lost' : 1);
    cluster.run(7_000);
    expect(cluster.trace.filter((line) => line.includes('n3 → arbiter  Join'))).not.toHaveLength(1);
    return cluster;
  }

  /** Counts the Joins of this node. */
  function counting(id: string, weather: Weather) {
    const count = {
      joins: 0,
      weather: ((from, to, what) => {
        if (from === id && what === 'Join') count.joins += 1;
        return weather(from, to, what);
      }) as Weather,
    };
    return count;
  }

  test('C16: a heartbeat that comes late does not make it a member again', () => {
    const cluster = doubting();
    const count = counting('n3', () => 1);
    cluster.weather = count.weather;
    cluster.retire('n3');
    cluster.run(100);
    expect(cluster.status('n3').role).toBe('removed');
    cluster.ask('n3', heartbeat(1));
    cluster.run(2_000);
    expect(count.joins).toBe(0);
    expect(members(cluster)).toEqual(['n1', 'n2']);
  });

  test('C16: nor does one that comes while its Leave is under way', () => {
    const cluster = doubting();
    const count = counting('n3', (_from, _to, what) => (what === 'Left' ? 50 : 1));
    cluster.weather = count.weather;
    cluster.retire('n3');
    cluster.run(20);
    cluster.ask('n3', heartbeat(1));
    cluster.run(2_000);
    expect(cluster.status('n3').role).toBe('removed');
    expect(count.joins).toBe(0);
    expect(members(cluster)).toEqual(['n1', 'n2']);
  });

  test.each([
    { answer: 'Left' as const, role: 'removed' },
    { answer: 'Refused' as const, role: 'master' },
  ])('C16: told to leave twice, it waits for one answer for both: $answer', ({ answer, role }) => {
    const cluster = new VirtualCluster();
    const asked = scripted(cluster, ({ type }) =>
      type === 'Join'
        ? { type: 'JoinedMaster', epoch: epoch(1) }
        : answer === 'Left'
          ? { type: 'Left' }
          : { type: 'Refused', code: 'no-arbiter' },
    );
    cluster.start('n1');
    cluster.run(100);
    cluster.weather = () => 20;
    const answers: string[] = [];
    for (let n = 0; n < 2; n += 1) cluster.retire('n1', ({ type }) => answers.push(type));
    cluster.run(30);
    expect(answers).toEqual([]);
    cluster.run(100);
    expect(answers).toEqual([answer, answer]);
    expect(cluster.status('n1').role).toBe(role);
    expect(asked.filter((type) => type === 'Leave')).toHaveLength(1);
  });

  test('C16: a master that is deposed while its Leave is under way does not join again', () => {
    const cluster = three();
    const count = counting('n1', (from, to, what) =>
      what === 'Left' ? 1_500 : from === 'arbiter' && to === 'n2' ? 'lost' : 1,
    );
    cluster.weather = count.weather;
    const answers: Response[] = [];
    cluster.retire('n1', (response) => answers.push(response));
    cluster.run(20);
    cluster.ask('n3', heartbeat(7, 'n2'));
    cluster.run(1_000);
    expect({ role: cluster.status('n1').role, answers }).toEqual({ role: 'removed', answers: [] });
    cluster.run(2_000);
    expect(answers).toEqual([{ type: 'Left' }]);
    expect(cluster.status('n1').role).toBe('removed');
    expect(count.joins).toBe(0);
  });

  test('C16: one whose Leave came to nothing asks once, and is a secondary again', () => {
    const cluster = doubting();
    const count = counting('n3', (_from, to, what) =>
      to === 'arbiter' && what === 'Leave' ? 'lost' : 1,
    );
    cluster.weather = count.weather;
    cluster.retire('n3');
    cluster.run(6_000);
    expect(cluster.status('n3').role).toBe('secondary');
    expect(count.joins).toBe(1);
  });

  test('C16: one without a role whose Leave is refused goes on asking for one', () => {
    const cluster = new VirtualCluster();
    const asked = scripted(cluster, ({ type }) =>
      type === 'Join'
        ? { type: 'JoinedMaster', epoch: epoch(1) }
        : { type: 'Refused', code: 'no-arbiter' },
    );
    cluster.start('n1');
    cluster.run(1);
    // Its Join is under way.
    cluster.retire('n1');
    cluster.run(100);
    expect(asked).toEqual(['Join', 'Leave', 'Join']);
    expect(cluster.status('n1').role).toBe('master');
  });

  test('C16: a master whose Leave is refused is master, and has nothing to ask', () => {
    const cluster = new VirtualCluster();
    const asked = scripted(cluster, ({ type }) =>
      type === 'Join'
        ? { type: 'JoinedMaster', epoch: epoch(1) }
        : { type: 'Refused', code: 'no-arbiter' },
    );
    cluster.start('n1');
    cluster.run(100);
    cluster.retire('n1');
    cluster.run(100);
    expect(asked).toEqual(['Join', 'Leave']);
    expect(masterOf(cluster).mode).toBe('read-write');
  });
});

describe('Office: sets of replicas', () => {
  test('a master that has left takes none, not even of its epoch', () => {
    const cluster = new VirtualCluster();
    scripted(cluster, ({ type }) =>
      type === 'Join' ? { type: 'JoinedMaster', epoch: epoch(1) } : { type: 'Left' },
    );
    cluster.start('n1');
    cluster.run(100);
    cluster.retire('n1');
    cluster.run(100);
    const answers = cluster.ask('n1', replicas(1, ['n1', 'n2']));
    expect(answers).toEqual([{ type: 'Refused', code: 'no-master' }]);
  });

  test('C13: one that comes before the role, to a master alone: it hears them first', () => {
    const cluster = new VirtualCluster();
    const { disk } = cluster.host('n1');
    scripted(cluster, ({ type }) =>
      type === 'Join' ? { type: 'JoinedMaster', epoch: epoch(2) } : undefined,
    );
    const n2 = cluster.foreign('n2', new ForeignSecondary('n2'));
    n2.log = entries(1, 2);
    n2.lastIndex = 2;
    n2.says = { acceptedEpoch: epoch(1), hash: 1 };
    disk.bookkeepingStuck = true;
    cluster.start('n1', { size: 1 });
    cluster.run(10);
    cluster.ask('n1', replicas(2, ['n1', 'n2']));
    disk.bookkeepingStuck = false;
    while (cluster.status('n1').role !== 'master') cluster.run(1);
    expect(masterOf(cluster).recovering).toBe(true);
  });

  test('a secondary says who is master, and takes none', () => {
    const cluster = three();
    const answers = cluster.ask('n2', replicas(1, ['n1', 'n2']));
    expect(answers).toEqual([{ type: 'Refused', code: 'not-master', master: peer('n1') }]);
  });

  test('a master that is its own arbiter takes them of its epoch', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    cluster.run(100);
    expect(cluster.ask('n1', replicas(1, ['n1', 'n2']))).toEqual([{ type: 'ReplicasNoted' }]);
    expect(members(cluster)).toEqual(['n1', 'n2']);
  });

  test('a node that is its own arbiter, and is about to be master, takes none of others', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    const answers = cluster.ask('n1', replicas(7, ['n1', 'n2']));
    expect(answers).toEqual([{ type: 'Refused', code: 'no-master' }]);
  });

  test('a node that has left before it had a role takes none', () => {
    const cluster = new VirtualCluster();
    scripted(cluster, ({ type }) => (type === 'Leave' ? { type: 'Left' } : undefined));
    cluster.start('n1');
    cluster.retire('n1');
    cluster.run(6_000);
    expect(cluster.status('n1').role).toBe('removed');
    const answers = cluster.ask('n1', replicas(1, ['n1', 'n2']));
    expect(answers).toEqual([{ type: 'Refused', code: 'no-master' }]);
  });

  test('of two that come before the role is durable, the later one counts', () => {
    const cluster = new VirtualCluster();
    scripted(cluster, () => ({ type: 'JoinedMaster', epoch: epoch(1) }));
    cluster.host('n1').disk.bookkeepingStuck = true;
    cluster.start('n1');
    cluster.run(10);
    for (const ids of [
      ['n1', 'n2'],
      ['n1', 'n2', 'n3'],
    ])
      cluster.ask('n1', replicas(1, ids));
    cluster.host('n1').disk.bookkeepingStuck = false;
    cluster.run(10);
    expect(members(cluster)).toEqual(['n1', 'n2', 'n3']);
  });

  test('the size that it says counts for a master that had not been told of members', () => {
    const cluster = new VirtualCluster();
    scripted(cluster, () => ({ type: 'JoinedMaster', epoch: epoch(2) }));
    cluster.start('n1', { size: 1 });
    cluster.run(100);
    expect(masterOf(cluster).mode).toBe('read-write');
    cluster.ask('n1', replicas(2, ['n1', 'n2'], { size: 5 }));
    expect(masterOf(cluster).quorum).toMatchObject({ size: 5, needed: 3 });
  });

  test('where it says none, that which the node was started with counts', () => {
    const cluster = new VirtualCluster();
    scripted(cluster, () => ({ type: 'JoinedMaster', epoch: epoch(2) }));
    cluster.start('n1', { size: 1 });
    cluster.run(100);
    expect(masterOf(cluster).mode).toBe('read-write');
    cluster.ask('n1', replicas(2, ['n1', 'n2']));
    // Members beyond that count, but nobody is to wait for more.
    cluster.run(100);
    const outcome = cluster.outcome(cluster.write('n1', 'a', { w: 3 }));
    expect(outcome).toMatchObject({ type: 'Unsatisfiable' });
  });

  test('G10: of a higher epoch, it is not answered with who is established in this one', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    const set = ['n1', 'n2', 'n3'];
    const told = (of: number) => cluster.ask('n1', replicas(of, set, { failover: true }));
    expect(told(1)).toMatchObject([{ established: set }]);
    expect(told(3)).toEqual([{ type: 'ReplicasNoted', established: [] }]);
  });
});

describe('Office: a role', () => {
  test('a node that is told to stop before its role is durable does not take it', () => {
    const cluster = new VirtualCluster();
    const { disk } = cluster.host('n1');
    scripted(cluster, () => ({ type: 'JoinedMaster', epoch: epoch(1) }));
    disk.bookkeepingStuck = true;
    cluster.start('n1');
    cluster.run(10);
    cluster.stop('n1');
    disk.bookkeepingStuck = false;
    cluster.run(100);
    expect(cluster.status('n1').role).toBeNull();
  });

  test('a Snapshot that does not say who sends it is no reason to forget who is master', () => {
    const cluster = three();
    cluster.weather = without('n2');
    cluster.ask('n2', heartbeat(5, 'n9'));
    cluster.ask('n2', {
      ...{ type: 'Snapshot', epoch: epoch(5), session: session(1), seq: seq(0) },
      ...{ updates: entries(1, 1, 5), commitIndex: logIndex(0) },
    });
    expect(cluster.status('n2')).toMatchObject({ role: 'secondary', master: peer('n9') });
  });

  test('the size that the appointment says counts before any set is announced', () => {
    const cluster = new VirtualCluster();
    scripted(cluster, () => ({ type: 'JoinedMaster', epoch: epoch(1), size: 5 }));
    cluster.start('n1', { size: 3 });
    cluster.run(100);
    expect(masterOf(cluster).quorum).toMatchObject({ size: 5, needed: 3 });
  });

  test('B45: a master remembers the cluster that it was appointed in', () => {
    const cluster = new VirtualCluster();
    scripted(cluster, () => ({ type: 'JoinedMaster', epoch: epoch(1), cluster: 'c1' }));
    cluster.start('n1');
    cluster.run(100);
    expect(cluster.host('n1').memory.cluster).toBe('c1');
  });

  test('a secondary that is told of another master follows that before it hears of it', () => {
    const cluster = three();
    cluster.kill('n1');
    cluster.ask('arbiter', { type: 'Leave', node: nodeId('n1') });
    cluster.weather = (from, to) => (from === 'n2' && to === 'n3' ? 'lost' : 1);
    cluster.run(6_000);
    expect(cluster.status('n2').role).toBe('master');
    expect(cluster.status('n3')).toMatchObject({ role: 'secondary', master: peer('n2') });
  });

  test('C2: an appointment that is not durable yet is not undone by an epoch before it', () => {
    const cluster = three();
    const { disk } = cluster.host('n1');
    disk.bookkeepingStuck = true;
    cluster.weather = without('arbiter');
    cluster.ask('n1', replicas(5, ['n1', 'n2', 'n3']));
    cluster.ask('n2', heartbeat(3, 'n3'));
    // Its next heartbeat is refused with the third epoch.
    cluster.run(600);
    expect(cluster.status('n1')).toMatchObject({ role: 'secondary', epoch: 5 });
    disk.bookkeepingStuck = false;
    cluster.run(600);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 5 });
  });

  test('one that is given twice, the second time without the set, is taken once', () => {
    const cluster = new VirtualCluster();
    let of = 1;
    let silent = false;
    scripted(cluster, ({ type }) =>
      type === 'Join' && !silent ? { type: 'JoinedMaster', epoch: epoch(of) } : undefined,
    );
    cluster.start('n1');
    cluster.run(100);
    of = 2;
    cluster.host('n1').disk.bookkeepingStuck = true;
    silent = true;
    // When its Leave has not been answered in time, it asks again what it is.
    cluster.retire('n1');
    cluster.run(4_990);
    cluster.ask('n1', replicas(2, ['n1', 'n2']));
    silent = false;
    cluster.run(100);
    cluster.host('n1').disk.bookkeepingStuck = false;
    cluster.run(100);
    expect(cluster.trace.filter((line) => line.includes('n1: master, epoch 2'))).toHaveLength(1);
    expect(members(cluster)).toEqual(['n1', 'n2']);
  });
});

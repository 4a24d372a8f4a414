import { describe, expect, test } from 'vitest';
import { epoch, logIndex, nodeId, seq, session } from '../../src/core/ids.ts';
import type { Request, Response, ResponseOrder } from '../../src/core/messages.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { entry, peer } from './bench.ts';
import { masterOf } from './three.ts';
import { VirtualCluster } from './virtual-cluster.ts';

/** A standalone arbiter and three nodes, n1 the master. */
function three(): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3 });
  cluster.start('n1');
  cluster.run(200);
  cluster.start('n2');
  cluster.start('n3');
  cluster.run(300);
  return cluster;
}

const heartbeat = (of: number): Request => ({
  type: 'Heartbeat',
  epoch: epoch(of),
  master: peer('n9'),
  lastIndex: logIndex(0),
  commitIndex: logIndex(0),
});

const snapshot = (of: number, at = 0): Request => ({
  type: 'Snapshot',
  epoch: epoch(of),
  session: session(1),
  seq: seq(at),
  updates: [entry(at + 1, of)],
  commitIndex: logIndex(0),
});

const replicas = (of: number): Request => ({
  type: 'Replicas',
  epoch: epoch(of),
  replicas: [peer('n1')],
});

describe('Replica: roles', () => {
  test('before it has a role it refuses writes, and says that there is no master', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1');
    expect(cluster.outcome(cluster.write('n1', 'a'))).toEqual({ type: 'NoMaster' });
    expect(cluster.status('n1')).toMatchObject({ role: null, master: null });
  });

  test('a secondary sends writers to its master', () => {
    const cluster = three();
    expect(cluster.outcome(cluster.write('n2', 'a'))).toEqual({
      type: 'NotMaster',
      master: peer('n1'),
    });
  });

  test('it joins by itself, retries until it is answered, and is no arbiter', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1');
    cluster.run(1_000);
    expect(cluster.status('n1').role).toBeNull();
    cluster.arbiter();
    cluster.run(200);
    expect(cluster.status('n1').role).toBe('master');
    const leave: Request = { type: 'Leave', node: nodeId('n9') };
    expect(cluster.ask('n1', leave)).toEqual([{ type: 'Refused', code: 'no-arbiter' }]);
  });

  test('a secondary without news of its master for 5 s joins again; with news it does not', () => {
    const cluster = three();
    const joins = () => cluster.trace.filter((line) => line.includes('n2 → arbiter  Join')).length;
    cluster.run(20_000);
    expect(joins()).toBe(1);
    cluster.kill('n1');
    cluster.run(5_600);
    expect(joins()).toBe(2);
  });

  test('C2: an epoch that a forgetful arbiter has given twice is settled by a third', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.kill('n3');
    cluster.arbiter({ size: 3, wipe: true });
    cluster.start('n3', { wipe: true });
    cluster.run(20_000);
    const leads = ['n1', 'n2', 'n3'].filter((id) => cluster.status(id).role === 'master');
    expect(leads).toEqual(['n3']);
    expect(cluster.status('n3').epoch).toBeGreaterThan(1);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a']);
  });

  test('an announcement that a later one has overtaken changes nothing', () => {
    const cluster = three();
    const members = () => masterOf(cluster).members.map(({ node }) => node);
    const announce = (ids: readonly string[], version?: number): void => {
      const about = version === undefined ? {} : { version };
      const set = { type: 'Replicas', epoch: epoch(1), replicas: ids.map(peer), ...about } as const;
      expect(cluster.ask('n1', set)).toEqual([{ type: 'ReplicasNoted' }]);
    };
    announce(['n1', 'n2', 'n3', 'n4'], 20);
    announce(['n1', 'n2'], 19);
    expect(members()).toEqual(['n1', 'n2', 'n3', 'n4']);
    announce(['n1', 'n2', 'n3'], 21);
    expect(members()).toEqual(['n1', 'n2', 'n3']);
    // An arbiter that does not count is believed each time.
    announce(['n1', 'n2']);
    expect(members()).toEqual(['n1', 'n2']);
  });

  test('what the appointment said counts for what was announced before it', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter();
    cluster.start('n1');
    cluster.run(200);
    for (const id of ['n2', 'n3']) cluster.start(id);
    cluster.run(200);
    cluster.kill('n1');
    cluster.start('n1');
    cluster.run(200);
    const late = { type: 'Replicas', epoch: epoch(2), replicas: [peer('n1')], version: 1 } as const;
    cluster.ask('n1', late);
    expect(masterOf(cluster).members).toHaveLength(3);
  });

  test('Snapshots alone are news of the master, too', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter();
    cluster.start('n2');
    cluster.run(10);
    let joined = 0;
    cluster.weather = (_from, _to, what) => {
      if (what === 'Join') joined += 1;
      return 1;
    };
    for (let i = 0; i < 10; i += 1) {
      cluster.ask('n2', snapshot(9, i));
      cluster.run(1_000);
    }
    expect(cluster.entries('n2')).toHaveLength(10);
    expect(joined).toBe(0);
  });
});

describe('Replica: epochs', () => {
  test.each(['Heartbeat', 'Snapshot', 'Fetch', 'Replicas'] as const)(
    'C2, C5, G10: a %s of a lower epoch is refused with the higher one, and changes nothing',
    (type) => {
      const cluster = three();
      cluster.write('n1', 'a', { w: 3 });
      cluster.run(100);
      cluster.ask('n2', heartbeat(5));
      cluster.run(10);
      const before = { entries: cluster.entries('n2'), status: cluster.status('n2') };
      const requests: Record<typeof type, Request> = {
        Heartbeat: heartbeat(4),
        Snapshot: snapshot(4),
        Fetch: { type: 'Fetch', epoch: epoch(4), from: logIndex(1) },
        Replicas: replicas(4),
      };
      const answers = cluster.ask('n2', requests[type]);
      // An arbiter learns by its own message who is there.
      const who = type === 'Replicas' ? { node: 'n2', incarnation: 'n2#1' } : {};
      expect(answers).toEqual([{ type: 'Refused', code: 'stale-epoch', epoch: 5, ...who }]);
      expect({ entries: cluster.entries('n2'), status: cluster.status('n2') }).toEqual(before);
    },
  );

  test('C2: the epoch does not fall across a restart', () => {
    const cluster = three();
    cluster.ask('n2', heartbeat(5));
    cluster.run(10);
    cluster.kill('n2');
    cluster.start('n2');
    expect(cluster.ask('n2', heartbeat(4))).toMatchObject([{ code: 'stale-epoch', epoch: 5 }]);
  });

  test('C2, G10: there is one master per epoch: another one in ours is refused', () => {
    const cluster = three();
    expect(cluster.ask('n1', heartbeat(1))).toMatchObject([{ code: 'stale-epoch', epoch: 1 }]);
    expect(cluster.status('n1').role).toBe('master');
  });

  test('B36: a master that meets a higher epoch steps down, and tells who waits', () => {
    const cluster = three();
    cluster.kill('arbiter');
    cluster.kill('n3');
    const waiting = cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    expect(cluster.ask('n1', heartbeat(7))).toMatchObject([{ type: 'HeartbeatAck', epoch: 7 }]);
    expect(cluster.outcome(waiting)).toEqual({ type: 'NoMaster', first: 1, last: 1 });
    expect(cluster.status('n1')).toMatchObject({ role: 'secondary', epoch: 7 });
    expect(cluster.outcome(cluster.write('n1', 'b'))).toMatchObject({ type: 'NotMaster' });
  });

  test('B36: a master that was replaced unknown to it is refused by all, and steps down', () => {
    const cluster = three();
    cluster.ask('n2', heartbeat(7));
    cluster.ask('n3', heartbeat(7));
    const ticket = cluster.write('n1', 'a');
    cluster.run(5);
    expect(cluster.outcome(ticket)).toEqual({ type: 'NoMaster', first: 1, last: 1 });
    cluster.run(3_000);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 8 });
  });

  test('a secondary that is appointed tells those who still wait for its disk', () => {
    const cluster = three();
    cluster.kill('n3');
    cluster.host('n2').disk.stuck = true;
    cluster.weather = (_from, to) => (to === 'n2' ? 'lost' : 1);
    const answers = cluster.ask('n2', snapshot(2));
    cluster.run(100);
    expect(answers).toEqual([]);
    cluster.kill('n1');
    cluster.ask('arbiter', { type: 'Leave', node: nodeId('n1') });
    cluster.weather = () => 1;
    cluster.run(6_000);
    expect(cluster.status('n2')).toMatchObject({ role: 'master', epoch: 3 });
    expect(answers).toEqual([{ type: 'Refused', code: 'no-master' }]);
  });

  test('a set of a higher epoch appoints the master anew', () => {
    const cluster = three();
    const set = [peer('n1'), peer('n2'), peer('n3')];
    cluster.ask('n1', { type: 'Replicas', epoch: epoch(3), replicas: set });
    cluster.ask('n1', { type: 'Replicas', epoch: epoch(3), replicas: set });
    cluster.run(300);
    expect(cluster.trace.filter((line) => line.includes('n1: master, epoch 3'))).toHaveLength(1);
    const ticket = cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored' });
  });
});

describe('Replica: leaving', () => {
  test('C16: who leaves is sent nothing more, and goes on serving what it had', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    const answers: Response[] = [];
    cluster.retire('n3', (response) => answers.push(response));
    cluster.run(200);
    expect(answers).toEqual([{ type: 'Left' }]);
    expect(cluster.status('n3')).toMatchObject({ role: 'removed', lastIndex: 1 });
    const messages: string[] = [];
    cluster.weather = (_from, to, what) => {
      if (to === 'n3') messages.push(what);
      return 1;
    };
    cluster.write('n1', 'b', { w: 'all' });
    cluster.run(20_000);
    expect(messages).toEqual([]);
    expect(cluster.entries('n3')).toEqual(['1:a']);
  });

  test('when the arbiter cannot be reached, it stays a member and says so', () => {
    const cluster = three();
    cluster.kill('arbiter');
    const answers: Response[] = [];
    cluster.retire('n3', (response) => answers.push(response));
    cluster.run(100);
    expect(answers).toMatchObject([{ type: 'Refused' }]);
    const ticket = cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored' });
  });

  test('C16: a master that leaves is master no more, so that there is one', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.retire('n1');
    cluster.run(100);
    expect(cluster.status('n1').role).toBe('removed');
    expect(cluster.outcome(cluster.write('n1', 'b', { w: 1 }))).toMatchObject({ type: 'NoMaster' });
    cluster.run(20_000);
    const masters = ['n1', 'n2', 'n3'].filter((id) => cluster.status(id).role === 'master');
    expect(masters).toHaveLength(1);
    expect(masters[0]).not.toBe('n1');
    const ticket = cluster.write(masters[0]!, 'b', { w: 2 });
    cluster.run(200);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', first: 2 });
  });

  test('C16: a master that was not told whether it has left asks again, and is told', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter();
    cluster.start('n1');
    cluster.run(200);
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(100);
    cluster.weather = (from) => (from === 'arbiter' ? 'lost' : 1);
    const answers: Response[] = [];
    cluster.retire('n1', (response) => answers.push(response));
    cluster.run(100);
    // The answer is lost: from now on another node leads, to which n1 has never spoken.
    cluster.weather = (from, to) => ([from, to].includes('n1') ? 'lost' : 1);
    cluster.start('n2');
    cluster.run(6_000);
    expect(answers).toMatchObject([{ type: 'Refused' }]);
    expect(cluster.status('n2').role).toBe('master');
    cluster.weather = () => 1;
    // Its Join was lost as well; the next one comes when that has not been answered in time.
    cluster.run(6_000);
    expect(cluster.status('n1').role).toBe('secondary');
    expect(cluster.status('n2').role).toBe('master');
  });

  test('C16: a master whose Leave was lost is master on, of the same epoch', () => {
    const cluster = three();
    const { epoch } = cluster.status('n1');
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.weather = (_from, to) => (to === 'arbiter' ? 'lost' : 1);
    cluster.retire('n1');
    cluster.run(6_000);
    cluster.weather = () => 1;
    const ticket = cluster.write('n1', 'b', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toBeUndefined();
    // Its Join was lost as well: it asks again when nobody has answered that in time.
    cluster.run(5_000);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch });
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', first: 2 });
  });

  test('who has left already, or has nobody to tell, has left: nothing is sent', () => {
    const cluster = three();
    cluster.retire('n3');
    cluster.run(200);
    cluster.kill('arbiter');
    cluster.start('n9', { arbiter: null, size: 1 });
    cluster.run(100);
    for (const id of ['n3', 'n9']) {
      const answers: Response[] = [];
      cluster.retire(id, (response) => answers.push(response));
      cluster.run(100);
      expect(answers).toEqual([{ type: 'Left' }]);
    }
  });

  test('a node that left comes back as a new life', () => {
    const cluster = three();
    cluster.retire('n3');
    cluster.run(200);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(100);
    cluster.kill('n3');
    cluster.start('n3');
    cluster.run(300);
    expect(cluster.entries('n3')).toEqual(['1:a']);
  });
});

describe('Replica: an answer to a Join that comes late', () => {
  test('C2, G10: one of an earlier epoch does not lower that of the node', () => {
    const cluster = three();
    cluster.kill('n2');
    cluster.weather = (_from, _to, what) =>
      what === 'JoinedSecondary' ? 300 : what === 'Heartbeat' ? 'lost' : 1;
    cluster.start('n2');
    cluster.run(50);
    cluster.ask('n2', heartbeat(7));
    cluster.run(20);
    expect(cluster.status('n2').epoch).toBe(7);
    cluster.run(400);
    expect(cluster.status('n2').epoch).toBeGreaterThanOrEqual(7);
  });

  test('C2: whoever is given a role in an epoch that is over asks again, at the usual gaps', () => {
    const { joinRetryMs } = DEFAULT_OPTIONS;
    const cluster = new VirtualCluster();
    const asked: number[] = [];
    let role: Response = { type: 'JoinedMaster', epoch: epoch(2) };
    cluster.foreign('arbiter', {
      deadline: () => Number.POSITIVE_INFINITY,
      step: (event) => {
        if (event.type !== 'Received' || event.request.type !== 'Join') return [];
        asked.push(cluster.now);
        return [{ type: 'Respond', ticket: event.ticket, response: role as ResponseOrder }];
      },
    });
    cluster.start('n1');
    cluster.run(50);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 2 });
    role = { type: 'JoinedMaster', epoch: epoch(1) };
    cluster.start('n1');
    asked.length = 0;
    cluster.run(5 * joinRetryMs);
    expect(cluster.status('n1')).toMatchObject({ role: null, epoch: 2 });
    const gaps = asked.slice(1).map((at, i) => at - asked[i]!);
    expect(gaps.length).toBeGreaterThanOrEqual(4);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(joinRetryMs);
    role = { type: 'JoinedMaster', epoch: epoch(3) };
    cluster.run(2 * joinRetryMs);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 3 });
  });

  test('a node that was told to stop takes no role any more', () => {
    const cluster = three();
    cluster.kill('n2');
    cluster.weather = (from, _to, what) =>
      from === 'n1' ? 'lost' : what === 'JoinedSecondary' ? 50 : 1;
    cluster.start('n2');
    cluster.run(10);
    cluster.stop('n2');
    cluster.run(200);
    expect(cluster.status('n2').role).toBeNull();
  });
});

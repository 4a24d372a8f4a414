import { describe, expect, test } from 'vitest';
import { epoch, nodeId } from '../../src/core/ids.ts';
import type { Peer } from '../../src/core/messages.ts';
import type { MasterStatus, MemberReport } from '../../src/core/status.ts';
import { peer } from './bench.ts';
import { ForeignSecondary, type Manner } from './foreign-secondary.ts';
import { VirtualCluster } from './virtual-cluster.ts';

/** A master that was told by an arbiter who its secondaries are; none of them is replog's. */
class Members extends VirtualCluster {
  readonly nodes = new Map<string, ForeignSecondary>();

  constructor(...ids: string[]) {
    super();
    this.arbiter();
    this.start('n1');
    this.run(300);
    for (const id of ids) this.nodes.set(id, this.foreign(id, new ForeignSecondary(id)));
    this.announce('n1', ...ids);
    this.run(100);
  }

  announce(...ids: (string | Peer)[]): void {
    const replicas = ids.map((id) => (typeof id === 'string' ? peer(id) : id));
    this.request('n1', { type: 'Replicas', epoch: epoch(1), replicas });
  }

  node(id: string): ForeignSecondary {
    return this.nodes.get(id)!;
  }

  report(id: string): MemberReport {
    const { members } = this.status('n1') as MasterStatus;
    return members.find(({ node }) => node === id)!;
  }

  /** Changes of status that were noted, without their times. */
  get transitions(): string[] {
    return this.trace.filter((line) => /(Healthy|Suspected|Unhealthy) →/.test(line)).map(noted);
  }
}

const noted = (line: string): string => line.slice(line.indexOf('n1: ') + 4);

describe('Membership: who is a member', () => {
  test('a master that never received Replicas is a cluster of one', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    cluster.run(10);
    const ticket = cluster.write('n1', 'a', { w: 'all' });
    cluster.run(10);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', first: 1, acks: ['n1'] });
  });

  test('B44: the same node at two addresses counts once', () => {
    const cluster = new Members('n2');
    cluster.announce('n1', 'n2', { node: nodeId('n2'), url: 'n2' });
    cluster.run(100);
    const ticket = cluster.write('n1', 'a', { w: 3 });
    cluster.run(1_000);
    expect(cluster.outcome(ticket)).toBeUndefined();
    expect((cluster.status('n1') as MasterStatus).members).toHaveLength(2);
  });

  test('a set announced again unchanged changes nothing', () => {
    const cluster = new Members('n2', 'n3');
    cluster.write('n1', 'a');
    cluster.run(100);
    const sessions = () => new Set(cluster.node('n2').snapshots.map(({ session }) => session));
    expect(sessions().size).toBe(1);
    for (let i = 0; i < 5; i += 1) cluster.announce('n3', 'n1', 'n2');
    cluster.write('n1', 'b');
    cluster.run(100);
    expect(sessions().size).toBe(1);
    expect(cluster.node('n2').snapshots.map(({ seq }) => seq)).toEqual([0, 1]);
  });

  test('C16: a node that left is sent nothing more, not even a heartbeat', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').manner = 'silent';
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(10);
    cluster.announce('n1', 'n2');
    cluster.run(1);
    const before = cluster.node('n3').received.length;
    cluster.write('n1', 'b', { w: 2 });
    cluster.run(10_000);
    expect(cluster.node('n3').received).toHaveLength(before);
  });

  test('B46, C16: the acknowledgement of a node that left does not count', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n2').manner = 'silent';
    cluster.weather = (from, _to, what) => (from === 'n3' && what === 'SnapshotAck' ? 300 : 1);
    const ticket = cluster.write('n1', 'a', { w: 2 });
    cluster.run(100);
    cluster.announce('n1', 'n2');
    cluster.run(5_000);
    expect(cluster.outcome(ticket)).toBeUndefined();
  });

  test('B13: who leaves is waited for no more, and that answers at once', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').manner = 'silent';
    const ticket = cluster.write('n1', 'a', { w: 'all' });
    cluster.run(200);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.announce('n1', 'n2');
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
  });

  test('a node that moved to another address has not left: it is still waited for', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').manner = 'silent';
    const ticket = cluster.write('n1', 'a', { w: 'all' });
    cluster.run(200);
    const moved = cluster.foreign('elsewhere', new ForeignSecondary('n3'));
    cluster.announce('n1', 'n2', { node: nodeId('n3'), url: 'elsewhere' });
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.run(200);
    expect(moved.lastIndex).toBe(1);
    expect(cluster.outcome(ticket)).toMatchObject({ acks: ['n1', 'n2', 'n3'] });
  });
});

describe('Membership: lives of a node', () => {
  test('B37, C12: a new incarnation begins with nothing acknowledged', () => {
    const cluster = new Members('n2');
    const first = cluster.write('n1', 'a', { w: 2 });
    cluster.run(100);
    expect(cluster.outcome(first)).toMatchObject({ type: 'Stored' });
    cluster.node('n2').restart();
    cluster.node('n2').manner = 'silent';
    cluster.run(600);
    expect(cluster.report('n2').ackedIndex ?? 0).toBe(0);
    cluster.node('n2').manner = 'takes';
    cluster.run(3_000);
    expect(cluster.node('n2').lastIndex).toBe(1);
    expect(cluster.report('n2').ackedIndex).toBe(1);
    const sessions = cluster.node('n2').snapshots.map(({ session }) => session);
    expect(sessions).toEqual([...sessions].sort((a, b) => a - b));
    expect(new Set(sessions).size).toBe(2);
  });

  test('C12: a late answer of an earlier life says nothing about the present one', () => {
    const cluster = new Members('n2');
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(300);
    let lateAt = Number.POSITIVE_INFINITY;
    cluster.weather = (_from, to, what) => {
      if (to !== 'n1' || what !== 'HeartbeatAck' || lateAt < Number.POSITIVE_INFINITY) return 1;
      lateAt = cluster.now + 900;
      return 900;
    };
    cluster.run(500);
    cluster.node('n2').restart();
    cluster.node('n2').manner = 'silent';
    cluster.run(400);
    expect(cluster.now).toBeLessThan(lateAt);
    const acked = new Set<number | null>();
    for (; cluster.now < lateAt + 600; cluster.run(0.5)) acked.add(cluster.report('n2').ackedIndex);
    expect([...acked].filter((index) => index !== null && index > 0)).toEqual([]);
    expect(acked.size).toBeGreaterThan(0);
  });
});

describe('Membership: judging', () => {
  test('Suspected after 1.5 s of silence, Unhealthy after 4 s, Healthy with an answer', () => {
    const cluster = new Members('n2', 'n3');
    cluster.kill('n3');
    cluster.run(10_000);
    expect(cluster.transitions).toEqual(['n3 Healthy → Suspected', 'n3 Suspected → Unhealthy']);
    cluster.foreign('n3', cluster.node('n3'));
    cluster.run(510);
    expect(cluster.transitions.slice(2)).toEqual(['n3 Unhealthy → Healthy']);
  });

  test('C11: while a member is Unhealthy it is sent heartbeats only, every 500 ms', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').deaf = true;
    cluster.node('n3').manner = 'silent';
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(5_000);
    expect(cluster.report('n3').status).toBe('Unhealthy');
    const before = cluster.node('n3').received.length;
    cluster.write('n1', 'b', { w: 2 });
    cluster.run(20_000);
    const types = cluster
      .node('n3')
      .received.slice(before)
      .map(({ type }) => type);
    expect(new Set(types)).toEqual(new Set(['Heartbeat']));
    expect(types).toHaveLength(40);
  });

  test('the first answer after an outage: Healthy at once, and what waits goes at once', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').deaf = true;
    cluster.node('n3').manner = 'silent';
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(10_000);
    cluster.node('n3').deaf = false;
    const before = cluster.node('n3').snapshots.length;
    cluster.run(510);
    expect(cluster.transitions.slice(2)).toEqual(['n3 Unhealthy → Healthy']);
    expect(cluster.node('n3').snapshots.length).toBeGreaterThan(before);
    cluster.node('n3').manner = 'takes';
    cluster.run(1_000);
    expect(cluster.transitions.slice(2)).toEqual(['n3 Unhealthy → Healthy']);
    expect(cluster.report('n3')).toMatchObject({ status: 'Healthy', lagEntries: 0 });
  });

  test.each<Manner>(['silent', 'stale-session', 'out-of-order'])(
    'B56: a member that answers heartbeats but is %s to Snapshots is Suspected after 4 s',
    (manner) => {
      const cluster = new Members('n2', 'n3');
      cluster.node('n3').manner = manner;
      cluster.write('n1', 'a', { w: 2 });
      cluster.run(3_900);
      expect(cluster.report('n3').status).toBe('Healthy');
      cluster.run(700);
      expect(cluster.report('n3')).toMatchObject({ status: 'Suspected', lagEntries: 1 });
      cluster.run(20_000);
      expect(cluster.report('n3').status).toBe('Suspected');
      expect(cluster.node('n3').snapshots.length).toBeLessThan(300);
      cluster.node('n3').manner = 'takes';
      cluster.run(3_000);
      expect(cluster.report('n3')).toMatchObject({ status: 'Healthy', lagEntries: 0 });
    },
  );

  test('a stalled member is Healthy with its acknowledgement, not a heartbeat later', () => {
    const cluster = new Members('n2');
    cluster.node('n2').manner = 'silent';
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(6_000);
    expect(cluster.report('n2').status).toBe('Suspected');
    cluster.node('n2').manner = 'takes';
    while (cluster.report('n2').ackedIndex !== 1) cluster.run(1);
    expect(cluster.report('n2').status).toBe('Healthy');
  });

  test('a member that is not behind is not stalled, however long nothing is written', () => {
    const cluster = new Members('n2');
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(60_000);
    expect(cluster.transitions).toEqual([]);
  });

  test('B55, C15: heartbeat answers up to 90 % of the interval late: 0 transitions', () => {
    const cluster = new Members('n2', 'n3');
    let draw = 1;
    cluster.weather = (_from, _to, what) => {
      draw = (draw * 1_103_515_245 + 12_345) % 2 ** 31;
      return what === 'HeartbeatAck' ? 1 + 449 * (draw / 2 ** 31) : 1;
    };
    cluster.run(5_000_000 / 2);
    expect(cluster.transitions).toEqual([]);
  });

  test.each([1_600, 5_000, 60_000])(
    'B54, C15: a master that stood still for %i ms judges nobody',
    (pauseMs) => {
      const cluster = new Members('n2', 'n3');
      cluster.write('n1', 'a', { w: 3 });
      cluster.run(777);
      cluster.pause('n1');
      cluster.run(pauseMs);
      cluster.resume('n1');
      cluster.run(5_000);
      expect(cluster.transitions).toEqual([]);
    },
  );

  test('B54, C15: not even a member that was behind when it stopped', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').manner = 'silent';
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(10);
    cluster.pause('n1');
    cluster.run(6_000);
    cluster.resume('n1');
    cluster.run(900);
    cluster.node('n3').manner = 'takes';
    cluster.run(5_000);
    expect(cluster.report('n3').lagEntries).toBe(0);
    expect(cluster.transitions).toEqual([]);
  });

  test('B54: one that died during the pause is noticed after it', () => {
    const cluster = new Members('n2', 'n3');
    cluster.pause('n1');
    cluster.run(2_000);
    cluster.kill('n3');
    cluster.run(8_000);
    cluster.resume('n1');
    cluster.run(490);
    expect(cluster.transitions).toEqual([]);
    cluster.run(5_000);
    expect(cluster.transitions).toEqual(['n3 Healthy → Suspected', 'n3 Suspected → Unhealthy']);
  });

  test('reports how a member is, how far, and what went wrong last', () => {
    const cluster = new Members('n2', 'n3');
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(100);
    cluster.kill('n3');
    cluster.write('n1', 'b', { w: 2 });
    cluster.write('n1', 'c', { w: 2 });
    cluster.run(1_000);
    expect(cluster.report('n1')).toMatchObject({ role: 'master', ackedIndex: 3, lagEntries: 0 });
    expect(cluster.report('n2')).toMatchObject({ ackedIndex: 3, lagEntries: 0, attempts: 0 });
    expect(cluster.report('n3')).toMatchObject({
      role: 'secondary',
      ackedIndex: 1,
      lagEntries: 2,
      attempts: 5,
      retryInMs: 600,
      lastError: 'connection refused',
    });
    expect(cluster.report('n3').lagMs).toBeGreaterThanOrEqual(990);
  });

  test('a node that never answered gets the whole log, as the contract alone allows', () => {
    const cluster = new Members();
    cluster.write('n1', 'a');
    cluster.write('n1', 'b');
    cluster.run(50);
    const mute = new ForeignSecondary('n2');
    mute.deaf = true;
    cluster.foreign('n2', mute);
    cluster.announce('n1', 'n2');
    cluster.run(50);
    expect(mute.snapshots[0]).toMatchObject({ seq: 0, updates: [{ index: 1 }, { index: 2 }] });
    expect(mute.lastIndex).toBe(2);
  });
});

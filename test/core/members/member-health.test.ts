import { describe, expect, test } from 'vitest';
import { epoch, nodeId } from '../../../src/core/ids.ts';
import type { Response, ResponseOrder } from '../../../src/core/messages.ts';
import { ForeignSecondary, type Manner } from '../foreign-secondary.ts';
import { Members } from '../members.ts';

describe('Membership: judging', () => {
  test('G9: Suspected after 1.5 s of silence, Unhealthy after 4 s, Healthy with an answer', () => {
    const cluster = new Members('n2', 'n3');
    cluster.kill('n3');
    // It answered the last heartbeat, which was at most 500 ms ago.
    cluster.run(999);
    expect(cluster.transitions).toEqual([]);
    cluster.run(501);
    expect(cluster.transitions).toEqual(['n3 Healthy → Suspected']);
    cluster.run(1_999);
    expect(cluster.transitions).toHaveLength(1);
    cluster.run(501);
    expect(cluster.transitions.slice(1)).toEqual(['n3 Suspected → Unhealthy']);
    cluster.run(6_000);
    expect(cluster.transitions).toHaveLength(2);
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

  test('one that acknowledges just after 4 s, before anybody has looked, is not Suspected', () => {
    const cluster = new Members('n2');
    // A tenth of a second after a heartbeat, and so after 4 s.
    cluster.run(600 - (cluster.now % 500));
    cluster.weather = (_from, _to, what) => (what === 'SnapshotAck' ? 4_000 : 1);
    const write = cluster.write('n1', 'a', { w: 2 });
    cluster.run(4_100);
    expect(cluster.outcome(write)).toMatchObject({ type: 'Stored' });
    expect(cluster.transitions).toEqual([]);
  });

  test('a member that is not behind is not stalled, however long nothing is written', () => {
    const cluster = new Members('n2');
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(60_000);
    expect(cluster.transitions).toEqual([]);
  });

  test('B55, C15, G9: heartbeat answers up to 90 % of the interval late: 0 transitions', () => {
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

  test('B54, C15: nor one whose silence had almost been news, before it can have answered', () => {
    const cluster = new Members('n2', 'n3');
    cluster.run(500);
    const { lastHeartbeatMs } = cluster.report('n3');
    cluster.node('n3').deaf = true;
    cluster.run(1_450 - lastHeartbeatMs!);
    // It looks once more, finds nothing, and stands still.
    cluster.node('n3').manner = 'silent';
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(1);
    cluster.pause('n1');
    cluster.node('n3').deaf = false;
    cluster.node('n3').manner = 'takes';
    cluster.weather = (from) => (from === 'n3' ? 400 : 1);
    cluster.run(6_000);
    cluster.resume('n1');
    cluster.run(2_000);
    expect(cluster.transitions).toEqual([]);
  });

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

  test('B54, C15: nor one that had been silent for nearly long enough when it stopped', () => {
    const cluster = new Members('n2', 'n3');
    cluster.kill('n3');
    while (cluster.report('n3').lastHeartbeatMs! < 1_450) cluster.run(1);
    // It is awake right before: all of the silence until then counts.
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(1);
    cluster.pause('n1');
    cluster.run(6_000);
    cluster.resume('n1');
    // A round of heartbeats comes first: what n3 said meanwhile may lie in the socket.
    cluster.run(490);
    expect(cluster.transitions).toEqual([]);
    cluster.run(30);
    expect(cluster.transitions).toEqual(['n3 Healthy → Suspected']);
  });

  test('B42, G7: a member on whom the quorum hangs is away and back all the time', () => {
    const cluster = new Members('n2', 'n3');
    const switches = () => cluster.trace.filter((line) => / n1: read-(only|write)/.test(line));
    cluster.node('n2').deaf = true;
    cluster.run(10_000);
    const before = switches().length;
    for (let i = 0; i < 300; i += 1) {
      cluster.node('n3').deaf = i % 2 === 0;
      cluster.run(200);
    }
    expect(switches()).toHaveLength(before);
    // Only who is away for long enough takes the quorum along: once for each time.
    for (let i = 1; i <= 3; i += 1) {
      cluster.node('n3').deaf = true;
      cluster.run(6_000);
      cluster.node('n3').deaf = false;
      cluster.run(1_200);
      expect(switches()).toHaveLength(before + 2 * i);
    }
  });

  test('G7: the mode is told with the status that changes it', () => {
    const cluster = new Members('n2');
    cluster.node('n2').deaf = true;
    cluster.run(6_000);
    cluster.node('n2').deaf = false;
    while (cluster.report('n2').status !== 'Healthy') cluster.run(1);
    expect(cluster.trace.slice(-2)).toEqual([
      expect.stringMatching(/n1: n2 Unhealthy → Healthy$/),
      expect.stringMatching(/n1: read-write$/),
    ]);
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

  test('says how long ago a member has answered, and that one never has', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').deaf = true;
    cluster.announce('n1', 'n2');
    cluster.announce('n1', 'n2', 'n3');
    cluster.weather = (from, to) => ([from, to].includes('n2') ? 'lost' : 1);
    const { lastHeartbeatMs } = cluster.report('n2');
    expect(lastHeartbeatMs).toBeLessThan(500);
    cluster.run(300);
    expect(cluster.report('n2').lastHeartbeatMs).toBe(lastHeartbeatMs! + 300);
    expect(cluster.report('n3').lastHeartbeatMs).toBeNull();
  });

  test('says what its heartbeats come to, where nothing is to be sent', () => {
    const cluster = new Members('n2', 'n3');
    cluster.run(1_000);
    cluster.kill('n2');
    let answer: Response = { type: 'Refused', code: 'overloaded' };
    cluster.foreign('n3', {
      deadline: () => Number.POSITIVE_INFINITY,
      step: (event) =>
        event.type === 'Received'
          ? [{ type: 'Respond', ticket: event.ticket, response: answer as ResponseOrder }]
          : [],
    });
    cluster.run(600);
    expect(cluster.report('n2').lastError).toBe('connection refused');
    expect(cluster.report('n3').lastError).toBe('answered Refused');
    // Of its own epoch, by one that does not say who it is, or says so.
    answer = { type: 'Refused', code: 'stale-epoch', epoch: epoch(1) };
    cluster.run(600);
    expect(cluster.report('n3').lastError).toBe('refused: stale-epoch');
    answer = { ...answer, node: nodeId('n3') };
    cluster.run(600);
    expect(cluster.report('n3').lastError).toBe('refused: stale-epoch');
    answer = { ...answer, node: nodeId('n2') };
    cluster.run(600);
    expect(cluster.report('n3').lastError).toBe('n2 answers at n3');
  });

  test('is behind since the oldest operation that it lacks, and not at all with none', () => {
    const cluster = new Members('n2');
    for (let n = 0; n < 8; n += 1) {
      cluster.write('n1', `${n}`, { w: 1 });
      cluster.run(10);
      expect(cluster.report('n2')).toMatchObject({ lagEntries: 0, lagMs: 0 });
    }
    cluster.node('n2').manner = 'silent';
    cluster.write('n1', 'late', { w: 1 });
    cluster.run(5);
    expect(cluster.report('n2').lagMs).toBeLessThanOrEqual(5);
  });

  const sessionsOf = ({ snapshots }: ForeignSecondary): number =>
    new Set(snapshots.map(({ session }) => session)).size;

  test('one that refuses every session is offered fewer and fewer, and it is said why', () => {
    const cluster = new Members('n2');
    cluster.node('n2').manner = 'stale-session';
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(20_000);
    expect(sessionsOf(cluster.node('n2'))).toBeLessThan(20);
    expect(cluster.report('n2').lastError).toBe('refused: stale-session');
    cluster.node('n2').manner = 'takes';
    cluster.run(2_600);
    expect(cluster.report('n2')).toMatchObject({ lagEntries: 0, lastError: null });
  });

  test('two processes that answer at one address in turns are not flooded', () => {
    const cluster = new Members('n2');
    cluster.write('n1', 'a', { w: 1 });
    cluster.weather = (_from, to, what) => {
      if (to === 'n2' && what === 'Heartbeat') cluster.node('n2').life += 1;
      return 1;
    };
    cluster.run(20_000);
    const beats = cluster.node('n2').received.filter(({ type }) => type === 'Heartbeat');
    expect(beats.length).toBeLessThan(60);
    expect(sessionsOf(cluster.node('n2'))).toBeLessThan(60);
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
    // That it has them is relied on when it has said who it is.
    expect(cluster.host('n1').replica!.compactTo).toBe(0);
    mute.deaf = false;
    cluster.run(600);
    expect(cluster.host('n1').replica!.compactTo).toBe(2);
  });
});

import { describe, expect, test } from 'vitest';
import { logIndex, ticket } from '../../../src/core/ids.ts';
import { Confirmations } from '../../../src/core/master/confirmation.ts';
import { three } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

const at = logIndex;

function readers(...arrivals: [ticketNo: number, readIndex: number, now: number][]): Confirmations {
  const waiting = new Confirmations();
  for (const [no, readIndex, now] of arrivals) waiting.add(ticket(no), at(readIndex), now, 2_000);
  return waiting;
}

describe('Confirmations', () => {
  test.each([
    { commit: 5, followedAt: [101, 100, 0], needed: 2, confirmed: [1] },
    { commit: 4, followedAt: [101, 100, 100], needed: 2, confirmed: [] },
    { commit: 5, followedAt: [101, 99, 0], needed: 2, confirmed: [] },
    { commit: 5, followedAt: [101, 100, 99], needed: 3, confirmed: [] },
    { commit: 5, followedAt: [101], needed: 1, confirmed: [1] },
    { commit: 5, followedAt: [101], needed: 2, confirmed: [] },
  ])(
    'commit $commit, members followed at $followedAt, $needed needed: $confirmed',
    ({ commit, followedAt, needed, confirmed }) => {
      const waiting = readers([1, 5, 100]);
      const standing = { commitIndex: at(commit), followedAt, needed };
      expect(waiting.confirmed(standing)).toEqual(confirmed);
      expect(waiting.size).toBe(1 - confirmed.length);
    },
  );

  test('each is answered once: confirmed, late, or gone', () => {
    const waiting = readers([1, 0, 0], [2, 0, 10], [3, 0, 20], [4, 9, 20]);
    waiting.drop(ticket(2));
    expect(waiting.deadline()).toBe(2_000);
    const standing = { commitIndex: at(0), followedAt: [15], needed: 1 };
    expect(waiting.confirmed(standing)).toEqual([1]);
    expect(waiting.confirmed(standing)).toEqual([]);
    expect(waiting.expired(2_019)).toEqual([]);
    expect(waiting.expired(2_020)).toEqual([3, 4]);
    expect(waiting.size).toBe(0);
    expect(waiting.deadline()).toBe(Number.POSITIVE_INFINITY);
  });
});

test('Confirmations that are drained are over', () => {
  const waiting = readers([1, 0, 0], [2, 5, 10]);
  expect(waiting.drain()).toEqual([1, 2]);
  expect([waiting.size, waiting.deadline()]).toEqual([0, Number.POSITIVE_INFINITY]);
});

describe('linearizable reads, in a master', () => {
  test('confirmed as soon as a majority has shown that it follows, not a heartbeat later', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    const ticket = cluster.confirm('n1');
    cluster.run(2.5);
    expect(cluster.outcome(ticket)).toEqual({ type: 'Confirmed', lastIndex: 1 });
  });

  test('what is shown must be on a majority first', () => {
    const cluster = three();
    cluster.weather = (_from, _to, what) => (what === 'SnapshotAck' ? 50 : 1);
    cluster.write('n1', 'a');
    const ticket = cluster.confirm('n1');
    cluster.run(20);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.run(40);
    expect(cluster.outcome(ticket)).toEqual({ type: 'Confirmed', lastIndex: 1 });
  });

  test('one whose client has gone makes room for another', () => {
    const cluster = three({ waitersMax: 1 });
    cluster.weather = () => 'lost';
    const gone = cluster.confirm('n1');
    const refused = cluster.confirm('n1');
    cluster.run(1);
    expect(cluster.outcome(refused)).toMatchObject({ type: 'NotLinearizable' });
    cluster.host('n1').give({ type: 'Abandoned', ticket: gone });
    const next = cluster.confirm('n1');
    cluster.run(1);
    expect([cluster.outcome(gone), cluster.outcome(next)]).toEqual([undefined, undefined]);
  });

  test('a master that a majority does not answer refuses after a while', () => {
    const cluster = three();
    cluster.weather = () => 'lost';
    const ticket = cluster.confirm('n1');
    cluster.run(1_999);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.run(2);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'NotLinearizable' });
  });

  test('B18: an answer to a heartbeat that was sent before the read proves nothing', () => {
    const cluster = three();
    let beats = 0;
    cluster.weather = (_from, _to, what) => {
      if (what === 'Heartbeat') beats += 1;
      return what === 'HeartbeatAck' ? 30 : 1;
    };
    // One to each is on its way, and answered before any that is sent from now on.
    while (beats < 2) cluster.run(1);
    cluster.run(10);
    const arrivedAt = cluster.now;
    const ticket = cluster.confirm('n1');
    while (cluster.outcome(ticket) === undefined) cluster.run(1);
    expect(cluster.now - arrivedAt).toBeGreaterThanOrEqual(31);
  });

  test('B18: a paused master that was replaced confirms nothing when it goes on', () => {
    const cluster = three();
    cluster.pause('n1');
    const heartbeat = {
      type: 'Heartbeat' as const,
      epoch: 7 as never,
      master: { node: 'n9' as never, url: 'n9' },
      lastIndex: at(0),
      commitIndex: at(0),
    };
    cluster.request('n2', heartbeat);
    cluster.request('n3', heartbeat);
    cluster.run(3_000);
    cluster.resume('n1');
    const ticket = cluster.confirm('n1');
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'NotLinearizable' });
  });

  test('many reads together cost one round of heartbeats', () => {
    const cluster = three();
    cluster.run(100);
    let heartbeats = 0;
    cluster.weather = (_from, _to, what) => {
      if (what === 'Heartbeat') heartbeats += 1;
      return 1;
    };
    const tickets = Array.from({ length: 500 }, () => cluster.confirm('n1'));
    cluster.run(3);
    expect(tickets.every((each) => cluster.outcome(each)?.type === 'Confirmed')).toBe(true);
    expect(heartbeats).toBeLessThanOrEqual(4);
  });

  test('a secondary refuses', () => {
    const cluster = three();
    const ticket = cluster.confirm('n2');
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'NotLinearizable' });
  });
});

test('a read is confirmed by a majority of the configured size, not of who is there', () => {
  const cluster = new VirtualCluster();
  cluster.start('n1', { arbiter: null, size: 5 });
  cluster.run(10);
  for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
  cluster.run(400);
  cluster.write('n1', 'a', { w: 3 });
  cluster.run(300);
  expect(cluster.status('n1')).toMatchObject({ commitIndex: 1 });
  cluster.kill('n3');
  const ticket = cluster.confirm('n1');
  cluster.run(2_500);
  expect(cluster.outcome(ticket)).toMatchObject({ type: 'NotLinearizable' });
});

test('a master that is still recovering refuses at once, and says why', () => {
  const cluster = three();
  cluster.write('n1', 'a', { w: 3 });
  cluster.run(100);
  for (const id of ['n1', 'n2', 'n3']) cluster.kill(id);
  cluster.start('n1', { arbiter: null, size: 3 });
  cluster.run(100);
  const reason = 'the master is still recovering';
  expect(cluster.outcome(cluster.confirm('n1'))).toEqual({ type: 'NotLinearizable', reason });
});

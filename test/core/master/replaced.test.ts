// A master whose place another may have taken.

import { describe, expect, test } from 'vitest';
import { VirtualCluster } from '../virtual-cluster.ts';

/** n1 leads n2 and n3, which have `a`; a silent master is replaced. */
function three({ failover = true } = {}): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3, failover });
  cluster.start('n1');
  cluster.run(100);
  for (const id of ['n2', 'n3']) cluster.start(id);
  cluster.run(1_000);
  cluster.write('n1', 'a', { w: 3 });
  cluster.run(10);
  return cluster;
}

/** Nothing arrives at n1 for as long as this stands; what it sends takes 100 ms. */
const deaf = (from: string, to: string) =>
  to === 'n1' ? ('lost' as const) : from === 'n1' ? 100 : 1;

test('C24: one that stood still answers no write before it has heard of its members', () => {
  const cluster = three();
  cluster.pause('n1');
  cluster.weather = deaf;
  cluster.run(7_000);
  cluster.resume('n1');
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(300);
  expect(cluster.entries('n1')).toEqual(['1:a', '2:lone']);
  expect(cluster.outcome(lone)).toBeUndefined();
  cluster.weather = () => 1;
  cluster.run(3_000);
  expect(cluster.outcome(lone)).toEqual({ type: 'NoMaster', first: 2, last: 2 });
  expect(cluster.status('n1')).toMatchObject({ role: 'secondary', epoch: 2, lastIndex: 1 });
});

test('C24: how long it is certain counts from when a heartbeat was sent, not answered', () => {
  const cluster = three();
  let sentAt = 0;
  cluster.weather = (_from, _to, what) => {
    if (what === 'Heartbeat') sentAt = cluster.now;
    return what === 'HeartbeatAck' ? 700 : 1;
  };
  cluster.run(2_000);
  const before = sentAt;
  while (sentAt === before) cluster.run(1);
  const last = sentAt;
  cluster.run(5);
  // The answers to that one are on their way; nothing comes after them.
  cluster.weather = () => 'lost';
  cluster.run(last + 4_600 - cluster.now);
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(50);
  expect(cluster.entries('n1')).toEqual(['1:a', '2:lone']);
  expect(cluster.outcome(lone)).toBeUndefined();
});

test('C24: one that is sound after a pause answers as soon as one of them has answered', () => {
  const cluster = three();
  // Shorter than its members wait, and longer than it is certain.
  cluster.pause('n1');
  cluster.run(4_600);
  cluster.weather = (_, to) => (to === 'n1' ? 50 : 1);
  cluster.resume('n1');
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(45);
  expect(cluster.outcome(lone)).toBeUndefined();
  cluster.run(20);
  expect(cluster.outcome(lone)).toMatchObject({ type: 'Stored', first: 2 });
  expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1 });
});

test('C24: members that it hears, and that have told of its silence, prove nothing', () => {
  const cluster = three();
  // They hear nothing of it, nor does the arbiter of them: nobody is appointed.
  const isCut = (from: string, to: string) => from === 'n1' || to === 'arbiter';
  cluster.weather = (from, to) => (isCut(from, to) ? 'lost' : 1);
  cluster.run(6_000);
  cluster.weather = (_, to) => (to === 'arbiter' ? 'lost' : 1);
  cluster.run(1_000);
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(1_000);
  expect(cluster.outcome(lone)).toBeUndefined();
  // They could not take it back yet.
  cluster.weather = () => 1;
  cluster.run(7_000);
  expect(cluster.outcome(lone)).toMatchObject({ type: 'Stored', first: 2 });
  expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1 });
});

test('C24: an acknowledgement that comes first after a pause is no proof of its office', () => {
  const cluster = three();
  const waiting = cluster.write('n1', 'late', { w: 2 });
  // It stands still as soon as it has the write on its disk.
  const held: (() => void)[] = [];
  const stopsAt = cluster.now + 2;
  cluster.host('n1').around = (event, step) => {
    if (cluster.now < stopsAt) step();
    else if (event.type === 'Answered' && event.response.type === 'SnapshotAck') held.push(step);
  };
  cluster.run(6_000);
  expect(held).toHaveLength(2);
  for (const step of held) step();
  expect(cluster.outcome(waiting)).toBeUndefined();
});

test('C24: a member that begins anew vouches for nobody before the arbiter knows it', () => {
  const cluster = three();
  const cutOff = new Set(['n1 n2']);
  cluster.weather = (from, to) => (cutOff.has([from, to].sort().join(' ')) ? 'lost' : 1);
  cluster.run(600);
  cutOff.add('n1 n3');
  cluster.run(4_450);
  // The arbiter has heard of it that n1 is silent; n3 is about to say so.
  cluster.kill('n2');
  cutOff.clear();
  for (const pair of ['n1 n3', 'n2 n3', 'arbiter n2']) cutOff.add(pair);
  cluster.start('n2');
  cluster.run(700);
  expect(cluster.status('n3')).toMatchObject({ role: 'master', epoch: 2 });
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(5);
  expect(cluster.outcome(lone)?.type).not.toBe('Stored');
});

test('C24: one that has left answers no write while it does not know that it has', () => {
  const cluster = three();
  cluster.weather = (from, to) => (from === 'arbiter' && to === 'n1' ? 'lost' : 1);
  cluster.retire('n1');
  cluster.run(10);
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(100);
  expect(cluster.outcome(lone)).toBeUndefined();
});

describe('C24: where nobody replaces a silent master, one that is told to leave', () => {
  /** n1 leads n2 and n3, and does not hear that it has left. */
  function unheard(): VirtualCluster {
    const cluster = three({ failover: false });
    cluster.weather = (from, to) => (from === 'arbiter' && to === 'n1' ? 'lost' : 1);
    cluster.retire('n1');
    cluster.run(10);
    return cluster;
  }

  test('answers no write: the next one that joins leads', () => {
    const cluster = unheard();
    cluster.kill('n3');
    cluster.start('n3');
    const lone = cluster.write('n1', 'lone', { w: 1 });
    cluster.run(1_000);
    expect(cluster.status('n3')).toMatchObject({ role: 'master', epoch: 2 });
    expect(cluster.outcome(lone)?.type).not.toBe('Stored');
  });

  test('proves no read by members that have left as well', () => {
    const cluster = unheard();
    for (const id of ['n2', 'n3']) cluster.retire(id);
    cluster.run(10);
    const read = cluster.confirm('n1');
    cluster.run(2_000);
    expect(cluster.outcome(read)?.type).not.toBe('Confirmed');
  });
});

test('C24: one that could not leave answers as soon as the arbiter says that it leads', () => {
  const cluster = three();
  cluster.weather = (from, to) => ([from, to].includes('arbiter') ? 'lost' : 1);
  cluster.retire('n1');
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(5_500);
  expect(cluster.outcome(lone)).toBeUndefined();
  cluster.weather = () => 1;
  cluster.run(5_500);
  expect(cluster.outcome(lone)).toMatchObject({ type: 'Stored', first: 2 });
  expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1 });
});

test('C24: one whose Leave is refused leads on, and answers at once', () => {
  const cluster = three();
  cluster.foreign('arbiter', {
    step: (event) => {
      if (event.type !== 'Received') return [];
      const response = { type: 'Refused', code: 'overloaded' } as const;
      return [{ type: 'Respond', ticket: event.ticket, response }];
    },
    deadline: () => Number.POSITIVE_INFINITY,
  });
  cluster.retire('n1');
  const lone = cluster.write('n1', 'lone', { w: 1 });
  cluster.run(100);
  expect(cluster.outcome(lone)).toMatchObject({ type: 'Stored', first: 2 });
});

test('C16: one that has left asks for no role when it hears of no master any more', () => {
  const cluster = three();
  cluster.retire('n3');
  cluster.run(100);
  const asked: string[] = [];
  cluster.weather = (from, to, what) => {
    if (to === 'arbiter') asked.push(`${from} ${what}`);
    return 1;
  };
  cluster.run(30_000);
  expect(cluster.status('n3')).toMatchObject({ role: 'removed' });
  expect(asked.filter((what) => what.startsWith('n3'))).toEqual([]);
});

test('C24: one that was appointed before nodes were replaced is told of that first', () => {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3 });
  cluster.start('n1');
  cluster.run(100);
  for (const id of ['n2', 'n3']) cluster.start(id);
  cluster.run(1_000);
  cluster.pause('n1');
  cluster.arbiter({ size: 3, failover: true });
  cluster.run(30_000);
  for (const id of ['n2', 'n3']) expect(cluster.status(id)).toMatchObject({ role: 'secondary' });
  cluster.resume('n1');
  cluster.run(3_000);
  expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1, failover: true });
  cluster.kill('n1');
  cluster.run(16_000);
  expect(['n2', 'n3'].map((id) => cluster.status(id).role)).toContain('master');
});

test('C24: an arbiter that begins anew knows whom the master has taken note of', () => {
  const cluster = three();
  cluster.kill('n1');
  cluster.arbiter({ size: 3, failover: true });
  cluster.run(8_000);
  expect(['n2', 'n3'].map((id) => cluster.status(id).role)).toContain('master');
});

test('a master is told that it is replaced no more', () => {
  const cluster = three();
  cluster.arbiter({ size: 3 });
  cluster.run(100);
  expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1, failover: false });
});

test('C24: an arbiter that is started again with failover tells a sound master of it', () => {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3 });
  cluster.start('n1');
  cluster.run(100);
  for (const id of ['n2', 'n3']) cluster.start(id);
  cluster.run(1_000);
  cluster.arbiter({ size: 3, failover: true });
  cluster.run(100);
  expect(cluster.status('n1')).toMatchObject({ role: 'master', failover: true });
  cluster.kill('n1');
  cluster.run(8_000);
  expect(['n2', 'n3'].map((id) => cluster.status(id).role)).toContain('master');
});

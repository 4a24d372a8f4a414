// What a master says that hears a member, and must not count it: damage took from it what this
// master may never have had itself.

import { describe, expect, test } from 'vitest';
import type { MasterStatus } from '../../../src/core/status.ts';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

/** n1 was killed before 4 to 6 were on its disk, and damage took 3 to 6 from n2; n3 is away. */
function doubting(): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.start('n1', { arbiter: null, size: 3 });
  cluster.run(10);
  for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
  cluster.run(100);
  const write = (from: number, to: number): void => {
    for (let i = from; i <= to; i += 1) cluster.write('n1', `m${i}`, { w: 1 });
    cluster.run(200);
  };
  write(1, 3);
  cluster.weather = (from, to) => ([from, to].includes('n3') ? 'lost' : 1);
  cluster.host('n1').disk.stuck = true;
  write(4, 6);
  expect(cluster.entries('n2')).toHaveLength(6);
  for (const id of ['n1', 'n2']) cluster.kill(id);
  cluster.host('n1').disk.stuck = false;
  cluster.host('n2').damage(2);
  cluster.start('n1', { arbiter: null, size: 3 });
  cluster.start('n2', { arbiter: 'n1' });
  cluster.run(10_000);
  return cluster;
}

test('G19: it is said which member does not count, why, and what can be done', () => {
  const cluster = doubting();
  expect(masterOf(cluster)).toMatchObject({ mode: 'read-only', lastIndex: 3 });
  expect(masterOf(cluster).reason).toBe(
    'recovering: damage took entries up to 6 from n2, and not all of them are known to be here: ' +
      'the first write waits for another member to answer, or for n2 to give them up ' +
      '(replog repair --help)',
  );
});

test('G19: another member that answers is enough', () => {
  const cluster = doubting();
  cluster.weather = () => 1;
  cluster.run(5_000);
  expect(masterOf(cluster)).toMatchObject({ mode: 'read-write', lastIndex: 3 });
});

test('G19: so is one that has given up what it lost', () => {
  const cluster = doubting();
  const host = cluster.host('n2');
  cluster.kill('n2');
  host.memory = { ...host.memory, lost: null };
  cluster.start('n2', { arbiter: 'n1' });
  cluster.run(5_000);
  expect(masterOf(cluster)).toMatchObject({ mode: 'read-write', lastIndex: 3 });
});

test('G19: one whose loss is made up for is not named while others are heard', () => {
  const cluster = new VirtualCluster();
  cluster.start('n1', { arbiter: null, size: 5 });
  cluster.run(10);
  const others = ['n2', 'n3', 'n4', 'n5'];
  for (const id of others) cluster.start(id, { arbiter: 'n1' });
  cluster.run(100);
  for (let i = 1; i <= 6; i += 1) cluster.write('n1', `m${i}`, { w: 'all' });
  cluster.run(200);
  for (const id of ['n1', 'n2']) cluster.kill(id);
  cluster.host('n2').damage(2);
  cluster.weather = (from, to) =>
    ['n3', 'n4', 'n5'].some((id) => id === from || id === to) ? 'lost' : 1;
  cluster.start('n1', { arbiter: null, size: 5 });
  cluster.start('n2', { arbiter: 'n1' });
  cluster.run(1_000);
  expect(cluster.host('n2').memory.lost).toMatchObject({ upTo: 6 });
  expect(masterOf(cluster).reason).toBe('recovering: hearing the members before the first write');
});

test('C21: a log of an earlier epoch, however long, does not make up for what was lost', () => {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3 });
  for (const id of ['n1', 'n2', 'n3']) {
    cluster.start(id);
    cluster.run(100);
  }
  cluster.write('n1', 'm1', { w: 3 });
  cluster.run(100);
  // Only n3 hears what the first epoch ended with, and it is on no other disk.
  cluster.weather = (_from, to) => (to === 'n2' ? 'lost' : 1);
  cluster.host('n1').disk.stuck = true;
  for (const message of ['never2', 'never3']) cluster.write('n1', message, { w: 1 });
  cluster.run(100);
  cluster.kill('n1');
  cluster.host('n1').disk.stuck = false;
  cluster.weather = (from, to) => ([from, to].includes('n3') ? 'lost' : 1);
  cluster.start('n1');
  cluster.run(1_000);
  const kept = cluster.write('n1', 'm2', { w: 2 });
  cluster.run(100);
  expect(cluster.outcome(kept)).toMatchObject({ type: 'Stored', first: 2, acks: ['n1', 'n2'] });
  // n2 has lost it to damage, n1 is away, and an arbiter that has forgotten appoints n3.
  for (const id of ['n1', 'n2', 'n3']) cluster.kill(id);
  cluster.host('n2').damage(1);
  cluster.weather = () => 1;
  cluster.arbiter({ size: 3, wipe: true });
  cluster.start('n3');
  cluster.run(1_000);
  cluster.start('n2');
  cluster.run(10_000);
  const { reason } = cluster.status('n3') as MasterStatus;
  expect(reason).toContain('damage took entries up to 2 from n2');
  cluster.start('n1');
  cluster.run(10_000);
  for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:m1', '2:m2']);
});

test.each([
  { epochs: 1, what: 'that has entries of its own' },
  { epochs: 2, what: 'in which nothing was written' },
])('C21: what two have lost is fetched from the third, of an epoch $what', ({ epochs }) => {
  const cluster = new VirtualCluster();
  const nodes = ['n1', 'n2', 'n3', 'n4'];
  cluster.arbiter({ size: 4 });
  for (const id of nodes) {
    cluster.start(id);
    cluster.run(100);
  }
  for (let i = 1; i <= 6; i += 1) cluster.write('n1', `m${i}`, { w: 4 });
  cluster.run(200);
  for (let again = 1; again < epochs; again += 1) {
    cluster.start('n1');
    cluster.run(1_000);
  }
  for (const id of ['n1', 'n2', 'n3']) cluster.kill(id);
  cluster.host('n2').damage(2);
  cluster.host('n3').damage(4, 6, true);
  cluster.start('n1', { wipe: true });
  for (const id of ['n2', 'n3']) cluster.start(id);
  cluster.run(10_000);
  expect(masterOf(cluster)).toMatchObject({ mode: 'read-write', lastIndex: 6 });
  for (const id of nodes) expect(cluster.entries(id)).toHaveLength(6);
});

describe('G19: a new master that has lost its own log waits for what two others have lost', () => {
  /** Four nodes that hold five entries. */
  function four(): VirtualCluster {
    const cluster = new VirtualCluster();
    cluster.arbiter();
    for (const id of ['n1', 'n2', 'n3', 'n4']) {
      cluster.start(id);
      cluster.run(100);
    }
    for (let i = 1; i <= 5; i += 1) cluster.write('n1', `m${i}`, { w: 4 });
    cluster.run(200);
    return cluster;
  }

  function givesUp(cluster: VirtualCluster, id: string): void {
    expect(masterOf(cluster).reason).toContain(`for ${id} to give them up`);
    cluster.kill(id);
    cluster.host(id).memory = { ...cluster.host(id).memory, lost: null };
    cluster.start(id);
    cluster.run(5_000);
  }

  test('though a majority is left that has less', () => {
    const cluster = four();
    cluster.kill('n3');
    cluster.write('n1', 'm6', { w: 3 });
    cluster.run(200);
    for (const id of ['n1', 'n2', 'n4']) cluster.kill(id);
    for (const id of ['n2', 'n4']) cluster.host(id).damage(4);
    cluster.start('n5');
    cluster.start('n1', { wipe: true });
    for (const id of ['n3', 'n2', 'n4']) cluster.start(id);
    cluster.run(10_000);
    // n1, n3 and n5 are a majority of five.
    expect(masterOf(cluster)).toMatchObject({ mode: 'read-only', lastIndex: 5 });
    for (const id of ['n2', 'n4']) givesUp(cluster, id);
    expect(masterOf(cluster)).toMatchObject({ mode: 'read-write', lastIndex: 5 });
  });

  test('though a majority is left, of which most have nothing', () => {
    const cluster = four();
    cluster.weather = (from, to) => (/^n[24]$/.test(from) || /^n[24]$/.test(to) ? 'lost' : 1);
    cluster.host('n1').disk.stuck = true;
    for (const text of ['old 6', 'old 7']) cluster.write('n1', text, { w: 1 });
    cluster.run(200);
    expect(cluster.entries('n3')).toHaveLength(7);
    for (const id of ['n1', 'n3']) cluster.kill(id);
    cluster.weather = () => 1;
    cluster.host('n1').disk.stuck = false;
    cluster.start('n1');
    cluster.run(5_000);
    cluster.write('n1', 'new 6', { w: 3 });
    cluster.run(200);
    for (const id of ['n1', 'n2', 'n4']) cluster.kill(id);
    cluster.host('n2').damage(5);
    for (const id of ['n1', 'n4']) cluster.start(id, { wipe: true });
    for (const id of ['n5', 'n6', 'n3', 'n2']) cluster.start(id);
    cluster.run(10_000);
    // n3 has more entries than n2 has lost, and whether they are the same it cannot say.
    expect(masterOf(cluster)).toMatchObject({ mode: 'read-only', lastIndex: 7 });
    givesUp(cluster, 'n2');
    expect(masterOf(cluster)).toMatchObject({ mode: 'read-write' });
  });
});

test('G19: what an earlier life of a member has said counts no more, once it shows less', () => {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 3 });
  for (const id of ['n1', 'n2', 'n3']) {
    cluster.start(id);
    cluster.run(100);
  }
  for (let i = 1; i <= 5; i += 1) cluster.write('n1', `m${i}`, { w: 3 });
  cluster.run(200);
  for (const id of ['n1', 'n3']) cluster.kill(id);
  cluster.host('n3').damage(1);
  cluster.start('n1', { wipe: true });
  cluster.run(100);
  // It has heard n2, which has all, and waits for n3. Now n2 comes back with damage, and before n1
  // hears of that, n3 answers, and it asks n2 for what that had.
  cluster.weather = (from, to, type) => {
    if (type === 'Replicas' || (from === 'n1' && to === 'n2' && type === 'Heartbeat'))
      return 'lost';
    return 1;
  };
  cluster.kill('n2');
  cluster.host('n2').damage(0);
  for (const id of ['n2', 'n3']) cluster.start(id);
  cluster.run(1_000);
  expect(cluster.trace.some((line) => line.includes('n1 ← n2  Fetched updates=[]'))).toBe(true);
  expect(masterOf(cluster)).toMatchObject({ mode: 'read-only', lastIndex: 0 });
  cluster.weather = () => 1;
  cluster.run(5_000);
  expect(masterOf(cluster)).toMatchObject({ mode: 'read-only', lastIndex: 1 });
  expect(masterOf(cluster).reason).toContain('damage took entries up to 5 from');
});

test('C23: a log that takes the place of another is not begun with that one again', () => {
  const cluster = new VirtualCluster();
  const nodes = ['n1', 'n2', 'n3'];
  cluster.arbiter({ size: 3 });
  for (const id of nodes) {
    cluster.start(id);
    cluster.run(100);
  }
  const put = (key: string, value: string) => ({ op: 'put' as const, key, value });
  for (const operation of [put('a', '1'), put('b', '1'), put('c', '1'), put('c', '2')]) {
    cluster.operate('n1', [operation], { w: 3 });
  }
  cluster.write('n1', 'end', { w: 3 });
  cluster.run(1_000);
  for (const id of ['n2', 'n3']) expect(cluster.host(id).compact()).toHaveLength(1);
  // Of the second epoch n3 has not heard.
  cluster.weather = (from, to) => ([from, to].includes('n3') ? 'lost' : 1);
  cluster.start('n1');
  cluster.run(1_000);
  for (const id of ['n1', 'n2']) cluster.kill(id);
  cluster.host('n2').damage(2);
  cluster.weather = () => 1;
  cluster.start('n1', { wipe: true });
  cluster.start('n2');
  cluster.run(8_000);
  expect(masterOf(cluster)).toMatchObject({ mode: 'read-write', lastIndex: 5 });
  for (const id of nodes) {
    expect(cluster.entries(id)).toEqual(['1:a=1', '2:b=1', '4:c=2', '5:end']);
  }
});

describe('B22: a batch whose end is lost goes, and what was compacted away is no end', () => {
  /** 2 and 3 were compacted away; of the batch from 4 to 6 the end is lost with all behind it. */
  function halved(nodes: readonly string[]): VirtualCluster {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: nodes.length });
    for (const id of nodes) {
      cluster.start(id);
      cluster.run(100);
    }
    cluster.write('n1', 'm1', { w: 'all' });
    cluster.operate('n1', [{ op: 'put', key: 'k', value: 'v' }], { w: 'all' });
    cluster.operate('n1', [{ op: 'remove', key: 'k' }], { w: 'all' });
    cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 'all' });
    cluster.operate('n1', [{ op: 'put', key: 'k', value: 'w' }], { w: 'all' });
    cluster.run(1_000);
    for (const id of nodes) {
      expect(cluster.host(id).compact()).toHaveLength(2);
      cluster.kill(id);
      cluster.host(id).damage(5);
      // Its operator gave it up.
      cluster.host(id).memory = { ...cluster.host(id).memory, lost: null };
    }
    return cluster;
  }

  test.each([
    { nodes: ['n1'], wipe: false },
    { nodes: ['n1', 'n2'], wipe: true },
    { nodes: ['n1', 'n2'], wipe: false },
  ])('in the log of $nodes, n1 with an empty disk: $wipe', ({ nodes, wipe }) => {
    const cluster = halved(nodes);
    cluster.start('n1', { wipe });
    for (const id of nodes.slice(1)) cluster.start(id);
    // Nobody else is waited for, nor is its disk, and the batch needs a step of its own.
    while (cluster.status('n1').role !== 'master') cluster.run(1);
    cluster.host('n1').disk.stuck = true;
    cluster.run(20);
    expect(masterOf(cluster)).toMatchObject({ recovering: false, lastIndex: 1 });
    cluster.host('n1').disk.stuck = false;
    cluster.run(1_000);
    cluster.write('n1', 'next', { w: 'all' });
    cluster.run(1_000);
    for (const id of nodes) expect(cluster.entries(id)).toEqual(['1:m1', '2:next']);
  });
});

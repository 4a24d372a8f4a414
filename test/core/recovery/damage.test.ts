// C21: what a node that has lost entries to damage may and may not do. The node here is down; its
// next start finds the damage, keeps what is before it, and remembers how far its log had gone.

import { describe, expect, test } from 'vitest';
import { epoch, nodeId } from '../../../src/core/ids.ts';
import { masterOf, three } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import { without } from '../virtual-network.ts';

const startMaster = (cluster: VirtualCluster) => cluster.start('n1', { arbiter: null, size: 3 });

function write(cluster: VirtualCluster, from: number, to: number, w = 1): void {
  for (let i = from; i <= to; i += 1) cluster.write('n1', `m${i}`, { w });
  cluster.run(200);
}

/** A log of 1 to 6, of two epochs, on n1 and n2. On n3 is the end of the first one, which was on
 * nobody else's disk and is no part of it any more: 3 entries and `never`. n1 is down. */
function replacedOnN3(never: readonly string[]): VirtualCluster {
  const cluster = three();
  write(cluster, 1, 3, 3);
  cluster.weather = without('n2');
  cluster.host('n1').disk.stuck = true;
  for (const message of never) cluster.write('n1', message, { w: 1 });
  cluster.run(100);
  expect(cluster.entries('n3')).toHaveLength(3 + never.length);
  cluster.kill('n1');
  cluster.host('n1').disk.stuck = false;
  cluster.weather = without('n3');
  startMaster(cluster);
  cluster.run(1_000);
  write(cluster, 4, 6, 2);
  cluster.kill('n1');
  return cluster;
}

const logOf = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}:m${i + 1}`);
const lost = (cluster: VirtualCluster, id: string) => cluster.host(id).memory.lost ?? null;

describe('G19: a damaged secondary', () => {
  test('C21: serves what is before the damage, fetches the rest, and then counts again', () => {
    const cluster = three();
    write(cluster, 1, 10, 3);
    cluster.kill('n2');
    cluster.host('n2').damage(4);
    cluster.weather = without('n1');
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(50);
    expect(cluster.entries('n2')).toEqual(logOf(4));
    expect(lost(cluster, 'n2')).toMatchObject({ upTo: 10 });
    cluster.weather = () => 1;
    cluster.run(1_000);
    expect(cluster.entries('n2')).toEqual(logOf(10));
    expect(lost(cluster, 'n2')).toBeNull();
    expect(cluster.trace.filter((line) => line.includes('has again'))).toHaveLength(1);
  });

  test('C21: still misses something while less is durable than it once held', () => {
    const cluster = three();
    write(cluster, 1, 10, 3);
    cluster.kill('n2');
    cluster.host('n2').damage(4);
    cluster.host('n2').disk.delayMs = () => 2_000;
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(1_500);
    expect(cluster.entries('n2')).toEqual(logOf(10));
    expect(cluster.host('n2').log.persisted).toBe(4);
    expect(lost(cluster, 'n2')).toMatchObject({ upTo: 10 });
    cluster.run(2_000);
    expect(lost(cluster, 'n2')).toBeNull();
  });

  test('C21: is no part of the majority that a new master hears, but what it has is taken', () => {
    const cluster = three();
    write(cluster, 1, 3, 3);
    cluster.weather = without('n3');
    cluster.host('n1').disk.stuck = true;
    write(cluster, 4, 10);
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    cluster.kill('n2');
    // n1 has 3 on its disk; n2 had 10, and what n3 has nobody knows.
    cluster.host('n2').damage(5);
    cluster.start('n2', { arbiter: 'n1' });
    startMaster(cluster);
    cluster.run(3_000);
    expect(masterOf(cluster).mode).toBe('read-only');
    cluster.weather = () => 1;
    cluster.run(3_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(logOf(5));
    expect(lost(cluster, 'n2')).toBeNull();
  });

  test('C21: counts for a master that has all that it lost', () => {
    const cluster = three();
    write(cluster, 1, 10, 3);
    cluster.kill('n1');
    cluster.kill('n2');
    cluster.kill('n3');
    cluster.host('n2').damage(4);
    cluster.start('n2', { arbiter: 'n1' });
    startMaster(cluster);
    cluster.run(1_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    expect(cluster.entries('n2')).toEqual(logOf(10));
  });
});

describe('G19: a damaged master', () => {
  test.each([
    { what: 'beyond the end of its log', after: 2, page: 8 },
    { what: 'where its log ends', after: 1, page: 8 },
    { what: 'beyond its end, and comes in parts,', after: 2, page: 1 },
    { what: 'at its end, and comes in parts,', after: 1, page: 1 },
  ])('C23: what was compacted away $what does not come back to life', ({ after, page }) => {
    const cluster = three({ snapshotEntriesMax: page });
    const put = (key: string, value: string) => ({ op: 'put' as const, key, value });
    cluster.operate('n1', [put('k', 'v')], { w: 3 });
    cluster.operate('n1', [put('c', '1')], { w: 3 });
    cluster.operate('n1', [{ op: 'remove', key: 'k' }], { w: 3 });
    cluster.operate('n1', [put('d', '2')], { w: 3 });
    cluster.run(1_000);
    // The removal, too, as earlier versions did.
    for (const id of ['n2', 'n3']) cluster.host(id).log.compact(1, 3);
    cluster.kill('n1');
    cluster.host('n1').damage(after);
    startMaster(cluster);
    cluster.run(1_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) {
      expect(cluster.entries(id)).toEqual(['2:c=1', '4:d=2']);
      expect(cluster.host(id).folds.store.newest('k')).toBeNull();
    }
  });

  test('C21: takes no write before it has fetched what it lost', () => {
    const cluster = three();
    write(cluster, 1, 10, 3);
    cluster.kill('n1');
    cluster.host('n1').damage(4);
    cluster.weather = without('n2', 'n3');
    startMaster(cluster);
    cluster.run(1_000);
    const refused = cluster.write('n1', 'early');
    cluster.run(10);
    expect(cluster.outcome(refused)).toEqual({ type: 'Recovering' });
    expect(cluster.entries('n1')).toEqual(logOf(4));
    expect(masterOf(cluster).reason).toContain('entries 5 to 10 are missing');
    cluster.weather = without('n3');
    cluster.run(1_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    expect(cluster.entries('n1')).toEqual(logOf(10));
    expect(lost(cluster, 'n1')).toBeNull();
  });

  test('C21: is done with what it lost, also where its memory is made anew', () => {
    const cluster = three();
    write(cluster, 1, 10, 3);
    cluster.kill('n1');
    const host = cluster.host('n1');
    host.damage(4);
    host.memory = { ...host.memory, acceptedEpoch: epoch(0) };
    cluster.weather = without('n3');
    startMaster(cluster);
    cluster.run(1_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    expect(lost(cluster, 'n1')).toBeNull();
  });

  test('C21: goes on waiting if a majority answers, but nobody has what it lost', () => {
    const cluster = three();
    cluster.weather = without('n3');
    write(cluster, 1, 10, 2);
    cluster.kill('n1');
    cluster.kill('n2');
    cluster.host('n1').damage(2);
    cluster.host('n2').damage(5);
    cluster.weather = () => 1;
    cluster.start('n2', { arbiter: 'n1' });
    startMaster(cluster);
    cluster.run(20_000);
    expect(masterOf(cluster).reason).toContain('entries 6 to 10 are missing');
    expect(cluster.outcome(cluster.write('n1', 'no'))).toEqual({ type: 'Recovering' });
    expect(cluster.entries('n1')).toEqual(logOf(5));
  });

  test('C21: takes nothing from a member that stopped in an earlier epoch', () => {
    const cluster = replacedOnN3(['never', 'nor', 'neither']);
    cluster.host('n1').damage(2);
    cluster.weather = without('n2');
    startMaster(cluster);
    cluster.run(10_000);
    expect(cluster.entries('n1')).toEqual(logOf(2));
    expect(masterOf(cluster).mode).toBe('read-only');
    cluster.weather = () => 1;
    cluster.run(5_000);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(logOf(6));
  });

  test('C21: takes from one that did, if a record behind the damage proves the same log', () => {
    const cluster = three();
    write(cluster, 1, 6, 3);
    cluster.kill('n1');
    // Its next epoch begins, but nobody accepts it; and then the damage is found.
    cluster.weather = (_from, _to, what) => (what === 'Snapshot' ? 'lost' : 1);
    startMaster(cluster);
    cluster.run(500);
    cluster.kill('n1');
    cluster.host('n1').damage(2);
    expect(lost(cluster, 'n1')).toMatchObject({ epoch: 2, upTo: 6 });
    cluster.weather = () => 1;
    startMaster(cluster);
    cluster.run(2_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(logOf(6));
  });

  test('C21: takes from such a one no more than that record proves', () => {
    const cluster = replacedOnN3(['never', 'nor']);
    cluster.host('n1').damage(1, 3);
    cluster.weather = without('n2');
    startMaster(cluster);
    cluster.run(2_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n3']) expect(cluster.entries(id)).toEqual(logOf(6));
  });

  test('C21: whose end nobody knows hears every member, however long one is away', () => {
    const cluster = three();
    write(cluster, 1, 6, 3);
    cluster.weather = without('n2');
    write(cluster, 7, 10, 2);
    cluster.kill('n1');
    const host = cluster.host('n1');
    host.damage(4, Number.POSITIVE_INFINITY, true);
    host.memory = { ...host.memory, lost: { ...lost(cluster, 'n1')!, upTo: 5 as never } };
    cluster.weather = without('n3');
    startMaster(cluster);
    cluster.run(20_000);
    expect(masterOf(cluster).mode).toBe('read-only');
    cluster.weather = () => 1;
    cluster.run(5_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(logOf(10));
  });

  test('C21: uses what it can still read itself once the hole before it is filled', () => {
    const cluster = three();
    write(cluster, 1, 6, 3);
    cluster.weather = without('n2', 'n3');
    const alone = cluster.write('n1', 'm7', { w: 1 });
    cluster.run(100);
    expect(cluster.outcome(alone)).toMatchObject({ type: 'Stored', acks: ['n1'] });
    cluster.kill('n1');
    cluster.host('n1').damage(2, 5);
    cluster.weather = () => 1;
    startMaster(cluster);
    cluster.run(2_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(logOf(7));
    expect(lost(cluster, 'n1')).toBeNull();
  });

  test('C21: looks for that again wherever what was fetched since ends', () => {
    const cluster = three();
    write(cluster, 1, 3, 3);
    cluster.weather = without('n2');
    write(cluster, 4, 6, 2);
    cluster.weather = without('n2', 'n3');
    write(cluster, 7, 7);
    cluster.kill('n1');
    cluster.host('n1').damage(2, 5);
    cluster.weather = without('n3');
    startMaster(cluster);
    cluster.run(2_000);
    expect(cluster.entries('n1')).toEqual(logOf(3));
    cluster.weather = () => 1;
    cluster.run(2_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(logOf(7));
  });

  test('C21: crashes while it fetches, and has not forgotten that something is missing', () => {
    const cluster = three();
    write(cluster, 1, 10, 3);
    cluster.kill('n1');
    cluster.host('n1').damage(4);
    cluster.host('n1').disk.stuck = true;
    startMaster(cluster);
    cluster.run(1_000);
    expect(cluster.entries('n1')).toEqual(logOf(10));
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    expect(lost(cluster, 'n1')).toMatchObject({ upTo: 10 });
    startMaster(cluster);
    cluster.run(1_000);
    expect(cluster.entries('n1')).toEqual(logOf(10));
    expect(lost(cluster, 'n1')).toBeNull();
  });

  test('C21: of a cluster of one says that nobody has what it lost', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null, size: 1 });
    cluster.run(10);
    write(cluster, 1, 5);
    cluster.kill('n1');
    cluster.host('n1').damage(3);
    const notes: unknown[] = [];
    cluster.onNote = (host, note) => notes.push([host.id, note]);
    cluster.start('n1', { arbiter: null, size: 1 });
    cluster.run(100);
    expect(notes).toContainEqual([nodeId('n1'), { event: 'lost', after: 3, upTo: 5 }]);
    expect(masterOf(cluster).mode).toBe('read-only');
  });

  test('C21: nor does it say of what is left that it is on a majority', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 1 });
    cluster.start('n1');
    cluster.run(100);
    write(cluster, 1, 5);
    cluster.kill('n1');
    cluster.host('n1').damage(3);
    cluster.start('n1');
    cluster.run(1_000);
    expect(masterOf(cluster)).toMatchObject({ mode: 'read-only', lastIndex: 3, commitIndex: 0 });
  });
});

describe('G19: a damaged master, and a later epoch in which nothing was written', () => {
  /** n1 had 1 to 5, and is down with damage after `after`; who else is to have 4 and 5 is given. */
  function damaged(after: number, cutOff: readonly string[]): VirtualCluster {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 3 });
    cluster.start('n1');
    cluster.run(100);
    for (const id of ['n2', 'n3']) cluster.start(id);
    cluster.run(100);
    write(cluster, 1, 3, 3);
    cluster.weather = without(...cutOff);
    write(cluster, 4, 5, 3 - cutOff.length);
    for (const id of ['n1', ...cutOff]) cluster.kill(id);
    cluster.host('n1').damage(after);
    cluster.weather = () => 1;
    cluster.request('arbiter', { type: 'Leave', node: nodeId('n1') });
    return cluster;
  }

  /** n2 is master of epoch 2, with n3 beside it, and then gone. */
  function secondEpoch(cluster: VirtualCluster, lastIndex: number): void {
    cluster.start('n2', { wants: 'master' });
    cluster.run(100);
    cluster.start('n3');
    cluster.run(1_000);
    expect(cluster.status('n2')).toMatchObject({ epoch: 2, mode: 'read-write', lastIndex });
    cluster.kill('n2');
    cluster.request('arbiter', { type: 'Leave', node: nodeId('n2') });
    cluster.run(10);
    expect(cluster.host('n3').memory.acceptedEpoch).toBe(2);
  }

  test.each([1, 2, 3])('C21: with %i entries left it serves when the others are heard', (after) => {
    const cluster = damaged(after, ['n2', 'n3']);
    secondEpoch(cluster, 3);
    cluster.start('n1');
    cluster.run(10_000);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', mode: 'read-only' });
    cluster.start('n2');
    cluster.run(2_000);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', mode: 'read-write' });
    expect(cluster.entries('n1')).toEqual(logOf(3));
    expect(lost(cluster, 'n1')).toBeNull();
  });

  test('C21: does not take a member that had only begun to follow for all there is', () => {
    const cluster = damaged(2, ['n3']);
    cluster.kill('n2');
    let begun = 0;
    cluster.weather = (_from, to, what) => {
      if (to !== 'n3' || what !== 'Snapshot') return 1;
      begun += 1;
      return begun === 1 ? 1 : 'lost';
    };
    secondEpoch(cluster, 5);
    cluster.weather = () => 1;
    expect(cluster.entries('n3')).toEqual(logOf(3));
    cluster.start('n1');
    cluster.run(10_000);
    expect(masterOf(cluster)).toMatchObject({ role: 'master', mode: 'read-only' });
    cluster.start('n2');
    cluster.run(2_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(logOf(5));
  });
});

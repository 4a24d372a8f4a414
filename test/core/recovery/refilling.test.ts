// A master that has lost its log, and ends once more before all that it fetched is durable.

import { describe, expect, test } from 'vitest';
import { type Epoch, epoch, logIndex, nodeId } from '../../../src/core/ids.ts';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import { VirtualLog } from '../virtual-log.ts';
import { without } from '../virtual-network.ts';

const ALL = Array.from({ length: 40 }, (_, i) => `${i + 1}:m${i + 1}`);

/** n1 leads, and lost its disk; n2 holds nothing of the 40 messages that n1 and n3 acknowledged. */
function wiped(): VirtualCluster {
  const cluster = new VirtualCluster({ snapshotEntriesMax: 7 });
  cluster.arbiter({ size: 3 });
  for (const id of ['n1', 'n2', 'n3']) {
    cluster.start(id);
    cluster.run(100);
  }
  cluster.weather = without('n2');
  const written = ALL.map((_, i) => cluster.write('n1', `m${i + 1}`));
  cluster.run(500);
  for (const ticket of written) expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored' });
  cluster.kill('n1');
  return cluster;
}

/** n1 fetches, and ends when only the first seven are durable. */
function endsInTheMiddle(cluster: VirtualCluster, fetches: number): void {
  let fetched = 0;
  cluster.weather = (from, to, what) => {
    if (what === 'Fetched') fetched += 1;
    if (what === 'Fetched' && fetched > fetches) return 'lost';
    return without('n2')(from, to, what);
  };
  const { disk } = cluster.host('n1');
  let persists = 0;
  disk.trouble = () => {
    persists += 1;
    return persists === 1 ? 'none' : 'silence';
  };
  cluster.start('n1', { wipe: true });
  // Until n2, which nobody hears, is Unhealthy.
  cluster.run(8_000);
  disk.trouble = () => 'none';
  cluster.kill('n1');
  expect(cluster.host('n1').log.persisted).toBe(7);
}

describe('a master that has lost its disk', () => {
  test.each([
    { when: 'while it fetches', fetches: 1 },
    { when: 'when it has fetched all', fetches: 100 },
  ])('C13: and ends $when, hears again who may have more', ({ fetches }) => {
    const cluster = wiped();
    endsInTheMiddle(cluster, fetches);
    // What it has may come from anywhere: with n2, which has nothing, it is no majority of those
    // who kept anything.
    cluster.weather = without('n3');
    cluster.start('n1');
    cluster.run(2_000);
    expect(masterOf(cluster).mode).toBe('read-only');
    cluster.weather = () => 1;
    cluster.run(8_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(ALL);
  });

  test('counts again when all is durable', () => {
    const cluster = wiped();
    cluster.weather = () => 1;
    const events: string[] = [];
    cluster.onNote = (_host, { event }) => void events.push(event);
    cluster.start('n1', { wipe: true });
    cluster.run(8_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    expect(events).toContain('recovered');
    expect(events).not.toContain('repaired');
    expect(cluster.host('n1').memory).toMatchObject({ refilling: false });
    cluster.kill('n1');
    cluster.weather = without('n3');
    cluster.start('n1');
    cluster.run(500);
    expect(masterOf(cluster).mode).toBe('read-write');
  });

  test('counts again when it has caught up as a secondary', () => {
    const cluster = wiped();
    endsInTheMiddle(cluster, 1);
    expect(cluster.host('n1').memory).toMatchObject({ refilling: true });
    cluster.weather = () => 1;
    cluster.arbiter({ size: 3, wipe: true });
    cluster.kill('n2');
    cluster.start('n3', { wants: 'master' });
    cluster.run(1_000);
    cluster.start('n1');
    cluster.run(8_000);
    expect(cluster.status('n1')).toMatchObject({ role: 'secondary', lastIndex: 40 });
    expect(cluster.host('n1').memory).toMatchObject({ refilling: false });
  });

  // A secondary misses its master after 5 s; its first Join may be lost.
  test.each([2_000, 5_000])('waits for members of which nobody knows: %s ms', (ms) => {
    const cluster = wiped();
    endsInTheMiddle(cluster, 1);
    cluster.weather = () => 1;
    cluster.arbiter({ size: 3, wipe: true });
    cluster.kill('n3');
    cluster.start('n1');
    cluster.run(1_000);
    cluster.start('n2');
    cluster.run(ms);
    expect(masterOf(cluster).mode).toBe('read-only');
    cluster.start('n3');
    cluster.run(8_000);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(ALL);
  });
});

test('C13: nor does one whose log is gone, and not what it remembers, go by a majority', () => {
  const cluster = wiped();
  cluster.host('n1').log = new VirtualLog();
  cluster.weather = without('n3');
  cluster.start('n1');
  cluster.run(2_000);
  expect(masterOf(cluster).mode).toBe('read-only');
  cluster.weather = () => 1;
  cluster.run(4_000);
  expect(cluster.entries('n1')).toEqual(ALL);
});

test('who has followed a master in its first life is appointed without waiting for all', () => {
  const cluster = new VirtualCluster();
  cluster.arbiter();
  for (const id of ['n1', 'n2', 'n3', 'n4']) {
    cluster.start(id);
    cluster.run(100);
  }
  cluster.write('n1', 'm1', { w: 4 });
  cluster.run(100);
  cluster.retire('n1');
  cluster.run(100);
  cluster.weather = without('n2');
  const lead = () =>
    ['n3', 'n4'].map((id) => cluster.status(id)).find((at) => at.role === 'master');
  while (lead() === undefined) cluster.run(10);
  cluster.run(500);
  expect(lead()).toMatchObject({ mode: 'read-write', lastIndex: 1 });
});

test('in a new cluster nobody has anything to fetch again', () => {
  const cluster = new VirtualCluster();
  cluster.host('n1').disk.stuck = true;
  cluster.start('n1', { arbiter: null });
  cluster.run(10);
  expect(cluster.host('n1').memory).toMatchObject({ epoch: 1 });
  expect(cluster.host('n1').memory).not.toHaveProperty('refilling');
});

/** n1 had its log damaged, and finds that n2 and n3 have compacted away what stands at its end. */
function overtaken(): VirtualCluster {
  const cluster = new VirtualCluster({ snapshotEntriesMax: 1 });
  const how = { arbiter: null, size: 3 };
  cluster.start('n1', how);
  for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
  cluster.run(100);
  const put = { op: 'put' as const, key: 'k', value: 'v' };
  for (const operation of [put, { op: 'remove' as const, key: 'k' }, put]) {
    cluster.operate('n1', [operation], { w: 3 });
  }
  cluster.run(1_000);
  for (const id of ['n2', 'n3']) expect(cluster.host(id).compact()).toHaveLength(2);
  cluster.kill('n1');
  cluster.host('n1').damage(1);
  cluster.start('n1', how);
  while (cluster.status('n1').role !== 'master') cluster.run(1);
  cluster.host('n1').disk.bookkeepingStuck = true;
  cluster.run(1_000);
  expect(cluster.entries('n1')).toEqual(['1:k=v']);
  return cluster;
}

describe('C23: a log that is fetched anew as a whole', () => {
  test('stays until it is durable that it is not whole meanwhile', () => {
    const cluster = overtaken();
    expect(cluster.trace.filter((line) => line.includes('Fetch ')).length).toBeLessThan(5);
    const host = cluster.host('n1');
    host.disk.bookkeepingStuck = false;
    while (host.log.lastIndex === 1) cluster.run(1);
    expect(host.memory).toMatchObject({ refilling: true });
    cluster.run(1_000);
    expect(cluster.entries('n1')).toEqual(['3:k=v']);
    expect(host.memory).toMatchObject({ lost: null, refilling: false });
  });

  test('stays if the node is master no more', () => {
    const cluster = overtaken();
    const later = epoch(cluster.status('n1').epoch + 1);
    const master = { node: nodeId('n2'), url: 'n2' };
    const beat = { lastIndex: logIndex(0), commitIndex: logIndex(0), settled: false };
    cluster.request('n1', { type: 'Heartbeat', epoch: later, master, ...beat });
    cluster.run(10);
    cluster.host('n1').disk.bookkeepingStuck = false;
    cluster.run(100);
    expect(cluster.entries('n1')).toEqual(['1:k=v']);
  });
});

describe('C5: a master that is one no more', () => {
  /** n1 leads again, and asks n2 for the two messages that it has not; the answer is slow. */
  function asks(): { cluster: VirtualCluster; next: Epoch } {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null, size: 2 });
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(100);
    cluster.write('n1', 'm1');
    cluster.run(100);
    cluster.host('n1').disk.stuck = true;
    for (const message of ['m2', 'm3']) cluster.write('n1', message);
    cluster.run(100);
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    cluster.weather = (_from, _to, what) => (what === 'Fetched' ? 200 : 1);
    cluster.start('n1', { arbiter: null, size: 2 });
    cluster.run(100);
    expect(cluster.trace.at(-1)).toContain('Fetched');
    return { cluster, next: epoch(cluster.status('n1').epoch + 1) };
  }

  function deposed(cluster: VirtualCluster, by: Epoch): void {
    const master = { node: nodeId('n3'), url: 'n3' };
    const beat = { lastIndex: logIndex(0), commitIndex: logIndex(0), settled: false };
    cluster.request('n1', { type: 'Heartbeat', epoch: by, master, ...beat });
    cluster.run(1);
    expect(cluster.status('n1').role).toBe('secondary');
  }

  test('takes nothing of what it had asked for', () => {
    const { cluster, next } = asks();
    deposed(cluster, next);
    cluster.run(400);
    expect(cluster.status('n1')).toMatchObject({ role: 'secondary', lastIndex: 1 });
    expect(cluster.entries('n1')).toEqual(['1:m1']);
  });

  test('does not count alone when its epoch becomes durable', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(100);
    cluster.weather = without('n2');
    cluster.write('n1', 'm1', { w: 1 });
    cluster.run(100);
    // Appointed again and again, so that another may have led in between.
    for (let times = 0; times < 3; times += 1) {
      cluster.start('n1', { arbiter: null });
      cluster.run(10);
    }
    const { disk } = cluster.host('n1');
    disk.bookkeepingStuck = true;
    cluster.weather = (_from, _to, what) => (what === 'Snapshot' ? 'lost' : 1);
    cluster.run(1_000);
    expect(cluster.status('n1')).toMatchObject({ recovering: false, commitIndex: 0 });
    deposed(cluster, epoch(cluster.status('n1').epoch + 1));
    disk.bookkeepingStuck = false;
    cluster.run(100);
    expect(cluster.status('n1')).toMatchObject({ role: 'secondary', lastIndex: 1, commitIndex: 0 });
  });

  test('(what it had asked for it takes otherwise)', () => {
    const { cluster } = asks();
    cluster.run(400);
    expect(cluster.entries('n1')).toEqual(['1:m1', '2:m2', '3:m3']);
  });
});

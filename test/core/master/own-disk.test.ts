import { describe, expect, test } from 'vitest';
import { Members } from '../members.ts';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

describe('OwnDisk: the master itself', () => {
  const stuck = (): Members => {
    const cluster = new Members('n2', 'n3');
    cluster.host('n1').disk.stuck = true;
    cluster.write('n1', 'a', { w: 'all' });
    return cluster;
  };

  test('its own disk is silent for 4 s: it says so in its row, and is Suspected, but alive', () => {
    const cluster = stuck();
    cluster.run(3_990);
    expect(cluster.report('n1')).toMatchObject({ status: 'Healthy', ackedIndex: 0, lagEntries: 1 });
    expect(cluster.report('n1').lagMs).toBeGreaterThan(3_900);
    expect(cluster.report('n1').lagMs).toBeLessThanOrEqual(3_990);
    cluster.run(20);
    const lastError = 'its own disk does not answer';
    expect(cluster.report('n1')).toMatchObject({ status: 'Suspected', lastError });
    cluster.run(60_000);
    expect(cluster.transitions).toEqual(['n1 Healthy → Suspected']);
    const { since } = cluster.report('n1');
    expect(since).toBeGreaterThan(3_990);
    expect(since).toBeLessThan(5_000);
    const { mode, quorum } = masterOf(cluster);
    expect({ mode, alive: quorum.alive }).toEqual({ mode: 'read-write', alive: 3 });
  });

  test('it is Healthy with the first confirmation, not a heartbeat later', () => {
    const cluster = stuck();
    cluster.run(10_000);
    cluster.host('n1').disk.stuck = false;
    while (cluster.report('n1').ackedIndex !== 1) cluster.run(1);
    expect(cluster.report('n1')).toMatchObject({ status: 'Healthy', lagEntries: 0, lagMs: 0 });
    expect(cluster.report('n1').lastError).toBeNull();
    expect(cluster.transitions).toEqual(['n1 Healthy → Suspected', 'n1 Suspected → Healthy']);
  });

  test('a disk that confirms something every 3 s is slow, not silent', () => {
    const cluster = stuck();
    for (let round = 0; round < 10; round += 1) {
      cluster.run(3_000);
      const { ackedIndex } = cluster.report('n1');
      cluster.host('n1').disk.stuck = false;
      while (cluster.report('n1').ackedIndex === ackedIndex) cluster.run(1);
      cluster.host('n1').disk.stuck = true;
      cluster.write('n1', 'b', { w: 1 });
    }
    expect(cluster.transitions).toEqual([]);
  });

  test('nor is one that never catches up with what is written', () => {
    const cluster = new Members('n2', 'n3');
    cluster.host('n1').disk.delayMs = () => 600;
    for (let round = 0; round < 80; round += 1) {
      cluster.write('n1', 'a', { w: 1 });
      cluster.run(100);
      const { lagEntries } = cluster.report('n1');
      expect(lagEntries).toBeGreaterThan(0);
    }
    expect(cluster.transitions).toEqual([]);
  });

  test('B22: it is read-only for as long as its disk is full, and says why', () => {
    const cluster = new Members('n2', 'n3');
    const mode = () => {
      const { mode, reason } = masterOf(cluster);
      return { mode, reason };
    };
    const { disk } = cluster.host('n1');
    disk.trouble = () => 'full';
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(50);
    expect(mode()).toEqual({ mode: 'read-only', reason: 'no room on disk: no space' });
    expect(cluster.report('n1').lastError).toBe('no space');
    disk.trouble = () => 'none';
    cluster.run(200);
    expect(mode()).toEqual({ mode: 'read-write', reason: null });
    // One that fails without being full is asked again, and takes writes meanwhile.
    disk.trouble = () => 'error';
    cluster.write('n1', 'b', { w: 1 });
    cluster.run(50);
    expect(mode()).toEqual({ mode: 'read-write', reason: null });
  });

  test('C15: what its disk did not do while the whole process stood still is no news', () => {
    const cluster = stuck();
    cluster.run(1_000);
    cluster.pause('n1');
    cluster.run(10_000);
    cluster.resume('n1');
    cluster.run(3_500);
    expect(cluster.transitions).toEqual([]);
    cluster.run(1_000);
    expect(cluster.transitions).toEqual(['n1 Healthy → Suspected']);
  });
});

describe('Member: the disk of a secondary', () => {
  test('what it says of its disk stands in its row, until it says no more of it', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 2 });
    for (const id of ['n1', 'n2']) {
      cluster.start(id);
      cluster.run(300);
    }
    const row = () => masterOf(cluster).members.find(({ node }) => node === 'n2')!;
    const { disk } = cluster.host('n2');
    disk.trouble = () => 'full';
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(1_100);
    expect(row()).toMatchObject({ ackedIndex: 0, lastError: 'no space' });
    disk.trouble = () => 'none';
    cluster.run(1_100);
    expect(row()).toMatchObject({ ackedIndex: 1, lastError: null });
    disk.trouble = () => 'error';
    cluster.write('n1', 'b', { w: 1 });
    cluster.run(1_100);
    expect(row().lastError).toBe('I/O error');
    // Who is not heard any more may have mended it.
    cluster.weather = () => 'lost';
    cluster.run(10_000);
    expect(row().lastError).not.toContain('I/O');
    expect(row().lastError).not.toBeNull();
  });

  test('of what a foreign one says of its disk so much is kept as fits on a screen', () => {
    const cluster = new Members('n2');
    cluster.node('n2').says = { trouble: 'x'.repeat(100_000) };
    cluster.run(1_000);
    expect(cluster.report('n2').lastError).toBe('x'.repeat(300));
  });
});

describe('Member: whether it has a disk', () => {
  test('it says so itself, at each start; who says nothing is not taken for one without', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 3 });
    cluster.start('n1', { durable: true });
    cluster.run(300);
    cluster.start('n2', { durable: false });
    cluster.start('n3');
    cluster.run(1_000);
    const { replica } = cluster.host('n1');
    expect(replica?.inMemory).toEqual(['n2']);
    expect(cluster.host('n2').replica?.inMemory).toEqual([]);
    cluster.start('n2', { durable: true });
    cluster.run(1_000);
    expect(replica?.inMemory).toEqual([]);
  });
});

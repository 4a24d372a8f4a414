import { describe, expect, test } from 'vitest';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { entries } from '../bench.ts';
import { masterOf, three } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import { without } from '../virtual-network.ts';

const restart = (cluster: VirtualCluster, wipe = false) =>
  cluster.start('n1', { arbiter: null, size: 3, wipe });

describe('Recovery', () => {
  test('C13: a master that crashed behind a secondary fetches what it does not have', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.host('n1').disk.stuck = true;
    cluster.write('n1', 'b', { w: 1 });
    cluster.run(100);
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    expect(cluster.host('n1').log.persisted).toBe(1);
    restart(cluster);
    cluster.run(300);
    expect(cluster.entries('n1')).toEqual(['1:a', '2:b']);
    cluster.write('n1', 'c', { w: 3 });
    cluster.run(100);
    for (const id of ['n1', 'n2', 'n3']) {
      expect(cluster.entries(id)).toEqual(['1:a', '2:b', '3:c']);
      expect(cluster.host(id).log.entries.map(({ epoch }) => epoch)).toEqual([1, 1, 2]);
    }
  });

  test('C13: a master that lost its memory fetches everything', () => {
    const cluster = three({ snapshotEntriesMax: 7 });
    for (let i = 1; i <= 40; i += 1) cluster.write('n1', `m${i}`);
    cluster.run(1_000);
    const before = cluster.entries('n2');
    cluster.kill('n1');
    restart(cluster, true);
    cluster.run(6_500);
    expect(cluster.entries('n1')).toEqual(before);
    expect(before).toHaveLength(40);
    expect(cluster.status('n1').epoch).toBeGreaterThan(1);
    const ticket = cluster.write('n1', 'next', { w: 3 });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', first: 41 });
  });

  test('C13: a member that gives nothing of what it has is not asked again and again', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.kill('n1');
    for (const id of ['n2', 'n3']) {
      const { log } = cluster.host(id);
      const whole = log.chunk.bind(log);
      log.chunk = (from, to) => ({ ...whole(from, to), updates: [] });
    }
    let asked = 0;
    cluster.weather = (_from, _to, what) => {
      if (what === 'Fetch') asked += 1;
      return 1;
    };
    restart(cluster, true);
    cluster.run(6_500);
    // Once for each time that one has said how much it has.
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(60);
  });

  test('C13: and does not settle for a part of it when fetching fails halfway', () => {
    const cluster = three({ snapshotEntriesMax: 7 });
    cluster.run(100);
    cluster.weather = without('n3');
    for (let i = 1; i <= 40; i += 1) cluster.write('n1', `m${i}`);
    cluster.run(1_000);
    cluster.kill('n1');
    let fetches = 0;
    cluster.weather = (from, to, what) => {
      if (what !== 'Fetched') return 1;
      fetches += 1;
      return fetches === 3 && (from === 'n2' || to === 'n2') ? 'lost' : 1;
    };
    restart(cluster, true);
    cluster.run(20_000);
    expect(fetches).toBeGreaterThan(3);
    expect(cluster.entries('n1')).toHaveLength(40);
  });

  test('C13: nor for what the first secondary has, if another may have more', () => {
    const cluster = three();
    cluster.weather = without('n3');
    const kept = cluster.write('n1', 'a');
    cluster.run(1_000);
    expect(cluster.outcome(kept)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
    cluster.weather = () => 1;
    cluster.kill('n1');
    restart(cluster, true);
    cluster.run(12_000);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a']);
  });

  test('C13: a log that does not continue its own is asked for once, and not taken', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.kill('n1');
    cluster.kill('n2');
    // As after a folder of another cluster was put there by hand.
    const { log } = cluster.host('n2');
    log.truncate(logIndex(0));
    log.append(entries(1, 5));
    log.persist(logIndex(5));
    let fetches = 0;
    cluster.weather = (_from, to, what) => {
      if (to === 'n2' && what === 'Fetch') fetches += 1;
      return 1;
    };
    cluster.start('n2', { arbiter: 'n1' });
    restart(cluster);
    cluster.run(1_000);
    expect([masterOf(cluster).mode, fetches]).toEqual(['read-write', 1]);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a']);
  });

  test('but a secondary that never comes back is not waited for longer than a while', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.kill('n1');
    cluster.kill('n3');
    restart(cluster, true);
    cluster.run(13_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    expect(cluster.entries('n1')).toEqual(['1:a']);
  });

  test('a cluster that is new waits for nobody but its quorum', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(10);
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(20);
    const ticket = cluster.write('n1', 'a');
    cluster.run(20);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', first: 1 });
  });

  test('C13: it takes no write before it has heard a majority', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3, key: 'k' });
    cluster.run(100);
    cluster.weather = without('n2', 'n3');
    restart(cluster);
    cluster.run(1_000);
    const refused = cluster.write('n1', 'b', { w: 1 });
    const known = cluster.write('n1', 'a', { w: 1, key: 'k' });
    cluster.run(10);
    expect(cluster.outcome(refused)).toEqual({ type: 'Recovering' });
    expect(cluster.outcome(known)).toMatchObject({ type: 'Stored', first: 1, duplicate: true });
    expect(masterOf(cluster).mode).toBe('read-only');
    expect(cluster.entries('n1')).toEqual(['1:a']);
    cluster.weather = without('n3');
    cluster.run(1_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    cluster.write('n1', 'b');
    cluster.run(10);
    expect(cluster.entries('n2')).toEqual(['1:a', '2:b']);
  });

  test('C13: of a configured size, a majority is heard, also of nodes that it has not met', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.weather = without('n2');
    const kept = cluster.write('n1', 'b', { w: 2 });
    cluster.run(100);
    expect(cluster.outcome(kept)).toMatchObject({ type: 'Stored', acks: ['n1', 'n3'] });
    for (const id of ['n1', 'n3']) cluster.kill(id);
    // The secondary that was behind becomes its own arbiter: it knows of no members.
    cluster.weather = () => 1;
    cluster.start('n2', { arbiter: null, size: 3 });
    cluster.run(20_000);
    expect(cluster.status('n2')).toMatchObject({ mode: 'read-only', lastIndex: 1 });
    cluster.start('n3', { arbiter: 'n2' });
    cluster.run(2_000);
    expect(cluster.status('n2')).toMatchObject({ mode: 'read-write' });
    for (const id of ['n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a', '2:b']);
  });

  test('C13: and whom a forgetful arbiter appoints does not settle alone', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 3 });
    for (const id of ['n1', 'n2', 'n3']) {
      cluster.start(id);
      cluster.run(10);
    }
    cluster.run(100);
    cluster.weather = without('n2');
    const kept = cluster.write('n1', 'a', { w: 2 });
    cluster.run(100);
    expect(cluster.outcome(kept)).toMatchObject({ type: 'Stored', acks: ['n1', 'n3'] });
    for (const id of ['n1', 'n2', 'n3']) cluster.kill(id);
    cluster.weather = () => 1;
    cluster.arbiter({ size: 3, wipe: true });
    cluster.start('n2');
    cluster.run(2_000);
    expect(cluster.status('n2')).toMatchObject({ role: 'master', mode: 'read-only' });
    cluster.start('n3');
    cluster.run(2_000);
    for (const id of ['n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a']);
  });

  test('C13: a settled master is soon read-write, not a heartbeat later', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.kill('n1');
    restart(cluster);
    cluster.run(8);
    expect(masterOf(cluster).mode).toBe('read-write');
  });

  test('C14: a batch that no member has whole is dropped, here and there', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.weather = without('n2', 'n3');
    cluster.host('n1').disk.stuck = true;
    cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 1, key: 'batch' });
    cluster.run(10);
    cluster.kill('n1', 3);
    cluster.host('n1').disk.stuck = false;
    cluster.weather = () => 1;
    expect(cluster.host('n1').log.lastIndex).toBe(4);
    restart(cluster);
    expect(cluster.entries('n1')).toEqual(['1:a', '2:b1', '3:b2']);
    cluster.run(300);
    expect(cluster.entries('n1')).toEqual(['1:a']);
    const ticket = cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 3, key: 'batch' });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ first: 2, last: 4, duplicate: false });
    expect(cluster.entries('n3')).toEqual(['1:a', '2:b1', '3:b2', '4:b3']);
  });

  test('its epoch is not remembered as accepted while what was dropped is on its disk', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.weather = without('n2', 'n3');
    cluster.host('n1').disk.stuck = true;
    cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 1 });
    cluster.run(10);
    cluster.kill('n1', 3);
    cluster.weather = () => 1;
    restart(cluster);
    cluster.run(1_000);
    expect(cluster.entries('n1')).toEqual(['1:a']);
    expect(cluster.host('n1').memory).toMatchObject({ epoch: 2, acceptedEpoch: 1 });
    cluster.host('n1').disk.stuck = false;
    cluster.run(200);
    expect(cluster.host('n1').memory).toMatchObject({ epoch: 2, acceptedEpoch: 2 });
  });

  test('C14: a batch that a member has whole is completed from there', () => {
    const cluster = three();
    cluster.host('n1').disk.stuck = true;
    cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 1 });
    cluster.run(100);
    cluster.kill('n1', 2);
    cluster.host('n1').disk.stuck = false;
    restart(cluster);
    cluster.run(300);
    expect(cluster.entries('n1')).toEqual(['1:b1', '2:b2', '3:b3']);
  });

  test('C9, C14: while it is open whether a batch is whole, its key is not answered', () => {
    const cluster = three();
    cluster.weather = without('n2', 'n3');
    cluster.host('n1').disk.stuck = true;
    cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 1, key: 'k' });
    cluster.run(10);
    cluster.kill('n1', 2);
    cluster.host('n1').disk.stuck = false;
    restart(cluster);
    cluster.run(10);
    const early = cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 1, key: 'k' });
    cluster.run(10);
    expect(cluster.outcome(early)).toEqual({ type: 'Recovering' });
    cluster.weather = () => 1;
    cluster.run(6_000);
    const other = cluster.write('n1', 'other', { w: 3 });
    const again = cluster.batch('n1', ['b1', 'b2', 'b3'], { w: 3, key: 'k' });
    cluster.run(100);
    expect(cluster.outcome(other)).toMatchObject({ first: 1 });
    expect(cluster.outcome(again)).toMatchObject({ first: 2, last: 4, duplicate: false });
  });

  test('C13: what the slower of two secondaries has is fetched, too', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.host('n1').disk.stuck = true;
    cluster.weather = without('n2');
    cluster.write('n1', 'b', { w: 1 });
    cluster.run(50);
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    cluster.weather = (from, _to, what) => (from === 'n3' && what === 'HeartbeatAck' ? 40 : 1);
    restart(cluster);
    cluster.run(500);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a', '2:b']);
  });

  test('a secondary that is known to be down is not waited for', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.kill('n1');
    cluster.kill('n3');
    restart(cluster);
    cluster.run(8);
    expect(masterOf(cluster).mode).toBe('read-write');
  });

  test('what a secondary has beyond the log of the new epoch is dropped there', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    cluster.host('n1').disk.stuck = true;
    cluster.weather = without('n2');
    cluster.write('n1', 'lost', { w: 1 });
    cluster.run(50);
    expect(cluster.entries('n3')).toEqual(['1:a', '2:lost']);
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    cluster.weather = without('n3');
    restart(cluster);
    cluster.run(500);
    cluster.write('n1', 'b');
    cluster.run(500);
    cluster.weather = () => 1;
    cluster.run(3_000);
    expect(cluster.entries('n3')).toEqual(['1:a', '2:b']);
    expect(cluster.status('n3').counters).toBeDefined();
  });

  test('an old tail is not taken for part of a newer log (figure 8 of the Raft paper)', () => {
    const cluster = three();
    cluster.weather = without('n2');
    cluster.host('n1').disk.stuck = true;
    cluster.write('n1', 'old1', { w: 1 });
    cluster.write('n1', 'old2', { w: 1 });
    cluster.write('n1', 'old3', { w: 1 });
    cluster.run(100);
    expect(cluster.entries('n3')).toHaveLength(3);
    cluster.kill('n1');
    cluster.kill('n3');
    cluster.host('n1').disk.stuck = false;
    cluster.weather = () => 1;
    restart(cluster);
    cluster.run(5_000);
    const kept = cluster.write('n1', 'kept');
    cluster.run(100);
    expect(cluster.outcome(kept)).toMatchObject({ type: 'Stored', first: 1 });
    cluster.kill('n1');
    cluster.start('n3', { arbiter: 'n1' });
    restart(cluster);
    cluster.run(3_000);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:kept']);
  });

  test('a fresh cluster of one serves at once', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    cluster.run(3);
    const ticket = cluster.write('n1', 'a');
    cluster.run(3);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', acks: [nodeId('n1')] });
    expect(cluster.host('n1').log.lastIndex).toBe(logIndex(1));
  });
});

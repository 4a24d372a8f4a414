import { describe, expect, test } from 'vitest';
import { epoch, incarnation, logIndex, nodeId, seq, session } from '../../../src/core/ids.ts';
import { peer } from '../bench.ts';
import { ForeignSecondary } from '../foreign-secondary.ts';
import { Members } from '../members.ts';
import { masterOf, three } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

/** Where the log of a master that has nothing ends. */
const NOTHING = { lastIndex: logIndex(0), commitIndex: logIndex(0) };

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
    expect(masterOf(cluster).members).toHaveLength(2);
  });

  test('C6, B44: two nodes at one address count once: who answers there, says which', () => {
    const cluster = new Members('n2');
    cluster.announce('n1', 'n2', { node: nodeId('n3'), url: 'n2' });
    const both = cluster.write('n1', 'a', { w: 2 });
    const all = cluster.write('n1', 'b', { w: 3 });
    cluster.run(10_000);
    expect(cluster.outcome(both)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
    expect(cluster.outcome(all)).toBeUndefined();
    expect(cluster.report('n3')).toMatchObject({
      status: 'Unhealthy',
      ackedIndex: null,
      lastError: 'n2 answers at n2',
    });
    // Both are sent heartbeats there, neither more than others.
    const beats = cluster.node('n2').received.filter(({ type }) => type === 'Heartbeat');
    expect(beats.length).toBeLessThanOrEqual((2 * 10_000) / 500 + 10);
    // It gets an address of its own.
    cluster.foreign('n3', new ForeignSecondary('n3'));
    cluster.announce('n1', 'n2', 'n3');
    cluster.run(1_000);
    expect(cluster.outcome(all)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2', 'n3'] });
  });

  test('a member that was given the address of the master does not depose it', () => {
    const cluster = new Members('n2');
    cluster.announce('n1', 'n2', { node: nodeId('n3'), url: 'n1' });
    cluster.write('n1', 'a');
    cluster.run(10_000);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1, mode: 'read-write' });
    expect(cluster.report('n3')).toMatchObject({
      status: 'Unhealthy',
      lastError: 'n1 answers at n1',
    });
  });

  test('who refuses the epoch of the master itself, and is no second one, does not either', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').manner = 'stale-epoch';
    const both = cluster.write('n1', 'a', { w: 2 });
    cluster.run(10_000);
    expect(cluster.status('n1')).toMatchObject({ role: 'master', epoch: 1, mode: 'read-write' });
    expect(cluster.outcome(both)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
    expect(cluster.report('n3').lastError).toBe('refused: stale-epoch');
  });

  test('a higher epoch in the answer to a heartbeat ends its office', () => {
    const cluster = new Members('n2', 'n3');
    cluster.run(600);
    cluster.node('n3').says = { epoch: epoch(50) };
    cluster.run(600);
    // It asks its arbiter for another one, behind that.
    expect(cluster.status('n1').epoch).toBeGreaterThanOrEqual(50);
  });

  test('what still comes from where a node was before is no word of it', () => {
    const cluster = new Members('n2');
    // Its heartbeat of the old place is under way when it moves to one where nobody answers.
    cluster.weather = (from, to) => (to === 'away' ? 'lost' : from === 'n2' ? 400 : 1);
    cluster.run(500);
    cluster.announce('n1', { node: nodeId('n2'), url: 'away' });
    cluster.run(450);
    expect(cluster.report('n2')).toMatchObject({ url: 'away', lastHeartbeatMs: null });
  });

  test('C23: nothing may be compacted away that the master’s own disk does not have', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 3 });
    for (const id of ['n1', 'n2', 'n3']) {
      cluster.start(id);
      cluster.run(300);
    }
    cluster.host('n1').disk.stuck = true;
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(300);
    expect(cluster.status('n1')).toMatchObject({ commitIndex: 1, persistedIndex: 0 });
    expect(cluster.host('n1').replica!.compactTo).toBe(0);
    cluster.host('n1').disk.stuck = false;
    cluster.run(1_000);
    expect(cluster.host('n1').replica!.compactTo).toBe(1);
  });

  test('C23: nor what a member has acknowledged before it said where it stands', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 2 });
    cluster.start('n1');
    cluster.run(50);
    let dumb = true;
    cluster.weather = (from, _, what) =>
      dumb && from === 'n2' && what === 'HeartbeatAck' ? 'lost' : 1;
    cluster.start('n2');
    cluster.run(10);
    const ticket = cluster.write('n1', 'a', { w: 2 });
    cluster.run(500);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
    expect(cluster.host('n1').replica!.compactTo).toBe(0);
    dumb = false;
    cluster.run(1_500);
    expect(cluster.host('n1').replica!.compactTo).toBe(1);
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

  test('B46, C16: what it still says of its session then ends none that it has had since', () => {
    const cluster = new Members('n2');
    const node = cluster.node('n2');
    node.manner = 'stale-session';
    cluster.weather = (from, _to, what) => (from === 'n2' && what === 'Refused' ? 300 : 1);
    cluster.write('n1', 'a', { w: 1 });
    while (node.snapshots.length === 0) cluster.run(1);
    cluster.announce('n1');
    cluster.run(5);
    node.manner = 'takes';
    cluster.announce('n1', 'n2');
    cluster.run(5_000);
    cluster.write('n1', 'b', { w: 2 });
    cluster.run(100);
    const [before, ...since] = new Set(node.snapshots.map(({ session }) => session));
    expect([before, since.length]).toEqual([expect.any(Number), 1]);
    expect(cluster.report('n2')).toMatchObject({ lagEntries: 0, lastError: null });
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
  test('B37, C12, G11: a new incarnation begins with nothing acknowledged', () => {
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

  test('one that is back is found at the word of the arbiter, not by the next heartbeat', () => {
    const cluster = new Members('n2');
    const sessions = () => new Set(cluster.node('n2').snapshots.map(({ session }) => session));
    cluster.write('n1', 'a', { w: 2 });
    for (let i = 1; i <= 5; i += 1) {
      cluster.run(1_730);
      cluster.node('n2').restart();
      // It has joined again, by which the set is what it was.
      cluster.announce('n1', 'n2');
      cluster.run(10);
      expect(sessions().size).toBe(1 + i);
      expect(cluster.report('n2').ackedIndex).toBe(1);
    }
  });

  test('C12: one that is back with all it had acknowledges it, and who waits is answered', () => {
    const cluster = new Members('n2');
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(100);
    // It takes the next one, and ends before its answer arrives.
    cluster.weather = (from, _to, what) => (from === 'n2' && what === 'SnapshotAck' ? 'lost' : 1);
    const waiting = cluster.write('n1', 'b', { w: 2 });
    cluster.run(10);
    expect(cluster.node('n2').lastIndex).toBe(2);
    cluster.node('n2').restart('kept');
    cluster.weather = () => 1;
    cluster.run(1_000);
    expect(cluster.outcome(waiting)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
    expect(cluster.report('n2').ackedIndex).toBe(2);
    // In its new session it was sent that one operation, as the first.
    const { seq, updates } = cluster.node('n2').snapshots.at(-1)!;
    expect([seq, updates.map(({ index }) => index)]).toEqual([0, [2]]);
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

describe('Membership: a session that began before its node was heard', () => {
  test('C12: what was acknowledged in it counts for nothing when another life answers', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    cluster.run(5);
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(5);
    cluster.weather = (_from, _to, what) => (what === 'HeartbeatAck' ? 'lost' : 1);
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(300);
    const report = () => masterOf(cluster).members.find(({ node }) => node === 'n3')!;
    expect(report().ackedIndex).toBe(1);
    cluster.kill('n3');
    cluster.weather = () => 1;
    cluster.start('n3', { arbiter: 'n1', wipe: true });
    cluster.run(3_000);
    expect(cluster.entries('n3')).toEqual(['1:a']);
  });
});

describe('Membership: after a refusal', () => {
  test('C12: what an earlier life answered, and comes only then, begins no session', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null, size: 2 });
    cluster.run(5);
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(200);
    for (const text of ['a', 'b', 'c']) cluster.write('n1', text, { w: 2 });
    cluster.run(200);
    // One answer of this life takes long, those of the next one are lost.
    let held = false;
    cluster.weather = (_from, to, what) => {
      if (to !== 'n1' || what !== 'HeartbeatAck') return 1;
      if (held) return 'lost';
      held = true;
      return 60;
    };
    while (!held) cluster.run(1);
    cluster.kill('n2');
    cluster.start('n2', { arbiter: 'n1', wipe: true });
    const from = cluster.trace.length;
    cluster.write('n1', 'd', { w: 1 });
    cluster.run(300);
    const said = cluster.trace.slice(from);
    expect(said.some((line) => line.includes('Refused code=out-of-order'))).toBe(true);
    expect(said.filter((line) => line.includes('prev=3') || line.includes('prev=4'))).toEqual([]);
  });
});

test('G20: nothing is compacted that a member which is back has not acknowledged yet', () => {
  const cluster = new VirtualCluster();
  cluster.start('n1', { arbiter: null, size: 3 });
  cluster.run(10);
  for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
  cluster.run(400);
  for (let i = 0; i < 5; i += 1) cluster.write('n1', `${i}`, { w: 3 });
  cluster.run(400);
  expect(cluster.host('n1').replica!.compactTo).toBe(5);
  cluster.kill('n3');
  cluster.weather = (_from, to, what) => (to === 'n3' && what === 'Snapshot' ? 'lost' : 1);
  cluster.start('n3', { arbiter: 'n1' });
  cluster.run(600);
  expect(cluster.host('n1').replica!.compactTo).toBe(0);
});

test('a master that counts epochs anew, without a memory, numbers sessions above its own', () => {
  const cluster = new VirtualCluster();
  const secondary = cluster.foreign('n2', new ForeignSecondary('n2'));
  const sessions: number[] = [];
  for (const bornAtMs of [1_000, 2_000]) {
    cluster.start('n1', { arbiter: null, wipe: true, bornAtMs });
    const join = { type: 'Join' as const, node: nodeId('n2'), url: 'n2', epoch: epoch(0) };
    const life = { incarnation: incarnation('n2#1'), lastIndex: logIndex(0) };
    cluster.run(10);
    cluster.request('n1', { ...join, ...life });
    cluster.run(200);
    cluster.write('n1', 'a');
    cluster.run(200);
    expect(cluster.status('n1').epoch).toBe(1);
    sessions.push(secondary.snapshots.at(-1)!.session);
  }
  expect(sessions[1]! - sessions[0]!).toBe(1_000);
});

describe('Membership: what comes late, or twice', () => {
  test('what a session at the old address is told ends none at the new one', () => {
    const cluster = new Members('n2');
    cluster.node('n2').manner = 'stale-session';
    cluster.weather = (from) => (from === 'n2' ? 400 : 1);
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(350);
    const moved = cluster.foreign('new', new ForeignSecondary('n2'));
    cluster.announce('n1', { node: nodeId('n2'), url: 'new' });
    cluster.run(3_000);
    expect(moved.lastIndex).toBe(1);
    expect(new Set(moved.snapshots.map((snapshot) => snapshot.session)).size).toBe(1);
    expect(cluster.report('n2').lastError).toBeNull();
  });

  test('B12: who writes for all when another has joined waits for that one, too', () => {
    const cluster = new Members('n2');
    cluster.node('n2').manner = 'silent';
    const before = cluster.write('n1', 'a', { w: 'all' });
    const n3 = cluster.foreign('n3', new ForeignSecondary('n3'));
    n3.manner = 'silent';
    cluster.announce('n1', 'n2', 'n3');
    cluster.run(100);
    const after = cluster.write('n1', 'b', { w: 'all' });
    cluster.node('n2').manner = 'takes';
    cluster.run(1_000);
    expect(cluster.outcome(before)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
    expect(cluster.outcome(after)).toBeUndefined();
    n3.manner = 'takes';
    cluster.run(2_100);
    expect(cluster.outcome(after)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2', 'n3'] });
  });

  test('C23: nothing may be compacted away that is not committed, though nobody is left', () => {
    const cluster = three();
    cluster.weather = (from, to) => (from === 'n1' && to !== 'n1' ? 'lost' : 1);
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(100);
    for (const node of ['n2', 'n3']) cluster.request('n1', { type: 'Leave', node: nodeId(node) });
    cluster.run(100);
    expect(masterOf(cluster).members).toHaveLength(1);
    expect(cluster.status('n1')).toMatchObject({ commitIndex: 0, persistedIndex: 1 });
    expect(cluster.host('n1').replica!.compactTo).toBe(0);
  });

  test('a master that is one no longer judges nobody', () => {
    const cluster = new Members('n2', 'n3');
    cluster.node('n3').deaf = true;
    cluster.run(6_000);
    cluster.node('n3').deaf = false;
    cluster.weather = (from, to) => (from === 'n3' ? 300 : to === 'arbiter' ? 'lost' : 1);
    cluster.run(550);
    cluster.request('n1', { type: 'Heartbeat', epoch: epoch(9), master: peer('n9'), ...NOTHING });
    const before = cluster.trace.length;
    cluster.run(400);
    expect(cluster.status('n1').role).toBe('secondary');
    expect(cluster.trace.slice(before).filter((line) => line.includes('Healthy'))).toEqual([]);
  });

  test('G11: who left is remembered no more as one that has had the log', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(1_000);
    expect(cluster.host('n1').memory.established).toEqual(['n2', 'n3']);
    cluster.request('n1', { type: 'Leave', node: nodeId('n3') });
    cluster.run(100);
    expect(cluster.host('n1').memory.established).toEqual(['n2']);
  });

  test('a master that waits for its members asks ten times a second', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    for (const id of ['n1', 'n2', 'n3']) cluster.kill(id);
    cluster.start('n1', { arbiter: null, size: 3 });
    let beats = 0;
    cluster.weather = (_from, to, what) => {
      if (to === 'n2' && what === 'Heartbeat') beats += 1;
      return 'lost';
    };
    cluster.run(1_000);
    expect(masterOf(cluster).mode).toBe('read-only');
    expect(beats).toBeGreaterThanOrEqual(9);
    expect(beats).toBeLessThanOrEqual(12);
  });

  test('C11: no session begins with one that is Unhealthy when the master has recovered', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    for (const id of ['n1', 'n2', 'n3']) cluster.kill(id);
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(6_000);
    expect(masterOf(cluster).members[2]).toMatchObject({ node: 'n3', status: 'Unhealthy' });
    cluster.start('n2', { arbiter: 'n1' });
    let snapshots = 0;
    cluster.weather = (_from, to, what) => {
      if (to === 'n3' && what === 'Snapshot') snapshots += 1;
      return 1;
    };
    cluster.run(3_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    expect(snapshots).toBe(0);
  });
});

test('a session that ends for another reason than a difference begins without a reset', () => {
  const cluster = three();
  cluster.write('n1', 'a', { w: 3 });
  cluster.run(1_000);
  const resets: unknown[] = [];
  const host = cluster.host('n2');
  let refused = false;
  host.around = (event, step) => {
    if (event.type === 'Received' && event.request.type === 'Snapshot') {
      resets.push(event.request.reset ?? false);
      if (!refused) {
        refused = true;
        cluster.request('n2', { ...event.request, session: session(2 ** 40), seq: seq(0) });
      }
    }
    step();
  };
  cluster.write('n1', 'b', { w: 3 });
  cluster.run(3_000);
  expect(resets.length).toBeGreaterThan(1);
  expect(resets.every((reset) => reset === false)).toBe(true);
  expect(cluster.entries('n2')).toEqual(['1:a', '2:b']);
});

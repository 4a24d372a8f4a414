import { describe, expect, test } from 'vitest';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { Electorate } from '../../../src/core/recovery/electorate.ts';
import { Bench, entries, peer } from '../bench.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import { without } from '../virtual-network.ts';

const [n2, n3, n4] = ['n2', 'n3', 'n4'].map(nodeId) as [never, never, never];

function electorate(appointed: readonly never[], established?: readonly never[]) {
  const memory = established === undefined ? {} : { established };
  const bench = new Bench({ entries: entries(1, 5), memory });
  const remembered = () => bench.context.bookkeeping.current.established;
  const replicas = ['n1', ...appointed].map(peer);
  return { bench, remembered, electorate: new Electorate(bench.context, { replicas }) };
}

/** Of n1, which is appointed with n2 and n3, and told whom the master before it has named. */
function successor(named: readonly string[], log = entries(1, 5)): Electorate {
  const bench = new Bench({ entries: log });
  const replicas = ['n1', 'n2', 'n3'].map(peer);
  return new Electorate(bench.context, { replicas, established: named.map(nodeId) });
}

describe('Electorate', () => {
  test('a master that remembers nothing takes the members it is appointed with', () => {
    const { electorate: made, remembered } = electorate([n2, n3]);
    expect([n2, n3, n4].map((node) => made.has(node))).toEqual([true, true, false]);
    expect(remembered()).toEqual(['n2', 'n3']);
  });

  test('otherwise those that it remembers, and that are still members', () => {
    const { electorate: made, remembered } = electorate([n2, n3], [n3, n4]);
    expect([n2, n3, n4].map((node) => made.has(node))).toEqual([false, true, false]);
    expect(remembered()).toEqual(['n3']);
  });

  test('a newcomer is established when it has all that the log held when it joined', () => {
    const { bench, electorate: made, remembered } = electorate([n2]);
    made.settle();
    made.joined(n3);
    bench.ledger.append(entries(6, 9));
    made.acknowledged(n3, logIndex(4));
    expect(made.has(n3)).toBe(false);
    made.acknowledged(n3, logIndex(5));
    expect(made.has(n3)).toBe(true);
    expect(remembered()).toEqual(['n2', 'n3']);
  });

  test.each([
    ['', false],
    [', nor that it comes back at another address', true],
  ])('what an established member acknowledges is nothing to write down%s', (_, comesBack) => {
    const { bench, electorate: made } = electorate([n2], [n2]);
    made.settle();
    if (comesBack) made.joined(n2);
    made.acknowledged(n2, logIndex(5));
    expect(bench.take()).toEqual([]);
  });

  test('a newcomer that comes back at another address needs no more than before', () => {
    const { bench, electorate: made } = electorate([n2]);
    made.settle();
    made.joined(n3);
    bench.ledger.append(entries(6, 9));
    made.joined(n3);
    made.acknowledged(n3, logIndex(5));
    expect(made.has(n3)).toBe(true);
  });

  test('one that joins before the epoch is settled: all that it was settled with', () => {
    const { bench, electorate: made } = electorate([n2, n3], [n2]);
    made.joined(n4);
    bench.ledger.append(entries(6, 7));
    made.settle();
    for (const node of [n3, n4]) {
      made.acknowledged(node, logIndex(6));
      expect(made.has(node)).toBe(false);
      made.acknowledged(node, logIndex(7));
      expect(made.has(node)).toBe(true);
    }
  });

  test.each([0, 5])('nor is it by what it has before, in a log of %i entries', (held) => {
    const bench = new Bench({ entries: entries(1, held), memory: { established: [n2] } });
    const made = new Electorate(bench.context, { replicas: ['n1', 'n2'].map(peer) });
    made.joined(n3);
    made.acknowledged(n3, logIndex(held));
    expect(made.has(n3)).toBe(false);
    bench.ledger.append(entries(held + 1, held + 2));
    made.settle();
    expect(made.has(n3)).toBe(false);
    made.acknowledged(n3, logIndex(held + 2));
    expect(made.has(n3)).toBe(true);
  });

  test('a newcomer that leaves and comes back needs what the log holds by then', () => {
    const { bench, electorate: made } = electorate([n2]);
    made.settle();
    made.joined(n3);
    made.left(n3);
    bench.ledger.append(entries(6, 9));
    made.joined(n3);
    made.acknowledged(n3, logIndex(5));
    expect(made.has(n3)).toBe(false);
  });

  test('who leaves and comes back is a newcomer again', () => {
    const { electorate: made, remembered } = electorate([n2, n3]);
    made.settle();
    made.left(n3);
    expect(remembered()).toEqual(['n2']);
    made.joined(n3);
    expect(made.has(n3)).toBe(false);
  });
});

describe('Electorate: of a master that has followed another one', () => {
  test('whom that one has named is established, whatever this one remembers', () => {
    const bench = new Bench({ entries: entries(1, 5), memory: { established: [n2] } });
    const replicas = ['n1', 'n2', 'n3'].map(peer);
    const named = ['n1', 'n3'].map(nodeId);
    const made = new Electorate(bench.context, { replicas, established: named });
    expect([made.has(n2), made.has(n3), made.told.established]).toEqual([false, true, named]);
    expect(bench.context.bookkeeping.current.established).toEqual([n3]);
  });

  test('it remembers those beside the ones that it remembered', () => {
    const bench = new Bench({ entries: entries(1, 5), memory: { established: [n2] } });
    const replicas = ['n1', 'n2', 'n3'].map(peer);
    new Electorate(bench.context, { replicas, established: ['n1', 'n2', 'n3'].map(nodeId) });
    expect(bench.context.bookkeeping.current.established).toEqual([n2, n3]);
  });

  test.each<[string, readonly string[], readonly never[], boolean]>([
    ['itself and one more of three', ['n1', 'n2', 'n3'], [n2], true],
    ['itself alone', ['n1', 'n2', 'n3'], [], false],
    ['one that has just joined', ['n1', 'n2'], [n3], false],
    ['another one, where it has just joined itself', ['n2', 'n3'], [n2], false],
    ['both others, where it has just joined itself', ['n2', 'n3'], [n2, n3], true],
    ['whoever is there, where all who were named have left', ['n8', 'n9'], [], true],
  ])('it has heard enough: %s', (_, named, heard, enough) => {
    expect(successor(named).lacking(heard).length === 0).toBe(enough);
  });

  test.each<[string, string, readonly string[]]>([
    ['two who were there with those two', 'n2 n3 n6 n7', ['n1', 'n4', 'n5']],
    ['of those nobody more', 'n2 n3 n4 n6', []],
    ['one of the first', 'n3 n4 n5 n6 n7', ['n1', 'n2']],
  ])('a cluster that has grown by four since it was named: it lacks %s', (_, heard, lacking) => {
    const bench = new Bench({ self: 'n8' });
    const replicas = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'].map(peer);
    const established = ['n1', 'n2', 'n3'].map(nodeId);
    const made = new Electorate(bench.context, { replicas, established });
    expect(made.lacking(heard.split(' ').map(nodeId))).toEqual(lacking);
  });

  test('where it has joined itself it is one of those in between', () => {
    const bench = new Bench({ self: 'n6' });
    const replicas = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'].map(peer);
    const established = ['n1', 'n2', 'n3'].map(nodeId);
    const made = new Electorate(bench.context, { replicas, established });
    expect(made.lacking(['n2', 'n3', 'n7'].map(nodeId))).toEqual(['n1', 'n4', 'n5']);
  });

  test('it counts where it has joined itself, until its epoch is settled', () => {
    const bench = new Bench({ self: 'n4', entries: entries(1, 5) });
    const replicas = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'].map(peer);
    const made = new Electorate(bench.context, {
      replicas,
      established: ['n1', 'n2', 'n3'].map(nodeId),
    });
    expect(made.lacking(['n2', 'n3', 'n6', 'n7'].map(nodeId))).toEqual([]);
    expect(made.lacking(['n3', 'n6', 'n7'].map(nodeId))).toEqual(['n1', 'n2']);
    expect(made.lacking(['n1', 'n2'].map(nodeId))).toEqual([]);
    made.settle();
    // As one of four, with three newcomers.
    expect(made.lacking(['n2', 'n3'].map(nodeId))).toEqual([]);
    expect(made.lacking(['n5', 'n6', 'n7'].map(nodeId))).toEqual(['n1', 'n2', 'n3']);
  });

  test('the arbiter hears when the others will be established, once that is known', () => {
    const bench = new Bench({ entries: entries(1, 5), memory: { established: [n2] } });
    const made = new Electorate(bench.context, { replicas: ['n1', 'n2', 'n3'].map(peer) });
    expect(made.told).toEqual({ established: ['n1', 'n2'] });
    made.settle();
    expect(made.told).toEqual({ established: ['n1', 'n2'], newcomersAt: 5 });
    bench.ledger.append(entries(6, 7));
    made.joined(n4);
    expect(made.told).toMatchObject({ newcomersAt: 7 });
    made.acknowledged(n4, logIndex(7));
    expect(made.told).toEqual({ established: ['n1', 'n2', 'n4'], newcomersAt: 5 });
    made.acknowledged(n3, logIndex(7));
    expect(made.told).toEqual({ established: ['n1', 'n2', 'n4', 'n3'] });
  });

  test('it is established itself once its epoch is settled', () => {
    const made = successor(['n2', 'n3']);
    expect(made.told.established).toEqual(['n2', 'n3']);
    made.settle();
    expect(made.told.established).toEqual(['n1', 'n2', 'n3']);
  });

  test('in the first epoch of a cluster nobody has less than another, before it is settled', () => {
    const bench = new Bench({ entries: [] });
    const appointment = { replicas: [peer('n1')] };
    const later = new Electorate(bench.context, appointment);
    const first = new Electorate(bench.context, appointment, true);
    for (const made of [later, first]) made.joined(n2);
    expect([later, first].map(({ told }) => told)).toEqual([
      { established: ['n1'] },
      { established: ['n1', 'n2'] },
    ]);
  });

  test('where the log is empty nobody has less than another', () => {
    const made = successor(['n1'], []);
    expect(made.told.established).toEqual(['n1']);
    made.settle();
    made.joined(n4);
    expect(made.told.established).toEqual(['n1', 'n2', 'n3', 'n4']);
  });
});

describe('Electorate: what few hold is asked for', () => {
  /** n1 and n2; n2 alone has `b` on disk, and n1 has named it. */
  function two(): VirtualCluster {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    cluster.run(10);
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(200);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(50);
    cluster.host('n1').disk.stuck = true;
    const ticket = cluster.write('n1', 'b', { w: 2, timeoutMs: 50 });
    cluster.run(100);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'TimedOut', acks: ['n2'] });
    return cluster;
  }

  function restart(cluster: VirtualCluster): void {
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    cluster.start('n1', { arbiter: null });
  }

  const mode = (cluster: VirtualCluster) => cluster.status('n1') as { mode?: string };

  /** n1 waits for n2, and has what that holds when it is back. */
  function waitsForIt(cluster: VirtualCluster): void {
    cluster.run(1_000);
    expect(mode(cluster)).toMatchObject({ mode: 'read-only' });
    cluster.weather = () => 1;
    cluster.run(1_000);
    for (const id of ['n1', 'n2', 'n3']) expect(cluster.entries(id)).toEqual(['1:a', '2:b']);
  }

  test('although a node has joined and not caught up when the master died', () => {
    const cluster = two();
    cluster.weather = (...[, , what]) =>
      what === 'Snapshot' || what === 'SnapshotAck' ? 'lost' : 1;
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(600);
    cluster.weather = without('n2');
    restart(cluster);
    waitsForIt(cluster);
  });

  test('although a node has joined, and that epoch ended before it was settled', () => {
    const cluster = two();
    cluster.weather = without('n2');
    restart(cluster);
    cluster.run(200);
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(600);
    restart(cluster);
    waitsForIt(cluster);
  });

  test('a node that has caught up counts, and the first one may be away', () => {
    const cluster = two();
    cluster.host('n1').disk.stuck = false;
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(600);
    expect(cluster.entries('n3')).toEqual(['1:a', '2:b']);
    cluster.weather = without('n2');
    restart(cluster);
    cluster.run(1_000);
    expect(mode(cluster)).toMatchObject({ mode: 'read-write' });
    expect(cluster.entries('n1')).toEqual(['1:a', '2:b']);
  });
});

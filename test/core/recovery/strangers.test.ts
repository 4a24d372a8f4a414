// A new master and members that are not replog's: what only they hold is read as clients read it.

import { describe, expect, test } from 'vitest';
import type { Note } from '../../../src/core/effects.ts';
import { epoch, incarnation, logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { ForeignSecondary } from '../foreign-secondary.ts';
import { masterOf } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

/** n1 and an arbiter of its own; the others know the contract alone. */
function clusterWith(...strangers: readonly ForeignSecondary[]): VirtualCluster {
  const cluster = new VirtualCluster();
  cluster.arbiter({ size: 1 + strangers.length });
  cluster.start('n1', { wants: 'master' });
  cluster.run(10);
  for (const stranger of strangers) {
    cluster.foreign(stranger.id, stranger);
    join(cluster, stranger, 'arbiter');
  }
  cluster.run(200);
  return cluster;
}

function join(
  cluster: VirtualCluster,
  { id, life, lastIndex }: ForeignSecondary,
  to: string,
): void {
  cluster.request(to, {
    type: 'Join',
    node: nodeId(id),
    url: id,
    incarnation: incarnation(`${id}#${life}`),
    epoch: epoch(lastIndex === 0 ? 0 : 1),
    lastIndex: logIndex(lastIndex),
  });
}

function entry(index: number, of: number, message: string): Entry {
  const place = { index: logIndex(index), epoch: epoch(of), at: '2026-01-01T00:00:00.000Z' };
  return { ...place, op: 'append', message };
}

/** It has held this log all along. */
function holding(stranger: ForeignSecondary, ...log: readonly Entry[]): void {
  stranger.log = [...log];
  stranger.lastIndex = log.at(-1)?.index ?? 0;
}

const readsOf = ({ received }: ForeignSecondary) =>
  received.filter(({ type }) => `${type}` === 'ReadLog').length;

const shownBy = ({ log }: ForeignSecondary) =>
  log.map((one) => `${one.index}:${one.op === 'append' ? one.message : one.key}`);

function restart(cluster: VirtualCluster, how: { wipe?: boolean } = {}, ms = 20_000): void {
  cluster.kill('n1');
  cluster.start('n1', { wants: 'master', ...how });
  cluster.run(ms);
}

describe('a new master', () => {
  test('C13: takes nothing of what it reads there when it is master no more', () => {
    const n2 = new ForeignSecondary('n2');
    const cluster = clusterWith(n2);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(1_000);
    cluster.weather = (_from, _to, what) => (what === 'Fetched' ? 500 : 1);
    restart(cluster, { wipe: true }, 10);
    for (let ms = 0; readsOf(n2) < 2 && ms < 20_000; ms += 1) cluster.run(1);
    const later = epoch(cluster.status('n1').epoch + 1);
    const master = { node: nodeId('n3'), url: 'n3' };
    const beat = { lastIndex: logIndex(0), commitIndex: logIndex(0), settled: false };
    cluster.request('n1', { type: 'Heartbeat', epoch: later, master, ...beat });
    cluster.run(1_000);
    expect([readsOf(n2), cluster.entries('n1')]).toEqual([2, []]);
  });

  test('C13: that lost its memory has again what only a stranger holds', () => {
    const n2 = new ForeignSecondary('n2');
    const cluster = clusterWith(n2);
    for (const message of ['a', 'b', 'c', 'd', 'e']) cluster.write('n1', message, { w: 2 });
    cluster.run(1_000);
    expect(shownBy(n2)).toEqual(['1:a', '2:b', '3:c', '4:d', '5:e']);
    const notes: Note[] = [];
    cluster.onNote = (_host, note) => void notes.push(note);
    restart(cluster, { wipe: true });
    expect(cluster.entries('n1')).toEqual(['1:a', '2:b', '3:c', '4:d', '5:e']);
    expect(notes).toContainEqual({ event: 'recovered', count: 5 });
    const next = cluster.write('n1', 'f', { w: 2 });
    cluster.run(1_000);
    expect(cluster.outcome(next)).toMatchObject({ type: 'Stored', first: 6, acks: ['n1', 'n2'] });
    expect(shownBy(n2).at(-1)).toBe('6:f');
  });

  test('C13: so does one that is its own arbiter, and has forgotten that as well', () => {
    const cluster = new VirtualCluster();
    const how = { arbiter: null, size: 2 };
    cluster.start('n1', how);
    cluster.run(10);
    const n2 = cluster.foreign('n2', new ForeignSecondary('n2'));
    join(cluster, n2, 'n1');
    cluster.run(1_000);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(1_000);
    cluster.kill('n1');
    cluster.start('n1', { ...how, wipe: true });
    cluster.run(5_000);
    join(cluster, n2, 'n1');
    cluster.run(20_000);
    expect([masterOf(cluster).mode, cluster.entries('n1')]).toEqual(['read-write', ['1:a']]);
  });

  test('takes what goes on where its own log ends, and that once', () => {
    const n2 = new ForeignSecondary('n2');
    const cluster = clusterWith(n2);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(1_000);
    holding(n2, entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 1, 'c'), entry(4, 1, 'd'));
    restart(cluster);
    expect(cluster.entries('n1')).toEqual(['1:a', '2:b', '3:c', '4:d']);
    expect(cluster.host('n1').log.entries.map((one) => one.epoch)).toEqual([1, 1, 1, 1]);
  });

  test.each([
    ['is of another epoch where its own log ends', [entry(1, 0, 'x'), entry(2, 1, 'b')], ['1:a']],
    ['has nothing where its own log ends', [entry(2, 1, 'b')], ['1:a']],
    ['has an entry of the epoch that begins', [entry(1, 1, 'a'), entry(2, 2, 'b')], ['1:a']],
    ['has one at its very end', [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(3, 2, 'c')], ['1:a']],
    ['has one before its last', [entry(1, 1, 'a'), entry(2, 2, 'b'), entry(3, 1, 'c')], ['1:a']],
    [
      'has compacted something away',
      [entry(1, 1, 'a'), entry(2, 1, 'b'), entry(4, 1, 'd')],
      ['1:a', '2:b'],
    ],
    [
      'goes back to an earlier epoch',
      [entry(1, 1, 'a'), entry(2, 0, 'b'), entry(3, 1, 'c')],
      ['1:a'],
    ],
  ] as const)('takes nothing that does not follow: the log %s', (_, log, expected) => {
    const n2 = new ForeignSecondary('n2');
    const cluster = clusterWith(n2);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(1_000);
    holding(n2, ...log);
    restart(cluster);
    expect(cluster.entries('n1')).toEqual(expected);
    expect(masterOf(cluster).mode).toBe('read-write');
  });

  test.each(['nothing', 'silent'] as const)(
    'opens all the same where one that is ahead shows %s',
    (shows) => {
      const n2 = new ForeignSecondary('n2');
      const cluster = clusterWith(n2);
      cluster.write('n1', 'a', { w: 2 });
      cluster.run(1_000);
      n2.shows = shows;
      restart(cluster, { wipe: true }, 60_000);
      expect([masterOf(cluster).mode, cluster.entries('n1')]).toEqual(['read-write', []]);
      expect(readsOf(n2)).toBe(shows === 'silent' ? 2 : 1);
    },
  );

  test('asks no more often where several keep silent', () => {
    const [n2, n3] = ['n2', 'n3'].map((id) => new ForeignSecondary(id));
    const cluster = clusterWith(n2!, n3!);
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(1_000);
    for (const stranger of [n2!, n3!]) stranger.shows = 'silent';
    restart(cluster, { wipe: true }, 120_000);
    expect(masterOf(cluster).mode).toBe('read-write');
    const reads = [n2!, n3!].map(readsOf);
    expect(reads).toEqual([2, 2]);
  });

  test('asks again where an answer was lost', () => {
    const n2 = new ForeignSecondary('n2');
    const cluster = clusterWith(n2);
    cluster.write('n1', 'a', { w: 2 });
    cluster.run(1_000);
    let lost = 0;
    cluster.weather = (_from, _to, what) => {
      if (what !== 'Fetched' || lost > 0) return 1;
      lost += 1;
      return 'lost';
    };
    restart(cluster, { wipe: true }, 60_000);
    expect([lost, cluster.entries('n1')]).toEqual([1, ['1:a']]);
  });

  test('passes over who claims the future, and stops where a log goes back', () => {
    const [n2, n3] = ['n2', 'n3'].map((id) => new ForeignSecondary(id));
    const cluster = clusterWith(n2!, n3!);
    restart(cluster);
    restart(cluster);
    holding(n2!, entry(1, 1, 'a'), entry(2, 1, 'x'), entry(3, 9, 'y'));
    holding(n3!, entry(1, 1, 'a'), entry(2, 2, 'b'), entry(3, 1, 'c'), entry(4, 2, 'd'));
    restart(cluster, { wipe: true });
    expect(cluster.entries('n1')).toEqual(['1:a', '2:b']);
  });

  test('goes by the latest epoch, and on where another log goes on', () => {
    const [n2, n3, n4] = ['n2', 'n3', 'n4'].map((id) => new ForeignSecondary(id));
    const cluster = clusterWith(n2!, n3!, n4!);
    restart(cluster);
    restart(cluster);
    holding(n2!, entry(1, 1, 'a'), entry(2, 1, 'old'), entry(3, 1, 'old'), entry(4, 1, 'old'));
    holding(n3!, entry(1, 1, 'a'), entry(2, 2, 'b'));
    holding(n4!, entry(1, 1, 'a'), entry(2, 2, 'b'), entry(3, 2, 'c'));
    restart(cluster, { wipe: true });
    expect(cluster.entries('n1')).toEqual(['1:a', '2:b', '3:c']);
  });

  test('looks at its own kind first: there are the keys of requests, too', () => {
    const cluster = new VirtualCluster();
    cluster.arbiter({ size: 3 });
    cluster.start('n1', { wants: 'master' });
    cluster.run(10);
    cluster.start('n2');
    const n3 = cluster.foreign('n3', new ForeignSecondary('n3'));
    join(cluster, n3, 'arbiter');
    cluster.run(200);
    cluster.write('n1', 'a', { w: 3, key: 'k' });
    cluster.run(1_000);
    restart(cluster, { wipe: true });
    const again = cluster.write('n1', 'a', { w: 3, key: 'k' });
    cluster.run(1_000);
    expect(cluster.outcome(again)).toMatchObject({ type: 'Stored', first: 1 });
    expect(readsOf(n3)).toBe(0);
  });
});

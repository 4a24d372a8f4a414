// A node that was away while others went on is appointed master: whose log goes on?

import { describe, expect, test } from 'vitest';
import { epoch, logIndex, nodeId } from '../../../src/core/ids.ts';
import { Departure, outranks } from '../../../src/core/recovery/departure.ts';
import { Bench, entries } from '../bench.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import { without } from '../virtual-network.ts';

/**
 * All three nodes have `common` entries; n3 alone has `stale` more of epoch 1; then n1 wrote
 * `later` in epoch 2, which the others have, and left. The next to join is master.
 */
function parted(
  common: number,
  stale: number,
  later: number,
  others: readonly string[] = ['n2'],
): VirtualCluster {
  const cluster = new VirtualCluster({ snapshotEntriesMax: 7 });
  cluster.arbiter({ size: 3 });
  cluster.start('n1');
  cluster.run(200);
  for (const id of [...others, 'n3']) cluster.start(id);
  cluster.run(200);
  for (let i = 1; i <= common; i += 1) cluster.write('n1', `m${i}`, { w: 3 });
  cluster.run(500);
  cluster.host('n1').disk.stuck = true;
  cluster.weather = (_from, to) => (others.includes(to) ? 'lost' : 1);
  for (let i = 1; i <= stale; i += 1) cluster.write('n1', `stale${i}`, { w: 1, key: `s${i}` });
  cluster.run(100);
  cluster.kill('n3');
  cluster.kill('n1');
  cluster.host('n1').disk.stuck = false;
  cluster.weather = () => 1;
  cluster.start('n1');
  // An empty master waits for n3, until that is Unhealthy.
  cluster.run(common === 0 ? 6_000 : 1_000);
  for (let i = 1; i <= later; i += 1) cluster.write('n1', `later${i}`);
  cluster.run(500);
  cluster.retire('n1');
  cluster.run(50);
  return cluster;
}

function expected(common: number, later: number): string[] {
  const names = [
    ...Array.from({ length: common }, (_, i) => `m${i + 1}`),
    ...Array.from({ length: later }, (_, i) => `later${i + 1}`),
  ];
  return names.map((name, i) => `${i + 1}:${name}`);
}

describe('a new master that was away', () => {
  for (const [common, stale, later] of [
    [0, 1, 1],
    [1, 1, 4],
    [1, 3, 3],
    [2, 6, 1],
    [40, 30, 25],
    [40, 0, 25],
  ] as const) {
    test(`C13: ${common} entries in common, ${stale} stale, ${later} acknowledged since`, () => {
      const cluster = parted(common, stale, later);
      cluster.start('n3');
      cluster.run(1_000);
      expect(cluster.status('n3')).toMatchObject({ role: 'master', mode: 'read-write' });
      for (const id of ['n2', 'n3']) expect(cluster.entries(id)).toEqual(expected(common, later));
      expect(cluster.host('n3').memory.acceptedEpoch).toBe(3);
    });
  }

  test('C13: overrules nobody by its appointment alone', () => {
    const cluster = parted(2, 3, 2);
    cluster.weather = without('n2');
    for (let i = 0; i < 3; i += 1) {
      cluster.start('n3');
      cluster.run(500);
      expect(cluster.status('n3')).toMatchObject({ role: 'master', mode: 'read-only' });
      cluster.kill('n3');
    }
    cluster.weather = () => 1;
    cluster.start('n3');
    cluster.run(1_000);
    for (const id of ['n2', 'n3']) expect(cluster.entries(id)).toEqual(expected(2, 2));
  });

  test('C13: asks again when the member that overrules it does not answer', () => {
    const cluster = parted(4, 3, 2);
    let fetches = 0;
    cluster.weather = (_from, _to, what) => {
      if (what !== 'Fetched') return 1;
      fetches += 1;
      return fetches === 1 || fetches === 3 ? 'lost' : 1;
    };
    cluster.start('n3');
    cluster.run(20_000);
    expect(fetches).toBeGreaterThan(3);
    for (const id of ['n2', 'n3']) expect(cluster.entries(id)).toEqual(expected(4, 2));
  });

  test('C13: asks another, if the member that overrules it falls silent', () => {
    const cluster = parted(4, 3, 2, ['n2', 'n4']);
    let silent: string | null = null;
    cluster.weather = (from, to, what) => {
      if (what === 'Fetch') silent ??= to;
      return silent === from || silent === to ? 'lost' : 1;
    };
    cluster.start('n3');
    cluster.run(20_000);
    expect(silent).not.toBeNull();
    expect(cluster.status('n3')).toMatchObject({ role: 'master', mode: 'read-write' });
    expect(cluster.entries('n3')).toEqual(expected(4, 2));
  });

  test('C13: asks another, if the member that overrules it comes back with less', () => {
    const cluster = parted(4, 3, 2, ['n2', 'n4']);
    let asked: string | null = null;
    const comesBack = (id: string): void => {
      cluster.kill(id);
      cluster.host(id).damage(0);
      cluster.start(id);
    };
    cluster.weather = (_from, to, what) => {
      if (what === 'Fetch' && asked === null) {
        asked = to;
        cluster.plan(cluster.now + 1, () => comesBack(to));
        return 5;
      }
      return what === 'Heartbeat' && to === asked ? 'lost' : 1;
    };
    cluster.start('n3');
    cluster.run(1_000);
    expect(asked).not.toBeNull();
    expect(cluster.trace.some((line) => line.includes('Fetched updates=[]'))).toBe(true);
    expect(cluster.entries('n3')).toEqual(expected(4, 2));
  });

  test('C5: that is master no more cuts nothing off by an answer that comes then', () => {
    const cluster = parted(2, 3, 2);
    cluster.weather = (_from, _to, what) => (what === 'Fetched' ? 500 : 1);
    cluster.start('n3');
    cluster.run(400);
    expect(cluster.trace.some((line) => line.includes('Fetched'))).toBe(true);
    const before = cluster.entries('n3');
    const later = epoch(cluster.status('n3').epoch + 1);
    const master = { node: nodeId('n1'), url: 'n1' };
    const beat = { lastIndex: logIndex(0), commitIndex: logIndex(0), settled: false };
    cluster.request('n3', { type: 'Heartbeat', epoch: later, master, ...beat });
    // The end of what the two have in common is looked for in several steps.
    cluster.run(3_000);
    expect(cluster.status('n3').role).toBe('secondary');
    expect(cluster.entries('n3')).toEqual(before);
  });

  test('C6: says of nothing that it is stored before it knows what stays', () => {
    const cluster = parted(2, 3, 2);
    cluster.weather = without('n2');
    cluster.start('n3');
    cluster.run(500);
    const repeated = cluster.write('n3', 'stale1', { w: 1, key: 's1' });
    cluster.run(10);
    expect(cluster.outcome(repeated)).toEqual({ type: 'Recovering' });
    cluster.weather = () => 1;
    cluster.run(1_000);
    const anew = cluster.write('n3', 'stale1', { w: 2, key: 's1' });
    cluster.run(10);
    expect(cluster.outcome(anew)).toMatchObject({ type: 'Stored', first: 5, duplicate: false });
  });
});

test.each([
  { agree: 3, left: 0 },
  { agree: 4, left: 4 },
  { agree: 5, left: 5 },
])('where the folds go back to 4 only, of logs that agree up to $agree stay $left', (row) => {
  const bench = new Bench({ entries: entries(1, 6) });
  const nothing = (): void => {};
  const last = logIndex(4);
  bench.folds.restore({ last, batch: null, open: null, eachKey: nothing, eachRequest: nothing });
  const there = [...entries(1, row.agree, 1), ...entries(row.agree + 1, 8, 2)];
  const departure = new Departure(bench.context, epoch(3), {
    ask: (_member, from, use) => {
      const updates = there.slice(from - 1);
      use({ type: 'Fetched', updates, lastIndex: logIndex(8) }, 0);
    },
    startOver: () => bench.ledger.truncate(logIndex(0)),
  });
  const member = { node: nodeId('n2'), url: 'n2', acceptedEpoch: epoch(2) };
  departure.compare({ ...member, lastIndex: logIndex(8) });
  expect(bench.ledger.log.lastIndex).toBe(row.left);
});

test.each([
  { accepted: 3, last: 1, rules: null, why: 'it has accepted a later one itself' },
  { accepted: 1, last: 3, rules: null, why: 'its log has an entry of a later one' },
  { accepted: 1, last: 1, rules: 'n2', why: 'it knows of none that is later' },
])('of epoch 2, the log that decides is $rules’s, since $why', ({ accepted, last, rules }) => {
  const memory = { epoch: epoch(4), acceptedEpoch: epoch(accepted) };
  const bench = new Bench({ entries: entries(1, 6, last), memory });
  const nothing = (): void => {};
  const departure = new Departure(bench.context, epoch(4), { ask: nothing, startOver: nothing });
  const member = { node: nodeId('n2'), url: 'n2', acceptedEpoch: epoch(2) };
  const ruling = departure.ruling([{ ...member, lastIndex: logIndex(9) }]);
  expect(ruling?.node ?? null).toBe(rules);
});

test.each([
  { one: [3, 1], other: [2, 9], first: true, why: 'it has accepted a later epoch' },
  { one: [2, 9], other: [3, 1], first: false, why: 'it has accepted an earlier one' },
  { one: [2, 9], other: [2, 8], first: true, why: 'its log is longer' },
  { one: [2, 9], other: [2, 9], first: false, why: 'neither has more' },
])('of $one and $other the first says more: $first, since $why', ({ one, other, first }) => {
  const said = ([accepted, last]: readonly number[]) => ({
    acceptedEpoch: epoch(accepted!),
    lastIndex: logIndex(last!),
  });
  expect(outranks(said(one), said(other))).toBe(first);
});

test.each([
  { there: entries(1, 4), left: 6, why: 'it ends before ours, and there is no difference' },
  { there: [...entries(1, 5), ...entries(7, 8, 2)], left: 6, why: 'our last is gone there' },
  { there: [...entries(1, 5), ...entries(6, 8, 2)], left: 5, why: 'our last is another there' },
])('of a log of six stay $left by another, since $why', ({ there, left }) => {
  const bench = new Bench({ entries: entries(1, 6) });
  const { index: lastIndex } = there.at(-1)!;
  const departure = new Departure(bench.context, epoch(3), {
    ask: (_member, from, use) => {
      const updates = there.filter(({ index }) => index >= from);
      use({ type: 'Fetched', updates, lastIndex }, 0);
    },
    startOver: () => bench.ledger.truncate(logIndex(0)),
  });
  const member = { node: nodeId('n2'), url: 'n2', acceptedEpoch: epoch(2) };
  departure.compare({ ...member, lastIndex });
  expect(bench.ledger.log.lastIndex).toBe(left);
});

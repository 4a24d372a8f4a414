// Who looks after processes that cannot go on: whose fault it was, and what an operator may do.

import { describe, expect, test } from 'vitest';
import type { Lost, Memory } from '../../../src/core/effects.ts';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { DamagedLog, StorageFailure, UnknownFormat } from '../../../src/persistence/persistence.ts';
import { Chance } from '../../../src/sim/chance.ts';
import type { Cluster } from '../../../src/sim/cluster/cluster.ts';
import type { Site } from '../../../src/sim/cluster/site.ts';
import { ROT_FAULTS } from '../../../src/sim/faults/rot.ts';
import { Convergence, convergenceMs } from '../../../src/sim/watch/convergence.ts';
import { grown, rot } from '../grown.ts';

const ROT = ROT_FAULTS[0]!;

const breachesOf = (cluster: Cluster): string[] =>
  cluster.watch.breaches.map(({ judge, sentence }) => `${judge}: ${sentence.split('\n')[0]}`);

const eventsOf = (cluster: Cluster, id: string): string[] =>
  cluster.history.flatMap((one) =>
    one.type === 'node' && one.node === id && one.event !== 'role' ? [one.event] : [],
  );

/** The program's own mistake. */
const mistake = new TypeError('x is not a function');

describe('a process that cannot go on', () => {
  test.each([
    ['its disk failed', new StorageFailure('EIO', false), []],
    ['its log is damaged', new DamagedLog('log-1.seg', 9, 'a torn record'), []],
    ['a bit turned over in a version', new UnknownFormat('format 9'), []],
    ['it is wrong itself', mistake, [`no invariant breaks: n2: ${mistake}`]],
  ])('is started again: %s', async (_, error, breaches) => {
    const cluster = await grown();
    const site = cluster.site('n2');
    cluster.supervisor.broke(site, error);
    expect([site.down, breachesOf(cluster)]).toEqual([true, breaches]);
    await cluster.timeline.run(cluster.timeline.now + 1_000);
    expect(site.host.up).toBe(true);
    expect(eventsOf(cluster, 'n2')).toEqual(['start', 'crash', 'start']);
  });
});

describe('a process that meets damage', () => {
  /** What n1 and n2 read of their logs is damaged. */
  async function damaged(): Promise<Cluster> {
    const cluster = await grown();
    const error = new DamagedLog('log-1.seg', 9, 'a torn record');
    for (const id of ['n1', 'n2']) {
      cluster.site(id).node!.engine!.persistence.read = () => Promise.reject(error);
    }
    return cluster;
  }

  test.each([
    [
      'n1',
      'for a secondary',
      ({ node }: Site) => {
        const operations = [{ op: 'append' as const, message: 'm' }];
        const at = '2026-01-01T00:00:00.000Z';
        node!.write({ operations, batch: false, at, w: 'all' }, () => {});
      },
    ],
    [
      'n2',
      'for a new master',
      ({ node }: Site) => {
        const { epoch: of } = node!.status!;
        node!.receive({ type: 'Fetch', epoch: of, from: logIndex(1) }, () => {});
      },
    ],
    [
      'n2',
      'for a client',
      ({ node }: Site) => {
        node!.read(logIndex(1), logIndex(1)).catch(() => {});
      },
    ],
  ])('%s goes on, and is restarted by its operator: %s', async (id, _, asks) => {
    const cluster = await damaged();
    const { timeline } = cluster;
    const site = cluster.site(id);
    timeline.stir();
    asks(site);
    await timeline.run(timeline.now + 100);
    expect([site.toldLife, eventsOf(cluster, id)]).toEqual([site.host.life, ['start']]);
    await timeline.run(timeline.now + 2_000);
    expect([breachesOf(cluster), eventsOf(cluster, id)]).toEqual([[], ['start', 'stop', 'start']]);
  });
});

describe('a bit that turns over', () => {
  test('does so in a segment or in what stands beside one', async () => {
    const layout = { segmentBytes: 300, tailBytes: 0, outlineBytes: 100 };
    const changed = new Set<string>();
    for (let seed = 1; changed.size < 2; seed += 1) {
      expect(seed).toBeLessThan(60);
      const cluster = await grown({ upkeep: true, layout }, [rot]);
      const disk = cluster.site('n2').disk!;
      const before = new Map([...disk.contents()].map(([name]) => [name, disk.content(name)]));
      ROT.begin(cluster, rot, new Chance(seed));
      for (const [name, bytes] of before) {
        if (/\.(seg|sum)$/.test(name) && !disk.content(name).equals(bytes)) {
          changed.add(name.slice(-3));
        }
      }
    }
    expect([...changed].sort()).toEqual(['seg', 'sum']);
  });
});

describe('a process that refuses to start', () => {
  /** n2 is down, its start was refused for this reason; `torn`: a failed write had left it so. */
  async function refused(
    error: Error,
    { id = 'n2', torn = true, more = {}, untidy = [] as [string, number][] } = {},
  ) {
    const cluster = await grown(more);
    cluster.crash(id, { power: false, severity: 0 });
    const site = cluster.site(id);
    site.torn = torn;
    for (const [file, from] of untidy) site.untidy.set(file, from);
    cluster.supervisor.refused(site, error);
    const { now } = cluster.timeline;
    await cluster.timeline.run(now + 3_000);
    expect(site.host.up).toBe(true);
    expect([...site.untidy]).toEqual([]);
    const [, , ...events] = eventsOf(cluster, id);
    return { breaches: breachesOf(cluster), cluster, events };
  }

  const damage = new DamagedLog('log-1.seg', 9, 'a torn record');

  test('for a failed call is started again on the same disk', async () => {
    const { breaches, events } = await refused(new StorageFailure('EIO', false));
    expect([breaches, events]).toEqual([[], ['start']]);
  });

  test('for damage is given an empty disk, where others have what it had', async () => {
    const { breaches, events } = await refused(damage);
    expect([breaches, events]).toEqual([[], ['refused-start', 'wipe', 'start']]);
  });

  test('is repaired, where nobody else knows the cluster', async () => {
    const more = { arbiter: 'embedded' } as const;
    const { breaches, cluster, events } = await refused(damage, { id: 'n1', more });
    expect([breaches, events]).toEqual([[], ['refused-start', 'start']]);
    expect(cluster.hits.get('repair')).toBe(1);
  });

  test('is repaired, also if the disk fails at the first attempt', async () => {
    const cluster = await grown({ arbiter: 'embedded' });
    cluster.crash('n1', { power: false, severity: 0 });
    const site = cluster.site('n1');
    site.torn = true;
    const mend = cluster.troubleDisk('n1', 'eio', () => ({ kind: 'fail', code: 'EIO' }));
    cluster.supervisor.refused(site, damage);
    const { now } = cluster.timeline;
    await cluster.timeline.run(now + 100);
    mend();
    expect(cluster.hits.get('eio')).toBeGreaterThan(0);
    await cluster.timeline.run(now + 3_000);
    expect([site.host.up, breachesOf(cluster)]).toEqual([true, []]);
  });

  test('for damage that nothing has done is a breach', async () => {
    const { breaches } = await refused(damage, { torn: false });
    expect(breaches).toEqual([
      'no damage by itself: n2: DamagedLog: a torn record in log-1.seg at byte 9',
    ]);
  });

  test.each([
    ['log-1.seg', 9, 0],
    ['log-1.seg', 10, 1],
    ['log-2.seg', 9, 1],
  ])('damage is what a failed write left in %s from byte %i on, or it is not', async (...left) => {
    const [file, from, breaches] = left;
    const found = await refused(damage, { torn: false, untidy: [[file, from]] });
    expect(found.breaches).toHaveLength(breaches);
  });

  test('for a mistake of the program is a breach', async () => {
    const { breaches } = await refused(mistake);
    expect(breaches).toEqual([`no invariant breaks: n2: ${mistake}`]);
  });

  test('is not started before its repair is over, nor after that if it is killed', async () => {
    const cluster = await grown({ arbiter: 'embedded' });
    cluster.crash('n1', { power: false, severity: 0 });
    const site = cluster.site('n1');
    site.torn = true;
    cluster.supervisor.refused(site, damage);
    expect([site.down, site.starting]).toEqual([false, true]);
    cluster.crash('n1', { power: false, severity: 0 });
    await cluster.timeline.run(cluster.timeline.now + 1_000);
    expect([site.down, site.starting]).toEqual([true, false]);
  });
});

describe('what damage took', () => {
  const NOBODY_HAS = 99;

  /** What a master says that waits for what n2 had, and what one that lacks something itself. */
  const OF_N2 = 'recovering: it waits for n2 to give them up (replog repair --help)';
  const OWN = 'damaged: entries 1 to 9 are missing here (replog repair --help)';

  /** n2 lacks something, and its master gives a reason for taking no writes. */
  async function lacking(more: Partial<Lost>, reason: string | null = OF_N2): Promise<Cluster> {
    const cluster = await grown();
    const memory: Memory = {
      ...{ cluster: null, epoch: epoch(1), acceptedEpoch: epoch(1), arbiter: null },
      lost: { epoch: epoch(1), upTo: logIndex(3), open: false, ...more },
    };
    cluster.watch.memory.remembering('n2', memory);
    const status = { ...cluster.site('n1').node!.status, role: 'master', reason };
    Object.defineProperty(cluster.site('n1').node, 'status', { value: status });
    return cluster;
  }

  const repaired = (cluster: Cluster): boolean => eventsOf(cluster, 'n2').includes('repair');

  test('is given up where nobody has it, and what was committed is said to be lost', async () => {
    const cluster = await lacking({ upTo: logIndex(NOBODY_HAS) });
    expect(cluster.supervisor.givesUp()).toBe(true);
    expect([repaired(cluster), cluster.site('n2').repaired]).toEqual([true, true]);
    for (const [of, id] of ['n1', 'n3'].entries()) {
      cluster.watch.commits.committed(id, NOBODY_HAS, () => 7 + of);
    }
    expect(breachesOf(cluster)).toEqual([]);
  });

  test('is not, where others have it: the cluster was to come back by itself', async () => {
    const cluster = await lacking({});
    expect(cluster.supervisor.givesUp()).toBe(false);
    expect(repaired(cluster)).toBe(false);
    expect(breachesOf(cluster)).toEqual(['comes back: n1 and n3 could have given n2 3']);
  });

  test.each([
    ['it may have been more than that', { open: true }, () => {}],
    ['none of them has heard of that epoch', { epoch: epoch(2) }, () => {}],
    [
      'those who have it had damage themselves, and do not know that they have all again',
      {},
      (cluster: Cluster) => {
        for (const id of ['n1', 'n3']) {
          const before = { cluster: null, epoch: epoch(1), acceptedEpoch: epoch(1), arbiter: null };
          const lost = { epoch: epoch(1), upTo: logIndex(2), open: false };
          cluster.watch.memory.remembering(id, { ...before, lost });
        }
      },
    ],
    [
      'those who have it had left',
      {},
      (cluster: Cluster) => {
        for (const id of ['n1', 'n3']) cluster.site(id).hasLeft = true;
      },
    ],
    [
      'the arbiter has forgotten them',
      {},
      (cluster: Cluster) => {
        cluster.site('arbiter').wiped = true;
      },
    ],
  ])('is given up though others have something there: %s', async (_, more, befalls) => {
    const cluster = await lacking(more);
    befalls(cluster);
    expect([cluster.supervisor.givesUp(), repaired(cluster)]).toEqual([true, true]);
    expect(breachesOf(cluster)).toEqual([]);
  });

  test('is nobody’s business as long as no master says what an operator can do', async () => {
    const cluster = await lacking({ upTo: logIndex(NOBODY_HAS) }, null);
    expect([cluster.supervisor.givesUp(), repaired(cluster)]).toEqual([false, false]);
  });

  test('is given up by the master itself, or by the node that it names', async () => {
    for (const [reason, id, other] of [
      [OWN, 'n1', 'n2'],
      [OF_N2, 'n2', 'n1'],
    ] as const) {
      const cluster = await lacking({ upTo: logIndex(NOBODY_HAS) }, reason);
      const lost = { epoch: epoch(1), upTo: logIndex(NOBODY_HAS), open: false };
      const memory = { cluster: null, epoch: epoch(1), acceptedEpoch: epoch(1), arbiter: null };
      cluster.watch.memory.remembering('n1', { ...memory, lost });
      expect(cluster.supervisor.givesUp()).toBe(true);
      expect(eventsOf(cluster, id)).toContain('repair');
      expect(eventsOf(cluster, other)).not.toContain('repair');
    }
  });

  test('an operator who was told has nothing to do where nothing is lacking', async () => {
    const cluster = await lacking({ upTo: logIndex(NOBODY_HAS) });
    cluster.watch.memory.forgotten('n2');
    expect(cluster.supervisor.givesUp()).toBe(false);
    expect(breachesOf(cluster)).toEqual([]);
  });
});

test('an operator helps once for each node, and not before time is up', async () => {
  const cluster = await grown();
  const { timeline } = cluster;
  const helped: number[] = [];
  const givesUp = (): boolean => {
    helped.push(timeline.now);
    return true;
  };
  Object.assign(cluster.supervisor, { givesUp });
  const until = timeline.now + 1_000;
  await new Convergence(cluster).run(until, () => false);
  const each = convergenceMs(cluster.options);
  expect(helped).toHaveLength(cluster.nodes.length);
  expect(helped[0]).toBeGreaterThanOrEqual(until - 100);
  for (const [i, at] of helped.slice(1).entries()) {
    expect(at - helped[i]!).toBeGreaterThanOrEqual(each - 100);
  }
  const phases = cluster.history.filter((one) => one.type === 'phase');
  expect(phases).toMatchObject(helped.map((at) => ({ phase: 'liveness', at, until: at + each })));
  expect(breachesOf(cluster)).toMatchObject([expect.stringMatching(/^comes back: not within/)]);
});

test('damage that a start took out and did not live to tell is told by the next one', async () => {
  const told: (boolean | undefined)[] = [];
  for (let ms = 1; ms <= 30; ms += 0.25) {
    const cluster = await grown({}, [rot]);
    const site = cluster.site('n2');
    ROT.begin(cluster, rot, new Chance(7));
    await cluster.timeline.run(cluster.timeline.now + 100, () => site.starting);
    await cluster.timeline.run(cluster.timeline.now + ms);
    if (!site.starting) break;
    cluster.crash('n2', { power: false, severity: 1 });
    cluster.start('n2');
    await cluster.timeline.run(cluster.timeline.now + 3_000);
    expect(breachesOf(cluster)).toEqual([]);
    if ((cluster.hits.get('salvage') ?? 0) > 0) continue;
    const starts = cluster.history.filter((one) => one.type === 'node' && one.event === 'start');
    const last = starts.filter((one) => one.type === 'node' && one.node === 'n2').at(-1);
    told.push((last as { damaged?: boolean }).damaged);
  }
  expect(told.length).toBeGreaterThan(0);
  expect(new Set(told)).toEqual(new Set([true]));
});

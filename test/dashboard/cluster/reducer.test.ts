import { describe, expect, test } from 'vitest';
import type { Health } from '../../../src/client/answers.ts';
import type { ClusterState, OwnWrite } from '../../../src/dashboard/cluster/cluster-state.ts';
import { countsIn, quantiles } from '../../../src/dashboard/cluster/rates.ts';
import { firstScreen } from '../../../src/dashboard/keys/screen-state.ts';
import { farewellLines } from '../../../src/dashboard/screen/farewell.ts';
import { glyphsFor, sparkline } from '../../../src/dashboard/screen/glyphs.ts';
import { headLines } from '../../../src/dashboard/screen/head.ts';
import { nodeTable } from '../../../src/dashboard/screen/node-table.ts';
import { milliseconds } from '../../../src/dashboard/screen/span-words.ts';
import { streamLines } from '../../../src/dashboard/terminal/stream.ts';
import { healthOf, recorded, reduced, STATES, type Step, stepsOf, told } from '../recorded.ts';

const healthy = recorded(STATES.healthy!);
const news = (before: ClusterState, after: ClusterState) =>
  after.happenings.slice(before.happenings.length).map(({ text }) => text);

describe('events are what changed', () => {
  test('a node that dies, is noticed, and takes the quorum with it', () => {
    const dead = reduced(healthy, stepsOf(STATES['read-only']!, 30, 70_000));
    expect(news(healthy, dead)).toEqual([
      'n2 is down',
      'n3 is paused',
      'n2 is Unhealthy (was Healthy)',
      'n3 is Unhealthy (was Healthy)',
      'the cluster is read-only: no quorum: 1 of 3 alive, 2 needed; missing n2, n3',
    ]);
    const back = reduced(dead, stepsOf(STATES.healthy!, 30, 80_000));
    expect(news(dead, back)).toContain('n2 answers again');
    expect(news(dead, back)).toContain('the cluster is read-write');
  });

  test('nothing is told twice, and nothing at the first look', () => {
    expect(healthy.happenings).toEqual([]);
    expect(reduced(healthy, stepsOf(STATES.healthy!, 30, 70_000)).happenings).toEqual([]);
  });

  test('a launcher that dies takes its nodes with it: all of that is told, once', () => {
    const silent = (now: number): Step[] => [
      [now, { type: 'launcher-silence' }],
      [now, { type: 'silence', node: 'n1' }],
      [now, { type: 'silence', node: 'n2' }],
      [now, { type: 'round' }],
    ];
    const gone = reduced(healthy, [60_100, 60_900, 61_200, 64_000].flatMap(silent));
    expect(news(healthy, gone)).toEqual([
      'the launcher does not answer',
      'n1 does not answer',
      'n2 does not answer',
    ]);
    expect(gone.nodes.map(({ process }) => process)).toEqual([null, null, null]);
    const back = reduced(gone, stepsOf(STATES.healthy!, 30, 80_000));
    expect(news(gone, back)).toEqual([
      'the launcher answers again',
      'n1 answers again',
      'n2 answers again',
    ]);
    const again = reduced(back, [81_000, 82_100].flatMap(silent));
    expect(news(back, again)).toContain('n1 does not answer');
  });

  test('that a node was removed is told once', () => {
    const listed = healthy.nodes.map(({ node, url, role, pid }) => {
      return { node, url, role: node === 'n3' ? 'removed' : role, pid, state: 'running' };
    });
    const health = { ...healthy.nodes[2]!.health!, role: 'removed' } as Health;
    const after = told(
      healthy,
      { type: 'nodes', name: 'c', nodes: listed },
      { type: 'health', node: 'n3', health },
    );
    expect(news(healthy, after)).toEqual(['n3 was removed']);
  });

  test('a node that is silent for a moment is no event', () => {
    const silence = { type: 'silence', node: 'n2' } as const;
    const after = reduced(healthy, [
      [60_000, silence],
      [60_900, silence],
      [60_900, { type: 'round' }],
    ]);
    expect(news(healthy, after)).toEqual([]);
  });

  test('faults, duplicates, nodes that come and go', () => {
    const counts = countsIn('replog_duplicates_total 3\n');
    const more = countsIn('replog_duplicates_total 5\n');
    const after = told(
      healthy,
      { type: 'counts', counts },
      { type: 'counts', counts: more },
      { type: 'faults', node: 'n2', report: { faults: { hold: true }, hits: {} } },
      { type: 'faults', node: 'n2', report: { faults: {}, hits: {} } },
    );
    expect(news(healthy, after)).toEqual([
      '2 repeated requests suppressed as duplicate',
      'n2: faults hold',
      'n2: no faults any more',
    ]);
  });

  test('of the steps through the menu of faults the last one stays', () => {
    const faults = (node: string, delayMs: number) =>
      ({ type: 'faults', node, report: { faults: { delayMs }, hits: {} } }) as const;
    const after = told(healthy, faults('n2', 100), faults('n2', 500), faults('n3', 100));
    expect(news(healthy, after)).toEqual(['n2: faults delay=500ms', 'n3: faults delay=100ms']);
    expect(streamLines(told(healthy, faults('n2', 100)), after)).toHaveLength(2);
  });

  test('everything that grows is cut', () => {
    let state = healthy;
    for (let i = 0; i < 1_000; i += 1) {
      const write: OwnWrite = {
        ...{ key: `k${i}`, message: 'm', w: 3, state: 'waiting', index: null, acks: [] },
        ...{ sentAt: 0, ms: null, error: null },
      };
      state = told(
        { ...state, now: state.now + 1_500 },
        { type: 'said', text: 'x', tone: 'plain' },
      );
      state = told(state, { type: 'write', write }, { type: 'round' });
    }
    expect(state.happenings.length).toBe(200);
    expect(state.own.length).toBe(20);
    expect(state.rates.perSecond.length).toBe(60);
  });
});

describe('figures', () => {
  test('appends a second are the growth of the log', () => {
    const grown = { ...healthOf(STATES.healthy!), lastIndex: 512 };
    const later = told(
      { ...healthy, now: healthy.now + 2_000 },
      { type: 'health', node: 'n1', health: grown },
      { type: 'round' },
    );
    expect(later.rates.perSecond).toEqual([250]);
  });

  test('quantiles are those of the writes between two looks', () => {
    const text = (counts: number[]) =>
      [0.001, 0.01, 0.1, '+Inf']
        .map((le, i) => `replog_write_seconds_bucket{le="${le}"} ${counts[i]}`)
        .join('\n');
    const before = countsIn(text([50, 50, 50, 50]));
    const after = countsIn(`${text([50, 140, 150, 150])}\nreplog_waiting_writes 4`);
    expect(after.waiting).toBe(4);
    const { p50, p99 } = quantiles(before, after);
    expect(p50?.ms).toBeCloseTo(6, 0);
    expect(p99?.ms).toBeCloseTo(91, 0);
    expect(quantiles(after, after)).toEqual({ p50: null, p99: null });
    expect(quantiles(null, after)).toEqual({ p50: null, p99: null });
  });

  test('how long a single write took is told as it was, whatever the bounds', () => {
    const counted = (within: number, seconds: number) =>
      countsIn(
        [
          `replog_write_seconds_bucket{le="2.5"} 4`,
          `replog_write_seconds_bucket{le="5"} ${within}`,
          `replog_write_seconds_bucket{le="+Inf"} ${within}`,
          `replog_write_seconds_sum ${seconds}`,
        ].join('\n'),
      );
    const before = counted(4, 0.25);
    const exactly = { ms: 3_004, isMore: false };
    expect(quantiles(before, counted(5, 3.254))).toEqual({ p50: exactly, p99: exactly });
    expect(quantiles(before, counted(6, 6.262)).p50?.ms).toBe(3_750);
  });

  test('a curve is as wide as it is told, its highest value full', () => {
    expect(sparkline([0, 1, 2, 4], 6, glyphsFor(true))).toBe('  ▁▃▅█');
    expect(sparkline([1, Number.POSITIVE_INFINITY, 2], 3, glyphsFor(true))).toBe('▅↑█');
    expect(sparkline([Number.POSITIVE_INFINITY], 1, glyphsFor(false))).toBe('^');
    expect(sparkline([0, 0], 2, glyphsFor(false))).toBe('__');
    expect(sparkline([1, null, 2], 3, glyphsFor(false))).toMatch(/^. .$/);
  });
});

const headText = (state: ClusterState) =>
  headLines(state, firstScreen(true), glyphsFor(true), 120)
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n');

test('the mode and the quorum are seen beside a long name, and on a narrow screen', () => {
  const headOf = (width: number, name = 'cluster-4000'): string =>
    (headLines({ ...healthy, name }, firstScreen(true), glyphsFor(true), width)[0] ?? [])
      .map(({ text }) => text)
      .join('');
  expect(headOf(40)).toBe(' cluster-4000  n1 e3  read-write  3/3   ');
  expect(headOf(40, 'n'.repeat(64))).toBe(' nnnnnnnnnnnnnn…  n1 e3  read-write  3/3');
  expect(headOf(80, 'n'.repeat(64))).toBe(
    ' nnnnnnnnnnnnnnnnnnnnnnnn…  master n1  epoch 3  read-write  quorum 3/3 (needs 2)',
  );
});

test('a long name of a node leaves room for how the node is', () => {
  const nodes = healthy.nodes.map((node) => ({ ...node, node: `${node.node}-${'x'.repeat(29)}` }));
  const rows = nodeTable(nodes, healthy, glyphsFor(true), null, 40);
  for (const row of rows) {
    const text = row.map((part) => part.text).join('');
    expect(text).toMatch(/^ [★◇] n\d-x+… {2}\S /);
    expect(text).toContain('12/12');
  }
});

test('the head says for whom clients wait', () => {
  const behind = recorded(STATES['catching-up']!);
  const counts = countsIn('replog_waiting_writes 2\n');
  expect(headText(told(behind, { type: 'counts', counts }))).toContain('2 clients wait for n2');
  expect(headText(behind)).toContain('nobody waits');
  const writing = (status: 'Healthy' | 'Suspected') =>
    told(
      recorded({
        nodes: [
          { node: 'n1', last: 9, acked: 8, status },
          { node: 'n2', last: 9, acked: 9 },
        ],
      }),
      { type: 'counts', counts },
    );
  expect(headText(writing('Healthy'))).toMatch(/2 clients wait *$/m);
  expect(headText(writing('Suspected'))).toContain('2 clients wait for n1');
});

test('a master that does not answer is no master', () => {
  const silent = told(healthy, { type: 'silence', node: 'n1' });
  expect(headText({ ...silent, now: silent.now + 3_000 })).toContain(
    'NO MASTER: n1 has not answered for 3.0 s',
  );
});

test('what is left behind says how everything stood, and where', () => {
  expect(farewellLines(recorded(STATES['read-only']!))).toEqual([
    'cluster-4000: read-only (no quorum: 1 of 3 alive, 2 needed; missing n2, n3), ' +
      'epoch 3, last index 12',
    '  n1  master  Healthy  last 12  http://127.0.0.1:4000',
    '  n2  secondary  exited, no answer for 9.0 s  last 12  http://127.0.0.1:4001',
    '  n3  secondary  paused, no answer for 8.0 s  last 12  http://127.0.0.1:4002',
    '  control  http://127.0.0.1:4003',
  ]);
});

test('what a silent master said last is not what stays of its cluster', () => {
  const silent = (node: string): Step => [60_000, { type: 'silence', node }];
  const state = reduced(healthy, [silent('n1'), silent('n2'), [64_000, { type: 'round' }]]);
  expect(farewellLines(state).slice(0, 4)).toEqual([
    'cluster-4000: no answer from the master, epoch 3, last index 12',
    '  n1  master  no status, no answer for 4.0 s  last 12  http://127.0.0.1:4000',
    '  n2  secondary  no status, no answer for 4.0 s  last 12  http://127.0.0.1:4001',
    '  n3  secondary  no status  last 12  http://127.0.0.1:4002',
  ]);
});

test('a span that is rounded up is written as the next larger one', () => {
  expect([9.94, 9.96, 999.4, 999.6, 9_960, 119_600].map(milliseconds)).toEqual([
    ...['9.9 ms', '10 ms', '999 ms', '1.0 s', '10 s', '2 min'],
  ]);
});

test('a stream tells entries and events once', () => {
  const page = { entries: [], lastIndex: 0, commitIndex: 0, next: null };
  const before = told(healthy, { type: 'tail', node: 'n1', from: 1, to: 12, page });
  const after = reduced(before, stepsOf(STATES.healthy!, 3, 60_000));
  const lines = streamLines(before, after);
  expect(lines).toEqual([
    'n1 | … 9 more',
    'n1 | #10 first message',
    'n1 | #11 привіт, світе',
    'n1 | #12 put colour=blue 12',
  ]);
  const said = told(after, { type: 'said', text: 'asked', tone: 'plain' });
  expect(streamLines(after, said)).toEqual(['10:42:07 cluster | asked']);
});

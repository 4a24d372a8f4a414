// What is kept of answers that contradict what was known: from processes that began again, nodes
// that were replaced, and counters that went back.

import { describe, expect, test } from 'vitest';
import type { Health } from '../../src/client/answers.ts';
import type {
  ClusterState,
  OwnWrite,
  SeenNode,
} from '../../src/dashboard/cluster/cluster-state.ts';
import { masterOf } from '../../src/dashboard/cluster/cluster-state.ts';
import { conditionOf } from '../../src/dashboard/cluster/condition.ts';
import { countsIn, quantiles } from '../../src/dashboard/cluster/rates.ts';
import { costOf } from '../../src/dashboard/keys/quorum-cost.ts';
import { firstScreen } from '../../src/dashboard/keys/screen-state.ts';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { headLines } from '../../src/dashboard/screen/head.ts';
import { healthyCluster, recorded, reduced, STATES, told } from './recorded.ts';

const healthy = recorded(STATES.healthy!);
const news = (after: ClusterState, before = healthy) =>
  after.happenings.slice(before.happenings.length).map(({ text }) => text);

const listed = (change: Partial<SeenNode> = {}, node = 'n2'): SeenNode[] =>
  healthy.nodes.map((one) => ({
    ...{ node: one.node, url: one.url, role: one.role, pid: one.pid, state: 'running' },
    ...(one.node === node ? change : {}),
  }));
const relisted = (change: Partial<SeenNode>, state = healthy): ClusterState =>
  told(state, { type: 'nodes', name: '', nodes: listed(change) });
const answered = (node: string, change: object, state = healthy): ClusterState => {
  const health = { ...state.nodes.find((one) => one.node === node)!.health, ...change } as Health;
  return told(state, { type: 'health', node, health });
};

describe('of a node', () => {
  test('with another address nothing is known; without a name the cluster keeps its own', () => {
    const moved = relisted({ url: 'http://127.0.0.1:9' });
    expect(moved.nodes.map(({ health }) => health === null)).toEqual([false, true, false]);
    expect(moved.name).toBe('cluster-4000');
  });

  test('that has no role for a moment the role is kept, and that is no event', () => {
    const after = answered('n2', { role: null });
    expect(after.nodes[1]!.role).toBe('secondary');
    expect(news(after)).toEqual([]);
  });

  test('the faults end with its process, and are not told of by one without such routes', () => {
    const report = { faults: { hold: true }, hits: {} };
    const faulty = told(healthy, { type: 'faults', node: 'n2', report });
    expect(relisted({}, faulty).nodes[1]!.faults).toEqual({ hold: true });
    for (const state of ['exited', 'stopped']) {
      expect(relisted({ state }, faulty).nodes[1]!.faults).toBeNull();
    }
    const gone = told(faulty, { type: 'faults', node: 'n2', report: null });
    expect(news(gone, faulty)).toEqual([]);
  });

  test('a new process, a log that begins again and another role are told', () => {
    expect(news(relisted({ pid: 9 }))).toEqual(['n2 has a new process (pid 9)']);
    expect(news(answered('n2', { lastIndex: 3 }))).toEqual(['n2 begins again at #3 (was #12)']);
    expect(news(answered('n1', { epoch: 4 }))).toEqual(['epoch 4, master n1']);
    expect(news(answered('n2', { epoch: 4 }))).toEqual([]);
    const removed = relisted({ role: 'removed' });
    expect(news(relisted({ role: 'removed' }, removed), removed)).toEqual([]);
  });

  test('the silence is told when it has lasted for a second', () => {
    const after = reduced(healthy, [
      [60_000, { type: 'silence', node: 'n2' }],
      [61_000, { type: 'round' }],
    ]);
    expect(news(after)).toEqual(['n2 does not answer']);
  });

  test('the master is who says so in the highest epoch', () => {
    const two = answered('n3', { ...masterOf(healthy), node: 'n3', epoch: 2 });
    expect(masterOf(two)?.node).toBe('n1');
  });

  test('the condition tells apart what begins, has gone, and is far or only long behind', () => {
    const words = (state: ClusterState): string =>
      conditionOf(state, state.nodes[1]!, glyphsFor(true)).words[0]!;
    expect(words(relisted({ state: 'starting' }))).toBe('starting');
    expect(words(relisted({ url: 'http://127.0.0.1:9' }))).toBe('starting');
    expect(words(relisted({ role: 'removed' }))).toBe('removed');
    const behind = (by: number, lagMs: number): ClusterState =>
      recorded({
        nodes: [
          { node: 'n1', last: 100 },
          { node: 'n2', last: 100 - by, lagMs },
        ],
      });
    expect(words(behind(21, 1_001))).toBe('Healthy, catching up');
    expect([words(behind(21, 1_000)), words(behind(20, 1_001))]).toEqual(['Healthy', 'Healthy']);
  });

  test('nothing is lost with one that is no member, or where the quorum is lost already', () => {
    expect(costOf(healthy, 'n9', 'kill')).toBeNull();
    const halved = recorded({
      nodes: healthyCluster(4).nodes.map((node, i) =>
        i < 2 ? node : { ...node, status: 'Unhealthy' as const },
      ),
    });
    expect(costOf(halved, 'n2', 'kill')).toBeNull();
    const unhealthy = recorded({
      nodes: healthyCluster(3).nodes.map((node, i) =>
        i === 0 ? node : { ...node, process: i === 1 ? 'exited' : 'running' },
      ),
    });
    expect(costOf(unhealthy, 'n3', 'kill')).toContain('1 of 3');
  });
});

describe('own writes', () => {
  const write = (key: string, state: OwnWrite['state']): OwnWrite => ({
    ...{ key, message: 'm', w: 3, state, index: null, acks: [], sentAt: 0, ms: 1, error: null },
  });

  test('keep their place, and those that still wait are dropped last', () => {
    let state = told(healthy, { type: 'write', write: write('first', 'waiting') });
    state = told(state, { type: 'write', write: write('second', 'waiting') });
    state = told(state, { type: 'write', write: write('first', 'waiting') });
    expect(state.own.map(({ key }) => key)).toEqual(['first', 'second']);
    for (let i = 0; i < 30; i += 1) {
      state = told(state, { type: 'write', write: write(`k${i}`, 'done') });
    }
    expect(state.own.map(({ key }) => key).slice(0, 3)).toEqual(['first', 'second', 'k12']);
  });
});

describe('figures', () => {
  const counted = (...buckets: readonly (readonly [number | string, number])[]) =>
    countsIn(buckets.map(([le, n]) => `replog_write_seconds_bucket{le="${le}"} ${n}`).join('\n'));

  test('counters that begin again are no events', () => {
    const at = (n: number) =>
      ({ type: 'counts', counts: countsIn(`replog_duplicates_total ${n}`) }) as const;
    expect(news(told(healthy, at(5), at(2)))).toEqual([]);
  });

  test('a second has one sample, and a log that begins again no negative one', () => {
    const after = reduced(healthy, [
      [60_999, { type: 'round' }],
      [61_000, { type: 'round' }],
    ]);
    expect(after.rates.perSecond).toEqual([0]);
    const empty = ['n1', 'n2', 'n3'].reduce(
      (state, node) => answered(node, { lastIndex: 0 }, state),
      healthy,
    );
    const sampled = reduced(empty, [[61_000, { type: 'round' }]]);
    expect([sampled.rates.perSecond, sampled.lastIndex]).toEqual([[0], 0]);
  });

  test('a node that was removed does not say how long the log is', () => {
    const ahead = answered('n2', { lastIndex: 99 }, relisted({ role: 'removed' }));
    const later = answered('n2', { role: 'removed', lastIndex: 99 }, ahead);
    expect(told(later, { type: 'round' }).lastIndex).toBe(12);
  });

  // A histogram says nothing of what is beyond its last bound: 13 s are "more than 5 s".
  test.each([
    [
      0,
      4,
      { ms: 5_000, isMore: true },
      { ms: 5_000, isMore: true },
      'p50 > 5.0 s p99 > 5.0 s ',
      '↑',
    ],
    [
      3,
      4,
      { ms: 10 / 3, isMore: false },
      { ms: 5_000, isMore: true },
      'p50 3.3 ms  p99 > 5.0 s ',
      '↑',
    ],
    [
      4,
      4,
      { ms: 2.5, isMore: false },
      { ms: 4.95, isMore: false },
      'p50 2.5 ms  p99 5.0 ms  ',
      '█',
    ],
  ])('%i of %i writes within a bound', (within, all, p50, p99, figures, bar) => {
    const text = (one: number, two: number) => counted([0.005, one], [5, one], ['+Inf', two]);
    const counts = (one: number, two: number) =>
      ({ type: 'counts', counts: text(one, two) }) as const;
    const { p50: median, p99: tail } = quantiles(text(0, 0), text(within, all));
    expect([median, tail]).toEqual([
      { ...p50, ms: expect.closeTo(p50.ms) },
      { ...p99, ms: expect.closeTo(p99.ms) },
    ]);
    const sampled = reduced(told(healthy, counts(0, 0), counts(within, all)), [
      [61_000, { type: 'round' }],
    ]);
    const speed = headLines(sampled, firstScreen(true), glyphsFor(true), 100)[1]!;
    const shown = speed.map((part) => part.text).join('');
    expect(shown).toContain(figures);
    expect(shown).toContain(`${bar} `);
  });
});

// What the screen says is derived from what nodes have said: each row is a mistake that nobody
// would see in a capture.

import { describe, expect, test } from 'vitest';
import type { MasterHealth, MemberHealth } from '../../src/client/answers.ts';
import type { ClusterState, OwnWrite } from '../../src/dashboard/cluster/cluster-state.ts';
import { blankState } from '../../src/dashboard/cluster/cluster-state.ts';
import { conditionOf } from '../../src/dashboard/cluster/condition.ts';
import { firstScreen } from '../../src/dashboard/keys/screen-state.ts';
import { alignedRows } from '../../src/dashboard/screen/alignment.ts';
import type { Line } from '../../src/dashboard/screen/cells.ts';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { headLines, summaryLine } from '../../src/dashboard/screen/head.ts';
import { marksRow } from '../../src/dashboard/screen/log-panel.ts';
import { lagOf, nodeLines } from '../../src/dashboard/screen/node-panel.ts';
import { entryAt, recorded, STATES, told } from './recorded.ts';

const healthy = recorded(STATES.healthy!);
const glyphs = glyphsFor(true);
const textOf = (lines: readonly Line[]): string =>
  lines.map((line) => line.map(({ text }) => text).join('')).join('\n');

/** The state in which the master says something else of n2. */
function saidOf(change: Partial<MemberHealth>): ClusterState {
  const health = healthy.nodes[0]!.health as MasterHealth;
  const members = health.members.map((one) => (one.node === 'n2' ? { ...one, ...change } : one));
  const lastIndex = health.lastIndex + 1;
  return told(healthy, { type: 'health', node: 'n1', health: { ...health, members, lastIndex } });
}

const cellAt = (state: ClusterState, index: number, place = 1) =>
  alignedRows(state, state.nodes, { from: index, to: index })[0]!.cells[place]!;

describe('the mark of an operation', () => {
  test.each([2, 4])('in epoch %i, where the master has 3, is that of another one', (epoch) => {
    const page = { entries: [entryAt(12, epoch)], lastIndex: 12, commitIndex: 11, next: null };
    const state = told(healthy, { type: 'tail', node: 'n2', from: 12, to: 12, page });
    expect(cellAt(state, 12).mark).toBe('differs');
  });

  test('is not known without a master, though the operation is', () => {
    const nodes = healthy.nodes.filter(({ node }) => node !== 'n1');
    expect(cellAt({ ...healthy, nodes }, 12, 0)).toMatchObject({
      ...{ mark: 'unknown', entry: { index: 12 } },
    });
  });

  test('is not that of all while one member has acknowledged nothing', () => {
    expect(cellAt(saidOf({ ackedIndex: null }), 12, 0).mark).toBe('majority');
  });

  test('beyond the commit index is not known of one that is no member', () => {
    const health = healthy.nodes[0]!.health as MasterHealth;
    const members = health.members.filter(({ node }) => node !== 'n2');
    const said = { ...health, members, commitIndex: 11 };
    const alone = told(healthy, { type: 'health', node: 'n1', health: said });
    const behind = told(alone, {
      ...{ type: 'health', node: 'n1' },
      health: { ...said, members: members.map((one) => ({ ...one, ackedIndex: 10 })) },
    });
    expect([cellAt(behind, 12).mark, cellAt(behind, 11).mark]).toEqual(['unknown', 'majority']);
  });

  test('stands with the words of the master where a log was not read, up to what is acked', () => {
    const page = { entries: [], lastIndex: 12, commitIndex: 11, next: null };
    const unread = told(saidOf({ ackedIndex: 11 }), {
      ...{ type: 'tail', node: 'n2', from: 1, to: 12, page },
    });
    expect(cellAt(unread, 11).entry).toMatchObject({ index: 11 });
    expect(cellAt(unread, 12)).toEqual({ mark: 'pending', entry: null });
  });
});

const waiting: OwnWrite = {
  ...{ key: 'k', message: 'm', w: 3, state: 'waiting', index: null, acks: [] },
  ...{ sentAt: 0, ms: null, error: null },
};

test.each([
  ['a slow pace', { rates: { ...healthy.rates, perSecond: [3.46] } }, /appends\/s 3\.5 /],
  ['a fast one', { rates: { ...healthy.rates, perSecond: [1_234.5] } }, /appends\/s 1,235 /],
  ['that it makes load', { loadOn: true }, / {2}load on *\n/],
  ['a message that waits, counted before the master counts it', { own: [waiting] }, /1 client w/],
])('the head says %s', (_, change, pattern) => {
  const state = { ...healthy, ...change };
  expect(textOf(headLines(state, firstScreen(true), glyphs, 120))).toMatch(pattern);
});

test('the head says that the picture stands still, and before the first look no alarm', () => {
  const held = { ...firstScreen(true), frozen: healthy };
  expect(textOf(headLines(healthy, held, glyphs, 120))).toMatch(/ {2} PAUSED /);
  const blank = blankState(null, 'c');
  expect(headLines(blank, firstScreen(true), glyphs, 120)).toHaveLength(2);
  expect(textOf([summaryLine(blank, 60)])).toMatch(/^c: looking *$/);
});

test('in one line the quorum is marked where somebody is ill', () => {
  const styleOf = (state: ClusterState) =>
    summaryLine(state, 39).find(({ text }) => text.includes('/'))!.style;
  expect([styleOf(healthy), styleOf(saidOf({ status: 'Suspected' }))]).toEqual(['good', 'warn']);
});

test.each([
  [{ lagEntries: 3, lagMs: 499 }, 'plain'],
  [{ lagEntries: 3, lagMs: 500 }, 'warn'],
  [{ lagEntries: 0, lagMs: 900 }, 'plain'],
])('a lag of %j is %s', (lag, style) => {
  const state = saidOf(lag);
  expect(lagOf(state.nodes[1]!, state)?.style).toBe(style);
});

test('a node says how long it has not answered, and whether its heart ever beat', () => {
  const silent = told(healthy, { type: 'silence', node: 'n2' });
  const later = { ...silent, now: silent.now + 3_000 };
  expect(conditionOf(later, later.nodes[1]!, glyphs).words).toEqual(['no answer 3.0 s', 'silent']);
  const state = saidOf({ lastHeartbeatMs: null });
  const look = { state, glyphs, chosen: false };
  expect(textOf(nodeLines(state.nodes[1]!, look, 40, 8))).toContain('no beat yet');
});

test('in a row of the log the chosen one is marked, and what a silent node had is dim', () => {
  const state = told(healthy, { type: 'silence', node: 'n2' });
  const rows = alignedRows(state, state.nodes, { from: 11, to: 12 });
  const look = { glyphs, gutter: 5, chosen: 12, node: 'n1' };
  const [before, chosen] = rows.map((row) => marksRow(row, state.nodes, 40, look));
  expect([textOf([before!]).slice(0, 5), textOf([chosen!]).slice(0, 5)]).toEqual([
    ...['   11', '▶  12'],
  ]);
  expect(chosen!.slice(2, 5).map(({ style }) => style)).toEqual(['good', 'dim', 'good']);
});

// What becomes of answers on their way to the screen: shortened, cleaned, put in order, streamed.

import { expect, test } from 'vitest';
import type { Health } from '../../src/client/answers.ts';
import { faultWords } from '../../src/client/fault-words.ts';
import type { ClusterState } from '../../src/dashboard/cluster/cluster-state.ts';
import { blankState } from '../../src/dashboard/cluster/cluster-state.ts';
import { membersIn, nodesIn } from '../../src/dashboard/cluster/known-nodes.ts';
import { readTidily, tidied } from '../../src/dashboard/cluster/tidy.ts';
import { streamLines } from '../../src/dashboard/terminal/stream.ts';
import { healthOf, recorded, reduced, STATES, stepsOf, told, urlOf } from './recorded.ts';

const healthy = recorded(STATES.healthy!);
const news = (before: ClusterState, after: ClusterState) =>
  after.happenings.slice(before.happenings.length).map(({ text }) => text);
const clean = (text: string): string => text.replaceAll('!', '?');
const place = { index: 1, epoch: 1, at: 'now' };

test('every text of an entry is cleaned, and cut where the screen has no room for more', () => {
  const long = `${'x'.repeat(399)}👍!`;
  expect(readTidily({ ...place, op: 'append', message: long }, clean)).toMatchObject({
    message: `${'x'.repeat(399)}…`,
  });
  expect(readTidily({ ...place, op: 'put', key: 'a!', value: 'b!' }, clean)).toMatchObject({
    ...{ key: 'a?', value: 'b?' },
  });
  expect(readTidily({ ...place, op: 'remove', key: 'a!' }, clean)).toMatchObject({ key: 'a?' });
  expect(tidied(clean)({ a: ['!'.repeat(2_001)] })).toEqual({ a: [`${'?'.repeat(2_000)}…`] });
});

const listed = (node: string, role: string | null = 'secondary') => {
  return { node, url: 'u', role, pid: 1, state: 'running' };
};

test('the nodes of a launcher are in the order of their numbers, the removed ones too', () => {
  const report = {
    ...{ name: 'c', nodes: [listed('n10'), listed('n1')], removed: [listed('n2', 'removed')] },
  } as unknown as Parameters<typeof nodesIn>[0];
  expect(nodesIn(report).nodes.map(({ node }) => node)).toEqual(['n1', 'n2', 'n10']);
});

test('a secondary knows of itself and its master; who is known already is no news', () => {
  const master = { node: 'n1', url: urlOf(0) };
  const health = { node: 'n2', role: 'secondary', epoch: 1, master } as Health;
  const named = (known: Parameters<typeof membersIn>[2]) =>
    membersIn(health, urlOf(1), known).nodes.map(({ node, role }) => `${node} ${role}`);
  expect(named([])).toEqual(['n1 master', 'n2 secondary']);
  expect(named([listed('n1', 'master'), listed('n2'), listed('n3')])).toEqual([
    ...['n1 master', 'n2 secondary', 'n3 secondary'],
  ]);
});

test('of a burst the stream tells the last twenty, and how many more there were', () => {
  const page = { entries: [], lastIndex: 0, commitIndex: 0, next: null };
  const before = told(healthy, { type: 'tail', node: 'n1', from: 1, to: 0, page });
  const nodes = STATES.healthy!.nodes.map(({ node }) => ({ node, last: 100 }));
  const lines = streamLines(before, reduced(before, stepsOf({ nodes }, 50)));
  const own = lines.filter((line) => line.startsWith('n1 |'));
  expect([own.length, own[0]]).toEqual([21, 'n1 | … 80 more']);
});

test('a stream that begins at an older operation tells only what came since', () => {
  const page = { entries: [], lastIndex: 12, commitIndex: 12, next: null };
  const older = told(healthy, { type: 'tail', node: 'n1', from: 1, to: 4, page });
  const start = new Set(older.nodes.map(({ tail }) => tail));
  const nodes = STATES.healthy!.nodes.map(({ node }) => ({ node, last: 13 }));
  const lines = streamLines(older, reduced(older, stepsOf({ nodes }, 50)), start);
  expect(lines.filter((line) => line.startsWith('n1 |'))).toEqual(['n1 | #13 remove colour']);
});

test('a new member is no change of status, and a process says which it is', () => {
  const { members, ...health } = healthOf(STATES.healthy!);
  const less = { ...health, members: members.slice(0, 2) };
  const before = told(healthy, { type: 'health', node: 'n1', health: less });
  const after = told(before, { type: 'health', node: 'n1', health: { ...health, members } });
  expect(news(before, after)).toEqual([]);
  const seen = (state: string, pid: number | null) => ({
    ...({ type: 'nodes', name: 'c' } as const),
    nodes: healthy.nodes.map(({ node, url, role }) => ({ node, url, role, pid, state })),
  });
  const down = told(healthy, seen('exited', null));
  expect(news(down, told(down, seen('running', 9)))[0]).toBe('n1 is running (pid 9)');
  const unknown = told(healthy, seen('running', null));
  expect(news(unknown, told(unknown, seen('running', 9)))).toEqual([]);
  expect(faultWords({ delayMs: 0 })).toBe('');
});

test('the role is what a node says of itself; a write is told with its place', () => {
  const health = { ...healthy.nodes[1]!.health!, role: 'removed' } as Health;
  expect(told(healthy, { type: 'health', node: 'n2', health }).nodes[1]!.role).toBe('removed');
  const write = {
    ...({
      key: 'k',
      message: 'm',
      w: 3,
      state: 'done',
      index: 7,
      acks: ['n1', 'n2', 'n3'],
    } as const),
    ...{ sentAt: 0, ms: 5, error: null },
  };
  expect(news(healthy, told(healthy, { type: 'write', write }))).toEqual([
    'stored as #7, acks n1 n2 n3 (w=3, 5 ms)',
  ]);
});

test('before a master is known there is no pace', () => {
  const blank = blankState(null, 'c');
  const after = reduced(blank, [
    [1_000, { type: 'round' }],
    [3_000, { type: 'round' }],
  ]);
  expect([after.rates.perSecond, after.rates.sampledAt]).toEqual([[], null]);
});

// What is drawn of what is known: each row is a mistake that no capture shows.

import { expect, test } from 'vitest';
import type { MasterHealth } from '../../src/client/answers.ts';
import type { ClusterState, OwnWrite } from '../../src/dashboard/cluster/cluster-state.ts';
import {
  firstScreen,
  type Panel,
  type ScreenState,
} from '../../src/dashboard/keys/screen-state.ts';
import type { Line } from '../../src/dashboard/screen/cells.ts';
import { eventLines } from '../../src/dashboard/screen/foot.ts';
import { frameOf, logRowsFor } from '../../src/dashboard/screen/frame.ts';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { columnsRow, legend } from '../../src/dashboard/screen/log-panel.ts';
import { nodeTable } from '../../src/dashboard/screen/node-table.ts';
import { panelLines } from '../../src/dashboard/screen/panels.ts';
import { healthyCluster, recorded, STATES, told } from './recorded.ts';

const healthy = recorded(STATES.healthy!);
const behindOne = recorded({
  nodes: [...healthyCluster(2).nodes, { node: 'n3', last: 11 }],
});
const glyphs = glyphsFor(true);
const screen = firstScreen(true);
const texts = (lines: readonly Line[]): string[] =>
  lines.map((line) =>
    line
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );

function framed(state: ClusterState, change: Partial<ScreenState>, columns: number, rows: number) {
  return texts(frameOf(state, { ...screen, ...change }, { columns, rows }, glyphs));
}

const drawn = (panel: Panel, state = healthy, change: Partial<ScreenState> = {}, width = 80) =>
  panelLines(panel, { state, screen: { ...screen, ...change }, glyphs, width, height: 20 });
const textOf = (...args: Parameters<typeof drawn>): string =>
  texts(drawn(...args).lines).join('\n');

test('a picture that stands still shows what was; its keys are those of now', () => {
  const later = recorded({ nodes: STATES['one-down']!.nodes.map((one) => ({ ...one, last: 99 })) });
  const now = told(later, { type: 'said', text: 'much later', tone: 'plain' });
  const held = framed(now, { frozen: healthy, node: 'n2' }, 80, 24);
  expect(held.join('\n')).toContain('12/12');
  expect(held.join('\n')).not.toContain('99/99');
  expect(held.join('\n')).not.toContain('much later');
  expect(held.at(-3)).toMatch(/^ r start/);
});

test('of many nodes those around the chosen one are shown, also with a panel', () => {
  const many = recorded(healthyCluster(9));
  const shown = framed(many, { node: 'n5' }, 40, 12).filter((line) => /^.[★◇ ]/.test(line));
  expect(shown.join('\n')).toMatch(/n5/);
  const named = framed(many, { node: 'n5', panel: { kind: 'append', message: '', w: 0 } }, 60, 19);
  expect(named.filter((line) => /^.[★◇]/.test(line)).map((line) => line.slice(3, 5))).toEqual([
    ...['n4', 'n5', 'n6'],
  ]);
  expect(named.join('\n')).toContain('6 more nodes ─ append a message');
});

test('no more of a log is fetched than any terminal shows', () => {
  const fetched = [900, 24].map((rows) => logRowsFor({ columns: 80, rows }, healthy));
  expect(fetched).toEqual([200, 9]);
});

test('in one line a question can be answered; a chosen operation is named above the log', () => {
  const effect = { type: 'quit' } as const;
  const panel = { kind: 'confirm', question: 'q', command: 'replog stop', effect } as const;
  expect(framed(healthy, { panel }, 39, 7)[0]).toBe('y/n: replog stop?');
  expect(framed(healthy, { index: 9 }, 80, 24).join('\n')).toContain('log at #9, End follows');
});

const output = { kind: 'output', node: 'n1', scroll: 0, search: 'two', typing: false } as const;
const said = (node: string, lines: string[], error: string | null = null): ClusterState =>
  told(healthy, { type: 'output', output: { node, first: 7, lines, error } });

test('output is that of its node, with its numbers and what was searched for; or an error', () => {
  const { lines } = drawn(output, said('n1', ['one', 'two']));
  expect(texts(lines)).toEqual(['     7 one', '     8 two']);
  expect(lines.map((line) => line[1]!.style)).toEqual(['plain', 'chosen']);
  expect(textOf(output, said('n2', ['one']))).toBe(' asking');
  expect(textOf(output, said('n1', [], 'no launcher'))).toBe(' no launcher');
});

test('a line of output that is too wide goes on below; from both ends all can be read', () => {
  const wide = ['first', `{"a":"${'x'.repeat(40)}"}`, 'third', 'y'.repeat(200), 'last'];
  const shown = (scroll: number, height = 5) => {
    const look = { state: said('n1', wide), screen, glyphs, width: 40, height };
    const { lines, ...rest } = panelLines({ ...output, search: '', scroll }, look);
    return [rest.scroll, ...texts(lines)];
  };
  const second = [`     8 {"a":"${'x'.repeat(27)}`, `       ${'x'.repeat(13)}"}`];
  const fourth = [`    10 ${'y'.repeat(33)}`, `       ${'y'.repeat(32)}…`];
  expect(shown(0)).toEqual([0, second[1], '     9 third', ...fourth, '    11 last']);
  expect(shown(1)).toEqual([1, ...second, '     9 third', ...fourth]);
  expect(shown(2)).toEqual([2, '     7 first', ...second, '     9 third', fourth[0]]);
  expect(shown(9)).toEqual(shown(2));
  expect(shown(1, 1)).toEqual([1, `    10 ${'y'.repeat(32)}…`]);
});

const story = { kind: 'story', index: 12, scroll: 0 } as const;
const toldOf = (index: number, complete: boolean): ClusterState =>
  told(healthy, {
    type: 'story',
    story: {
      ...{ index, node: 'n1', state: 'told', complete },
      lines: [{ ms: 1, event: 'received', peer: null, text: 'it came' }],
    },
  });

test('a story is that of its operation, and says whether it is over', () => {
  expect(textOf(story, toldOf(12, true))).toMatch(/it came$/);
  expect(textOf(story, toldOf(12, false))).toMatch(
    /it is not over yet, or began before the trace$/,
  );
  expect(textOf(story, toldOf(11, true))).toMatch(/asking the master$/);
});

const keys = { kind: 'keys', node: 'n2', scroll: 0 } as const;
const listing = (node: string, more: boolean, error: string | null = null): ClusterState => {
  const items = error === null ? [{ key: 'colour', value: 'blue', index: 3 }] : [];
  return told(healthy, { type: 'keys', keys: { node, items, more, error } });
};

test('keys are those of their node, whether there are more, how old; or an error', () => {
  expect(textOf(keys, listing('n2', true))).toMatch(/^ colour +blue +#3\n and more$/);
  expect(textOf(keys, listing('n2', false))).not.toContain('more');
  expect(textOf(keys, listing('n3', false))).toBe(' asking');
  expect(textOf(keys, listing('n2', false, 'broken off'))).toBe(' broken off');
  const silent = told(listing('n2', false), { type: 'silence', node: 'n2' });
  const later = { ...silent, now: silent.now + 3_000 };
  expect(drawn(keys, later).title).toBe('keys of n2, no answer for 3.0 s');
});

test('to copy are the last command line and the chosen operation', () => {
  const copied = textOf({ kind: 'copy', scroll: 0 }, healthy, {
    index: 11,
    lastCommand: 'replog x',
  });
  expect(copied).toMatch(/^ replog x$/m);
  expect(copied).toMatch(/^ #11 /m);
});

test('of messages that wait the newest are shown, with who has them, before older events', () => {
  const own = (key: string, index: number | null): OwnWrite => ({
    ...{ key, message: key, w: 3, state: 'waiting', index, acks: [] },
    ...{ sentAt: healthy.now, ms: null, error: null },
  });
  const nodes = healthy.nodes.map((one) => (one.node === 'n3' ? { ...one, role: 'removed' } : one));
  const state = { ...healthy, nodes, own: [own('a', null), own('b', null), own('c', 12)] };
  expect(texts(eventLines(state, 2, 80))).toEqual([
    ' a message w=3 waits 0.0 s: not yet on n1 n2  b',
    ' #12 w=3 waits 0.0 s: on n1 n2 n3  c',
  ]);
  const said2 = told(
    { ...healthy, own: [own('a', null)] },
    ...['older', 'newer'].map((text) => ({ type: 'said', text, tone: 'plain' }) as const),
  );
  expect(texts(eventLines(said2, 2, 80))).toEqual([
    ...[' 10:42:07 newer', ' a message w=3 waits 0.0 s: not yet on n1 n2 n3  a'],
  ]);
});

test('an event too long for a line goes on below, and takes no more than half of the room', () => {
  const text =
    'append with w=majority failed: 3 of the 4 nodes needed are alive; nothing was written';
  const said = (...all: readonly string[]) =>
    told(healthy, ...all.map((one) => ({ type: 'said', text: one, tone: 'plain' }) as const));
  const long = [
    ' 10:42:07 append with w=majority failed: 3 of the 4 nodes needed are alive;',
    '          nothing was written',
  ];
  expect(texts(eventLines(said('older', 'old', text), 3, 80))).toEqual([' 10:42:07 old', ...long]);
  expect(texts(eventLines(said(text, 'new'), 3, 80))).toEqual([...long, ' 10:42:07 new']);
  expect(texts(eventLines(said(text, 'new', 'newer'), 3, 80))).toEqual([
    ...[`${long[0]} not…`, ' 10:42:07 new', ' 10:42:07 newer'],
  ]);
  const lines = texts(eventLines(said('old', text), 3, 40));
  expect(lines.slice(1)).toEqual([
    ...[' 10:42:07 append with w=majority failed:', '          3 of the 4 nodes needed are a…'],
  ]);
  expect(lines[0]).toBe(' 10:42:07 old');
});

test('for whom a message waits has its room before who has it', () => {
  const write: OwnWrite = {
    ...{ key: 'a', message: 'text', w: 'all', state: 'waiting', index: 12, acks: ['n1', 'n2'] },
    ...{ sentAt: behindOne.now, ms: null, error: null },
  };
  const line = (width: number) => texts(eventLines({ ...behindOne, own: [write] }, 1, width))[0];
  expect(line(60)).toBe(' #12 w=all waits 0.0 s: on n1 n2, not yet on n3  text');
  expect(line(44)).toBe(' #12 w=all waits 0.0 s: not yet on n3  text');
  expect(line(40)).toBe(' #12 w=all waits 0.0 s: not yet on n3  …');
});

test('a silent node is dim in a table; what is missing or another is no quiet mark', () => {
  const silent = told(healthy, { type: 'silence', node: 'n2' });
  const [first, second] = nodeTable(silent.nodes, silent, glyphs, null, 80);
  const styleOf = (line: Line) => line.find(({ text }) => text.includes('12/12'))!.style;
  expect([styleOf(first!), styleOf(second!)]).toEqual(['plain', 'dim']);
  const look = { glyphs, gutter: 5, chosen: null, node: 'n1' };
  const marked = (mark: 'missing' | 'differs' | 'all', state = healthy) =>
    columnsRow({ index: 1, cells: [{ mark, entry: null }] }, state.nodes.slice(1), 20, look)[2]!
      .style;
  expect([marked('missing'), marked('differs'), marked('all')]).toEqual(['bad', 'alarm', 'good']);
  expect(marked('all', silent)).toBe('dim');
});

test('of what the marks mean only what has room is told, as a whole', () => {
  expect(texts([legend(glyphs, 20)])).toEqual([' ● all  ◐ majority']);
  expect(texts([legend(glyphs, 5)])).toEqual(['']);
});

test('a long name gives way to how far its node is behind, by millions too', () => {
  const behind = recorded({
    nodes: [
      { node: 'n1', last: 4_495_000 },
      { node: 'n2', last: 4_495_000, acked: 2 },
    ],
  });
  const nodes = behind.nodes.slice(1).map((view) => ({ ...view, node: `n2-${'x'.repeat(29)}` }));
  const named = behind.nodes.map((view, place) => (place === 0 ? view : nodes[0]!));
  const health = behind.nodes[0]!.health as MasterHealth;
  const members = health.members.map((one) =>
    one.node === 'n2' ? { ...one, node: nodes[0]!.node } : one,
  );
  const state = told(
    { ...behind, nodes: named },
    { type: 'health', node: 'n1', health: { ...health, members } },
  );
  expect(texts(nodeTable(nodes, state, glyphs, null, 40))).toEqual([
    expect.stringMatching(/lag 4494998$/),
  ]);
});

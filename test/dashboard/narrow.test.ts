// What is cut where there is little room, and what is not.

import { expect, test } from 'vitest';
import { countsIn } from '../../src/dashboard/cluster/rates.ts';
import { firstScreen } from '../../src/dashboard/keys/screen-state.ts';
import { columnsOf } from '../../src/dashboard/screen/cells.ts';
import { footLines } from '../../src/dashboard/screen/foot.ts';
import { frameOf, layoutFor } from '../../src/dashboard/screen/frame.ts';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { headLines } from '../../src/dashboard/screen/head.ts';
import { nodeLines } from '../../src/dashboard/screen/node-panel.ts';
import { nodeTable } from '../../src/dashboard/screen/node-table.ts';
import { panelLines } from '../../src/dashboard/screen/panels.ts';
import { healthyCluster, recorded, reduced, STATES, told } from './recorded.ts';

const healthy = recorded(STATES.healthy!);

test('of a message that is typed the end is seen, as much as there is room for', () => {
  const shown = (message: string, width: number): string => {
    const panel = { kind: 'append', message, w: 0 } as const;
    const look = { state: healthy, screen: firstScreen(true), glyphs: glyphsFor(true), width };
    return panelLines(panel, { ...look, height: 8 })
      .lines[0]!.map(({ text }) => text)
      .join('');
  };
  expect(shown('a'.repeat(69), 80)).toBe(` message  ${'a'.repeat(69)}_`);
  expect(shown('a'.repeat(70), 80)).toBe(` message  …${'a'.repeat(68)}_`);
  for (const text of ['日本語', '👨‍👩‍👧', 'аб']) {
    expect(columnsOf(shown(text.repeat(60), 80))).toBeGreaterThanOrEqual(79);
    expect(columnsOf(shown(text.repeat(60), 80))).toBeLessThanOrEqual(80);
  }
});

test.each([40, 44, 50, 59])('the last keys are whole on %i columns', (width) => {
  const keys = footLines(healthy, firstScreen(true), width, 1)[0]!;
  const text = keys.map((part) => part.text).join('');
  expect(text).toMatch(/ \? help {2}q quit *$/);
  expect(columnsOf(text)).toBe(width);
});

test('a lag is cut to its number, not through it', () => {
  const state = recorded({
    nodes: [
      { node: 'n1', last: 12 },
      { node: 'n2', last: 9, lagMs: 5_800 },
    ],
  });
  const lines = nodeTable(state.nodes, state, glyphsFor(true), 'n1', 40);
  const texts = lines.map((line) => line.map(({ text }) => text).join(''));
  expect(texts[0]).toContain('n1 master');
  expect(texts[1]).toMatch(/ lag 3 *$/);
});

const textsOf = (lines: readonly (readonly { readonly text: string }[])[]): string[] =>
  lines.map((line) => line.map(({ text }) => text).join(''));

const table = (width: number, last: number, behind: number, state: object) => {
  const cluster = recorded({
    nodes: [
      { node: 'n1', last },
      { node: 'n2', last: last - behind, lagMs: 60_000, ...state },
    ],
  });
  return textsOf(nodeTable(cluster.nodes, cluster, glyphsFor(true), 'n1', width));
};

// What a sign says too is given up first: the role, then for how long, then the commit index.
const FAULTY = { status: 'Suspected', faults: { hold: true } };
const ENDED = { status: 'Unhealthy', process: 'exited', silentSince: 52_000 };
test.each([
  [40, 12, 3, {}, [/n1 master +● Healthy +12\/12/, / n2 +● Healthy +9\/9 +lag 3 *$/]],
  [40, 4_495, 1_331, {}, [/▶★ n1 +● Healthy/, / ◇ n2 {2}● catching up {2}3164 {2}lag 1331 {2}e3$/]],
  [
    40,
    4_495,
    1_331,
    FAULTY,
    [/▶★ n1 {2}● Healthy +4495 +e3 +$/, / ◇ n2 {2}▲ Suspected {2}3164 {2}lag 1331 {2}! *$/],
  ],
  [
    40,
    123_456,
    99_999,
    FAULTY,
    [/▶★ n1 {2}● Healthy +123456 *$/, / n2 {2}▲ Suspected {2}23457 {3}lag 99999 *!?$/],
  ],
  [
    60,
    4_495,
    1_331,
    FAULTY,
    [/n1 master/, /secondary +▲ Suspected +3164\/\d+ +lag 1331 +! hold *$/],
  ],
  [60, 4_495, 54, ENDED, [/n1 master/, /secondary +□ down +4441\/4441 +lag 54 +8\.0 s ago *$/]],
  [40, 4_495, 54, ENDED, [/▶★ n1 +/, / ◇ n2 {2}□ down +4441\/4441 {2}lag 54 *$/]],
  [
    80,
    4_495,
    54,
    ENDED,
    [/n1 master/, /secondary +□ down +4441\/4441 +lag 54, 60 s +as of 8\.0 s ago *$/],
  ],
])('of nodes on %i columns, at %i and %i behind', (width, last, behind, state, patterns) => {
  const lines = table(width, last, behind, state);
  for (const [place, pattern] of patterns.entries()) expect(lines[place]).toMatch(pattern);
  expect(lines.join('')).not.toContain('…');
});

test.each(['read-only', 'master-down', 'healthy'])('every node is seen at 40×12: %s', (name) => {
  const state = recorded(STATES[name]!);
  const size = { columns: 40, rows: 12 };
  const lines = textsOf(frameOf(state, firstScreen(true), size, glyphsFor(true)));
  expect(lines).toHaveLength(12);
  for (const node of ['n1', 'n2', 'n3']) {
    expect(lines.filter((line) => line.slice(3, 5) === node)).toHaveLength(1);
  }
  expect(lines.some((line) => line.includes('─ events'))).toBe(name === 'healthy');
});

test('a name that leaves no room for the lag is cut for it', () => {
  const state = recorded({ nodes: [{ node: 'n1', last: 4_495 }] });
  const nodes = state.nodes.map((view) => ({ ...view, node: `long-${'x'.repeat(27)}` }));
  expect(textsOf(nodeTable(nodes, state, glyphsFor(true), null, 40))).toEqual([
    expect.stringMatching(/^ ★ long-x*… {2}\? no status {2}4495 *$/),
  ]);
});

test.each([
  [40, 1, 'n2', 'x X z r d f c m w Enter ? q'],
  [40, 1, 'n1', 'x X z r f c m w Enter l ? q'],
  [49, 1, 'n2', 'x X z r a d f c m w Enter l k p ? q'],
  [52, 1, 'n2', 'x X z r a d f c m w Enter l k s p y ? q'],
  [40, 2, 'n2', 'x X z r a d f c m w Enter l k s p y ? q'],
])('on %i columns and %i lines the keys that matter most have room', (width, lines, node, keys) => {
  const screen = { ...firstScreen(true), node };
  const shown = footLines(recorded(STATES.faults!), screen, width, lines);
  const bold = shown.flat().filter(({ style }) => style === 'bold');
  expect(bold.map(({ text }) => text.trim()).join(' ')).toBe(keys);
  expect(textsOf(shown).join('')).not.toContain('…');
});

test.each([
  [40, 1, ' /s 0 p99 30 ms 1 client waits for n2 n3'],
  [40, 12, ' /s 0 p99 30 ms 12 wait for n2 n3       '],
  [32, 12, ' /s 0 12 clients wait for n2 n3 '],
  [46, 12, ' /s 0 p50 20 ms p99 30 ms 12 wait for n2 n3   '],
  [39, 0, ' /s 0 p50 20 ms p99 30 ms nobody waits '],
])('on %i columns it is seen for whom %i clients wait', (width, waiting, line) => {
  const behind = { status: 'Suspected', acked: 1 } as const;
  const nodes = [
    { node: 'n1', last: 12 },
    { node: 'n2', last: 12, ...behind },
    { node: 'n3', last: 12, ...behind },
  ];
  const counts = (n: number) =>
    countsIn(
      `replog_waiting_writes ${waiting}\n` +
        ['0.01', '0.03', '+Inf'].map((le, i) => bucket(le, i === 0 ? 0 : n)).join('\n'),
    );
  const state = told(
    recorded({ nodes }),
    { type: 'counts', counts: counts(0) },
    { type: 'counts', counts: counts(9) },
  );
  const sampled = reduced(state, [[61_000, { type: 'round' }]]);
  const [, speed] = headLines(sampled, firstScreen(true), glyphsFor(true), width);
  expect(textsOf([speed!])[0]).toBe(line);
});

const bucket = (le: string, n: number): string => `replog_write_seconds_bucket{le="${le}"} ${n}`;

test.each([
  ['faults', { kind: 'faults', node: 'n2', place: 0 }, / ↑↓ choose {2}←→ Enter c {2}Esc close *$/],
  ['append', { kind: 'append', message: '', w: 0 }, / Tab write concern {2}Enter {2}Esc cancel *$/],
  [
    'output',
    { kind: 'output', node: 'n2', scroll: 0, search: '', typing: false },
    / \/ search {2}n End ↑↓ ←→ {2}Esc close *$/,
  ],
  ['help', { kind: 'help', scroll: 0 }, / ↑↓ PgUp PgDn scroll {2}Esc close *$/],
] as const)('the way out of a panel is whole on 40 columns: %s', (_, panel, pattern) => {
  const screen = { ...firstScreen(true), panel };
  expect(textsOf(footLines(healthy, screen, 40, 1))[0]).toMatch(pattern);
});

test.each([
  [5, 'columns'],
  [6, 'rows'],
  [7, 'rows'],
])('of %i nodes at 120 columns messages can be read: %s', (count, kind) => {
  const message = 'order 4711 of user 9';
  const state = recorded({ ...healthyCluster(count), messages: [message] });
  const size = { columns: 120, rows: 40 };
  expect(layoutFor(size, count).kind).toBe(kind);
  const lines = textsOf(frameOf(state, firstScreen(true), size, glyphsFor(true)));
  const row = lines.find((line) => line.includes('order'));
  expect(row).toContain(kind === 'rows' ? `●●●●● ${message}` : '● order 4711 of u');
});

test('a tall screen has room for as many events, whether nodes are columns or rows', () => {
  const events = (rows: number, count: number) => layoutFor({ columns: 120, rows }, count).events;
  expect([events(40, 3), events(40, 7)]).toEqual([5, 5]);
  expect([events(24, 3), events(24, 7), events(16, 7)]).toEqual([3, 3, 1]);
});

test('in a column of sixteen no figure is cut, and a fault stands beside its mark', () => {
  const nodes = healthyCluster(7).nodes.map((node, place) => {
    const faults = { delayMs: 2_000, errorBefore: 0.3 };
    if (place === 4) return { ...node, faults };
    if (place !== 6) return node;
    const ended = { status: 'Unhealthy', process: 'exited', silentSince: 41_000 } as const;
    return { ...node, ...ended, last: 1, lagMs: 19_000, attempts: 7 };
  });
  const state = recorded({ nodes });
  const look = { state, glyphs: glyphsFor(true), chosen: false };
  const column = (place: number) =>
    textsOf(nodeLines(state.nodes[place]!, look, 15, 8)).map((text) => text.trim());
  expect(column(6).slice(4)).toEqual(['lag 11, 19 s', 'as of 19 s ago', 'retry 7', '']);
  expect(column(4).slice(6)).toEqual(['! delay=2000ms', 'error-before=…']);
  expect(column(2).slice(4, 6)).toEqual(['lag 0', 'beat 0.2 s ago']);
  const far = recorded({ nodes: nodes.map((node) => ({ ...node, last: node.last * 10_000 })) });
  const there = nodeLines(
    far.nodes[6]!,
    { state: far, glyphs: glyphsFor(true), chosen: false },
    12,
    8,
  );
  expect(
    textsOf(there)
      .map((text) => text.trim())
      .slice(4),
  ).toEqual([...['lag 110000', '19 s ago', 'retry 7', '']]);
});

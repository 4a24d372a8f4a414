// The whole screen from what is known: a pure function of the state and the size. The rule: exactly
// as many lines as the terminal has, each at most as wide.

import type { ClusterState } from '../cluster/cluster-state.ts';
import { memberOf } from '../cluster/cluster-state.ts';
import type { ScreenState } from '../keys/screen-state.ts';
import { chosenNode } from '../keys/screen-state.ts';
import { alignedRows, windowOf } from './alignment.ts';
import type { Line } from './cells.ts';
import { fitLine, span, widthOf } from './cells.ts';
import { eventLines, footLines } from './foot.ts';
import type { Glyphs } from './glyphs.ts';
import { headLines, summaryLine } from './head.ts';
import { barOf, columnsRow, gutterOf, type LogLook, legend, marksRow } from './log-panel.ts';
import { nodeLines } from './node-panel.ts';
import { nodeTable } from './node-table.ts';
import { panelLines } from './panels.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Columns that a node needs to be shown as a column: with fewer than 16 for a message, one cannot
 * be told from the next, and a single log that has them whole says more. */
const COLUMN_MIN = 20;

/** Rows from which on there is room for all that can be said. */
const TALL = 34;

/** Rows for nodes and log from which on nodes leave more than one to the log. */
const LOG_ROOM = 12;

/** Rows of the log that are asked for: no terminal shows more of it. */
const LOG_ROWS_MAX = 200;

/** The shape of the screen at a size. */
export interface Layout {
  readonly kind: 'columns' | 'rows' | 'line';
  /** Lines per node. */
  readonly nodeLines: number;
  readonly events: number;
  readonly keyLines: number;
}

/** Columns where every node has room for one; else every node has a row. */
export function layoutFor({ columns, rows }: Size, nodes: number, gutter = 5): Layout {
  if (columns < 40 || rows < 8) return { kind: 'line', nodeLines: 0, events: 0, keyLines: 0 };
  const fits = Math.floor((columns - gutter) / COLUMN_MIN);
  if (columns < 76 || rows < 20 || fits < nodes) {
    const events = rows < 12 ? 0 : rows < 20 ? 1 : rows < TALL ? 3 : 5;
    return { kind: 'rows', nodeLines: 1, events, keyLines: rows < 20 ? 1 : 2 };
  }
  return rows < TALL
    ? { kind: 'columns', nodeLines: 5, events: 3, keyLines: 2 }
    : { kind: 'columns', nodeLines: 8, events: 5, keyLines: 2 };
}

/** How many rows of the log there is room for at most: what the observer has to fetch. */
export function logRowsFor(
  size: Size,
  { nodes, lastIndex }: Pick<ClusterState, 'nodes' | 'lastIndex'>,
): number {
  const { kind } = layoutFor(size, nodes.length, gutterOf(lastIndex));
  const others = kind === 'columns' ? 15 : 6;
  return Math.min(LOG_ROWS_MAX, Math.max(1, size.rows - others));
}

/** Every line of the screen. */
export function frameOf(
  current: ClusterState,
  screen: ScreenState,
  size: Size,
  glyphs: Glyphs,
): Line[] {
  const state = screen.frozen ?? current;
  const { columns: width, rows } = size;
  const shape = shapeOf(current, screen, size, glyphs);
  if (shape === null) return [oneLine(state, screen, width)];
  const { layout, parts, head, foot, count, body } = shape;
  const middle =
    screen.panel === null ? bodyLines(parts, layout, body) : withPanel(parts, layout, body).lines;
  const events = eventLines(state, count, width);
  const rest = count === 0 ? [] : [titled('events', width, glyphs), ...events];
  return [...head, ...middle, ...rest, ...foot].slice(0, rows);
}

/** How far the open panel is scrolled as it is shown: never beyond its end, whatever was asked for.
 * null: nothing is open that scrolls. */
export function scrollShown(
  current: ClusterState,
  screen: ScreenState,
  size: Size,
  glyphs: Glyphs,
): number | null {
  if (screen.panel === null || !('scroll' in screen.panel)) return null;
  const shape = shapeOf(current, screen, size, glyphs);
  return shape && withPanel(shape.parts, shape.layout, shape.body).scroll;
}

/** What stands above and below the middle of the screen, and what is left to it; null: there is
 * room for one line only. */
function shapeOf(current: ClusterState, screen: ScreenState, size: Size, glyphs: Glyphs) {
  const state = screen.frozen ?? current;
  const layout = layoutFor(size, state.nodes.length, gutterOf(state.lastIndex));
  if (layout.kind === 'line') return null;
  const { columns: width, rows } = size;
  const head = headLines(state, screen, glyphs, width);
  const foot = footLines(current, screen, width, layout.keyLines);
  const inside = rows - head.length - foot.length;
  const count = eventsWithin(layout, inside, state.nodes.length);
  const body = inside - (count === 0 ? 0 : count + 1);
  return { layout, parts: { state, screen, glyphs, width }, head, foot, count, body };
}

/** Where an alarm leaves too little room, how each node stands goes before the last event. */
function eventsWithin({ kind, events }: Layout, inside: number, nodes: number): number {
  // Below the nodes a title and a row of the log; then a title and the events.
  const isTight = kind === 'rows' && inside < nodes + 2 + events + 1;
  return isTight && events === 1 ? 0 : events;
}

interface Parts {
  readonly state: ClusterState;
  readonly screen: ScreenState;
  readonly glyphs: Glyphs;
  readonly width: number;
}

/** Panels with more to read than a few lines. */
const LONG: ReadonlySet<string> = new Set(['help', 'copy', 'story', 'output', 'faults']);

/** The nodes stay in sight while a panel is open, if there is room for both. */
function withPanel(
  parts: Parts,
  layout: Layout,
  height: number,
): { lines: Line[]; scroll: number | null } {
  const { state, screen, glyphs, width } = parts;
  if (screen.panel === null) return { lines: [], scroll: null };
  const rows = nodeRows(parts, 3);
  const nodes = layout.kind === 'columns' ? nodeColumns(parts, layout).lines : rows.lines;
  const least = LONG.has(screen.panel.kind) ? 16 : 8;
  const above = nodes.length + least <= height ? nodes : [];
  const left = height - above.length - 1;
  const look = { state, screen, glyphs, width, height: left };
  const { title, lines, scroll = null } = panelLines(screen.panel, look);
  const isPart = layout.kind !== 'columns' && above.length > 0 && rows.more !== '';
  const whole = isPart ? `${rows.more} ${glyphs.rule} ${title}` : title;
  const shown = [...above, titled(whole, width, glyphs), ...filled(lines, left, width)];
  return { lines: shown, scroll };
}

function bodyLines(parts: Parts, layout: Layout, height: number): Line[] {
  return layout.kind === 'columns' ? inColumns(parts, layout, height) : inRows(parts, height);
}

function inColumns(parts: Parts, layout: Layout, height: number): Line[] {
  const { state, screen, width } = parts;
  const { lines, column } = nodeColumns(parts, layout);
  const left = Math.max(0, height - lines.length - 1);
  const range = windowOf(state.lastIndex, left, screen.index);
  const look = logLook(parts);
  const rows = alignedRows(state, state.nodes, range).map((row) =>
    fitLine(columnsRow(row, state.nodes, column, look), width),
  );
  const title = logTitle('', parts);
  return [...lines, title, ...filled(rows, left, width)];
}

/** The nodes side by side, and how wide each is. */
function nodeColumns(parts: Parts, layout: Layout): { lines: Line[]; column: number } {
  const { state, screen, glyphs, width } = parts;
  const look = logLook(parts);
  const gutter = gutterOf(state.lastIndex);
  const id = chosenNode(state, screen);
  const column = Math.floor((width - gutter) / Math.max(1, state.nodes.length));
  const panels = state.nodes.map((view) =>
    nodeLines(view, { state, glyphs, chosen: view.node === id }, column - 1, layout.nodeLines),
  );
  const lines = Array.from({ length: layout.nodeLines }, (_, i): Line => {
    const cells = panels.flatMap((panel, place) => [
      barOf(state.nodes[place]?.node ?? '', look),
      ...(panel[i] ?? []),
    ]);
    return fitLine([span(' '.repeat(gutter)), ...cells], width);
  });
  return { lines, column };
}

/** Nodes as rows, and the log with a mark per node. */
function inRows(parts: Parts, height: number): Line[] {
  const { state, screen, width } = parts;
  const least = height < LOG_ROOM ? 1 : 3;
  const { lines: nodes, more } = nodeRows(parts, Math.max(1, height - 1 - least));
  const left = Math.max(0, height - nodes.length - 1);
  const range = windowOf(state.lastIndex, left, screen.index);
  const look = logLook(parts);
  const rows = alignedRows(state, state.nodes, range).map((row) =>
    marksRow(row, state.nodes, width, look),
  );
  return [...nodes, logTitle(more, parts), ...filled(rows, left, width)];
}

/** So many nodes around the chosen one, and how many more there are: of those, who is ill. */
function nodeRows(
  { state, screen, glyphs, width }: Parts,
  most: number,
): { lines: Line[]; more: string } {
  const id = chosenNode(state, screen);
  const place = state.nodes.findIndex(({ node }) => node === id);
  const first = Math.max(0, Math.min(place - Math.floor(most / 2), state.nodes.length - most));
  const shown = state.nodes.slice(first, first + most);
  const hidden = state.nodes.filter((view) => !shown.includes(view));
  const ill = hidden.filter(
    ({ node, silentSince }) =>
      silentSince !== null || (memberOf(state, node)?.status ?? 'Healthy') !== 'Healthy',
  );
  const count = `${hidden.length} more ${hidden.length === 1 ? 'node' : 'nodes'}`;
  const names = ill.length === 0 ? '' : `, ill: ${ill.map(({ node }) => node).join(' ')}`;
  const lines = nodeTable(shown, state, glyphs, id, width);
  return { lines, more: hidden.length === 0 ? '' : `${count}${names}` };
}

function logLook({ state, screen, glyphs }: Parts): LogLook {
  const node = chosenNode(state, screen);
  return { glyphs, gutter: gutterOf(state.lastIndex), chosen: screen.index, node };
}

/** Says what is not shown, and that the log is not followed while an operation is chosen. */
function logTitle(before: string, { state, screen, glyphs, width }: Parts): Line {
  const prefix = before === '' ? '' : `${before} ${glyphs.rule} `;
  const held = screen.index === null ? 'log' : `log at #${screen.index}, End follows`;
  const title = `${prefix}${state.lastIndex === 0 ? 'log (empty)' : held}`;
  return titled(title, width, glyphs, legend(glyphs, width - title.length - 3));
}

/** Where there is room for nothing else: how it stands, or what is being asked. */
function oneLine(state: ClusterState, screen: ScreenState, width: number): Line {
  const { panel } = screen;
  if (panel === null) return summaryLine(state, width);
  if (panel.kind === 'confirm') return fitLine([span(`y/n: ${panel.command}?`, 'alarm')], width);
  return fitLine([span('too small for this; Esc closes it', 'warn')], width);
}

/** A rule with a word in it. */
function titled(title: string, width: number, glyphs: Glyphs, after: Line = []): Line {
  const start: Line = [span(`${glyphs.rule} ${title} `, 'dim'), ...after];
  const left = Math.max(0, width - widthOf(start));
  return fitLine([...start, span(glyphs.rule.repeat(left), 'dim')], width);
}

function filled(lines: readonly Line[], height: number, width: number): Line[] {
  const blank = fitLine([], width);
  const shown = lines.slice(0, height).map((line) => fitLine(line, width));
  return [...shown, ...Array.from({ length: Math.max(0, height - shown.length) }, () => blank)];
}

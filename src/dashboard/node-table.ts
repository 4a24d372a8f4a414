// The nodes as rows, where they have no room as columns: a table, so that the eye can go down it.

import type { Line, Span, Style } from './cells.ts';
import { columnsOf, cut, fitLine, padded, span } from './cells.ts';
import { faultWords } from './changes.ts';
import type { ClusterState, NodeView } from './cluster-state.ts';
import { memberOf } from './cluster-state.ts';
import { conditionOf } from './condition.ts';
import type { Glyphs } from './glyphs.ts';
import { beatWords, fitting, lagOf, retryWords, titleOf } from './node-panel.ts';
import { seconds } from './span-words.ts';

interface Cell {
  readonly text: string;
  /** Where there is no room for all of it. */
  readonly short?: string;
  readonly style: Style;
  /** Columns below which it does not go, so that figures that grow move nothing. */
  readonly least: number;
}

/** Columns that a long name leaves to its node's condition, indexes and lag. */
const FACTS = 28;

/** A row per node, in columns that are as wide as their widest cell. `chosen`: an id. */
export function nodeTable(
  nodes: readonly NodeView[],
  state: ClusterState,
  glyphs: Glyphs,
  chosen: string | null,
  width: number,
): Line[] {
  const rows = nodes.map((view) => cellsOf(view, state, glyphs));
  const room = width - FACTS;
  const titles = nodes.map((view) =>
    titleOf(view, { state, glyphs, chosen: view.node === chosen }, room).map(trimmedTo(room - 1)),
  );
  const titleWidth = Math.max(...titles.map(lineWidth));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => Math.max(row[column]!.least, columnsOf(row[column]!.text)))),
  );
  return rows.map((row, place) => {
    const title = titles[place] ?? [];
    const gap = span(' '.repeat(titleWidth - lineWidth(title)));
    let left = width - titleWidth;
    const cells = row.map(({ text, short = text, style }, column) => {
      left -= 2;
      const shown = columnsOf(text) <= left ? text : short;
      const columns = Math.max(0, Math.min(left, widths[column]!));
      left -= columns;
      return span(`  ${padded(shown, columns)}`, style);
    });
    const line = [...title, gap, ...cells];
    if (left <= 2) return fitLine(line, width);
    return fitLine([...line, span('  '), extraOf(nodes[place]!, state, left - 2)], width);
  });
}

const trimmedTo =
  (width: number) =>
  ({ text, style }: Span): Span =>
    span(text === ' ' ? text : cut(text.trimEnd(), width), style);
const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + columnsOf(text), 0);

function cellsOf(view: NodeView, state: ClusterState, glyphs: Glyphs): Cell[] {
  const condition = conditionOf(state, view, glyphs);
  const lag = lagOf(view, state);
  const { lastIndex = '-', commitIndex = '-' } = view.health ?? {};
  const isSilent = view.silentSince !== null;
  return [
    {
      text: `${condition.glyph} ${condition.words.at(-1)}`,
      ...{ style: condition.style, least: 9 },
    },
    { text: `${lastIndex}/${commitIndex}`, style: isSilent ? 'dim' : 'plain', least: 5 },
    {
      ...{ text: lag?.words ?? '', short: lag?.short ?? '' },
      style: lag === null || isSilent ? 'dim' : lag.style,
      least: 10,
    },
  ];
}

/** The worst that there is to say, or else where it is, and how fresh: what there is room for. */
function extraOf(view: NodeView, state: ClusterState, width: number): Span {
  const faults = faultWords(view.faults ?? {});
  if (faults !== '') return span(`! ${faults}`, 'warn');
  const retry = retryWords(view, state);
  if (view.silentSince !== null && view.seenAt !== null) {
    const age = `${seconds(state.now - view.seenAt)} ago`;
    const long = `as of ${age}`;
    return span(fitting(width, retry === '' ? long : `${long}  ${retry}`, long, age), 'warn');
  }
  if (retry !== '') return span(retry, 'warn');
  const pid = view.pid === null ? '' : `  pid ${view.pid}`;
  const epoch = `e${view.health?.epoch ?? '-'}`;
  const place = fitting(width, `${epoch}${pid}`, epoch);
  const member = memberOf(state, view.node);
  if (member === null || member.role === 'master') return span(place, 'dim');
  return span(fitting(width, `${place}  ${beatWords(member, state)}`, place), 'dim');
}

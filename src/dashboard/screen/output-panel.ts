// The panel of what a node has written: its last lines, or those above them. It is scrolled by
// lines of the node; one that is longer than the screen is wide goes on below.

import { cut, type Line, padded, span, wrap } from './cells.ts';
import type { Drawn, Kind, PanelLook } from './panel-look.ts';

/** Columns of a line's number. */
const NUMBER = 7;

export function output(panel: Kind<'output'>, { state, width, height }: PanelLook): Drawn {
  const known = state.output?.node === panel.node ? state.output : null;
  const all = known?.lines ?? [];
  const rowsOf = (place: number): Line[] => {
    const number = String((known?.first ?? 0) + place);
    return lineRows(all[place]!, number, panel.search, width, height);
  };
  const first = firstRows(all.length, height, rowsOf);
  const most = all.length - first.whole;
  const scroll = Math.min(panel.scroll, most);
  const place =
    scroll === 0 ? 'following' : `${scroll} line${scroll === 1 ? '' : 's'} above the end`;
  const typed = panel.typing || panel.search !== '' ? `  /${panel.search}` : '';
  const found = all.some((text) => text.includes(panel.search)) ? '' : '  not found';
  // At the very beginning the first line is whole, elsewhere the last one.
  const lines = scroll === most ? first.rows : rowsUpTo(all.length - scroll, height, rowsOf);
  const error = known?.error ?? null;
  const nothing = error ?? (known === null ? 'asking' : 'it has said nothing yet');
  return {
    title: `output of ${panel.node}: ${place}${typed}${panel.typing ? '_' : ''}${found}`,
    lines: lines.length === 0 ? [[span(` ${nothing}`, 'dim')]] : lines,
    scroll,
  };
}

type RowsOf = (place: number) => Line[];

/** The rows from the first line on that fill the panel, and how many lines are whole there: the
 * first one at least, of which there are never more rows. */
function firstRows(
  count: number,
  height: number,
  rowsOf: RowsOf,
): { readonly rows: Line[]; readonly whole: number } {
  const rows: Line[] = [];
  let whole = 0;
  for (let place = 0; place < count && rows.length < height; place += 1) {
    rows.push(...rowsOf(place));
    if (rows.length <= height) whole += 1;
  }
  return { rows: rows.slice(0, height), whole };
}

/** The rows that fill the panel, the last of which is the end of the line before `end`. */
function rowsUpTo(end: number, height: number, rowsOf: RowsOf): Line[] {
  const rows: Line[] = [];
  for (let place = end - 1; place >= 0 && rows.length < height; place -= 1) {
    rows.unshift(...rowsOf(place));
  }
  return rows.slice(Math.max(0, rows.length - height));
}

/** One line with its number, in no more rows than half of the panel has: what is above it is to be
 * seen as well. */
function lineRows(
  text: string,
  number: string,
  search: string,
  width: number,
  height: number,
): Line[] {
  const style = search !== '' && text.includes(search) ? 'chosen' : 'plain';
  const most = Math.max(1, Math.floor(height / 2));
  const parts = wrap(text, width - NUMBER);
  const shown = parts.slice(0, most);
  if (parts.length > most) shown[most - 1] = cut(`${shown[most - 1]}…`, width - NUMBER);
  return shown.map((part, i) => [
    span(i === 0 ? `${padded(number, NUMBER - 1, 'right')} ` : ' '.repeat(NUMBER), 'dim'),
    span(part, style),
  ]);
}

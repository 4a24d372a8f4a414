// The logs, aligned by index: a column per node where there is room, else a mark per node.

import { type NodeView, staleSince } from '../cluster/cluster-state.ts';
import type { LogCell, LogRow } from './alignment.ts';
import { wordsOf } from './alignment.ts';
import type { Line, Style } from './cells.ts';
import { fitLine, padded, span, widthOf } from './cells.ts';
import { type Glyphs, MARK_NAMES, type Mark } from './glyphs.ts';

const STYLES: Readonly<Record<Mark, Style>> = {
  all: 'good',
  majority: 'accent',
  here: 'warn',
  pending: 'warn',
  missing: 'bad',
  differs: 'alarm',
  unknown: 'dim',
};

export interface LogLook {
  readonly glyphs: Glyphs;
  /** Columns of the gutter with the indexes. */
  readonly gutter: number;
  /** The chosen index; null: none. */
  readonly chosen: number | null;
  /** Id of the chosen node. */
  readonly node: string | null;
}

/** What stands to the left of a node. */
export function barOf(node: string, { glyphs, node: chosen }: LogLook): Line[number] {
  return node === chosen ? span(glyphs.chosenBar, 'accent') : span(glyphs.bar, 'dim');
}

/** Columns that the largest index takes, and two blanks. */
export function gutterOf(lastIndex: number): number {
  return Math.max(3, String(lastIndex).length) + 2;
}

/** A row with a column of `width` per node. */
export function columnsRow(
  row: LogRow,
  nodes: readonly NodeView[],
  width: number,
  look: LogLook,
): Line {
  const cells = row.cells.flatMap((cell, place) => {
    const view = nodes[place]!;
    const silent = staleSince(view) !== null;
    const bar = barOf(view.node, look);
    return [bar, ...columnOf(cell, width - 1, look.glyphs, silent)];
  });
  return [indexOf(row.index, look), ...cells];
}

function columnOf(cell: LogCell, width: number, glyphs: Glyphs, silent: boolean): Line {
  const { mark, entry } = cell;
  if (mark === 'missing') {
    // A gap is drawn as one: nothing else on the screen is a dotted line.
    const gap = ` ${glyphs.gap.repeat(Math.max(0, width - 2))}`;
    return [span(padded(gap, width), STYLES.missing)];
  }
  const style = silent ? 'dim' : STYLES[mark];
  const words = entry === null ? '' : wordsOf(entry);
  return [span(` ${glyphs.marks[mark]} `, style), span(padded(words, width - 3), quiet(silent))];
}

const quiet = (silent: boolean): Style => (silent ? 'dim' : 'plain');

/** A row with one mark per node, and the operation once. */
export function marksRow(
  row: LogRow,
  nodes: readonly NodeView[],
  width: number,
  look: LogLook,
): Line {
  const marks = row.cells.map(({ mark }, place) => {
    const silent = staleSince(nodes[place]!) !== null;
    return span(look.glyphs.marks[mark], silent ? 'dim' : STYLES[mark]);
  });
  const entry = row.cells.find((cell) => cell.entry !== null)?.entry ?? null;
  const words = entry === null ? '' : wordsOf(entry);
  return fitLine([indexOf(row.index, look), span(' '), ...marks, span(` ${words}`)], width);
}

function indexOf(index: number, { gutter, chosen, glyphs }: LogLook): Line[number] {
  const isChosen = index === chosen;
  const text = padded(String(index), gutter - 1, 'right');
  return span(`${isChosen ? glyphs.chosen : ' '}${text}`, isChosen ? 'chosen' : 'dim');
}

/** What the marks mean: those for which there is room, whole. */
export function legend(glyphs: Glyphs, width: number): Line {
  const shown: Line[number][] = [];
  for (const [mark, name] of MARK_NAMES) {
    const more = [span(` ${glyphs.marks[mark]}`, STYLES[mark]), span(` ${name} `, 'dim')];
    if (widthOf([...shown, ...more]) > width) break;
    shown.push(...more);
  }
  return shown;
}

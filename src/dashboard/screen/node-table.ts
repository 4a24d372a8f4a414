// The nodes as rows, where they have no room as columns: a table, so that the eye can go down it.

import { faultWords } from '../../client/fault-words.ts';
import type { ClusterState, NodeView } from '../cluster/cluster-state.ts';
import { memberOf, staleSince } from '../cluster/cluster-state.ts';
import { conditionOf } from '../cluster/condition.ts';
import type { Line, Span, Style } from './cells.ts';
import { columnsOf, cut, fitLine, padded, span, widthOf } from './cells.ts';
import type { Glyphs } from './glyphs.ts';
import { beatWords, fitting, lagOf, retryWords, titleOf } from './node-panel.ts';
import { seconds } from './span-words.ts';

interface Cell {
  readonly text: string;
  readonly style: Style;
  /** Columns below which it does not go, so that figures that grow move nothing. */
  readonly least: number;
}

/** How much is said of each node. */
interface Form {
  readonly roles: boolean;
  /** For how long a node has been behind, beside by how much. */
  readonly span: boolean;
  readonly commit: boolean;
  /** Whether the faults, or the age of what is known, have room: else a mark has to do. */
  readonly trouble: boolean;
}

/** From the most words to the fewest. What a sign says too is given up first, and by how much a
 * node is behind never. */
const FORMS: readonly Form[] = [
  { roles: true, span: true, commit: true, trouble: true },
  { roles: true, span: false, commit: true, trouble: true },
  { roles: false, span: false, commit: true, trouble: true },
  { roles: true, span: false, commit: true, trouble: false },
  { roles: false, span: false, commit: true, trouble: false },
  { roles: false, span: false, commit: false, trouble: false },
];

/** Columns that a long name leaves to its node's condition, indexes and lag. */
const FACTS = 28;

/** Columns of a name that are left to it where there are too few for everything. */
const TITLE_LEAST = 6;

/** Columns of faults from which on they can be told apart; what more there is may be cut. */
const FAULTS_LEAST = 12;

interface Table {
  readonly titles: readonly Line[];
  readonly rows: readonly (readonly Cell[])[];
  /** Of the title, and of each cell. */
  readonly titleWidth: number;
  readonly widths: readonly number[];
}

/** A row per node, in columns that are as wide as their widest cell. `chosen`: an id. */
export function nodeTable(
  nodes: readonly NodeView[],
  state: ClusterState,
  glyphs: Glyphs,
  chosen: string | null,
  width: number,
): Line[] {
  const tableIn = (form: Form, room: number): Table => {
    const titles = nodes.map((view) =>
      titleOf(view, { state, glyphs, chosen: view.node === chosen }, form.roles ? room : 0).map(
        trimmedTo(room - 1),
      ),
    );
    const rows = nodes.map((view) => cellsOf(view, state, glyphs, form));
    const widths = (rows[0] ?? []).map((_, column) =>
      Math.max(...rows.map((row) => Math.max(row[column]!.least, columnsOf(row[column]!.text)))),
    );
    return { titles, rows, widths, titleWidth: Math.max(...titles.map(widthOf)) };
  };
  const fits = (form: Form): boolean => {
    const { titleWidth, widths } = tableIn(form, width - FACTS);
    const beside = Math.max(...nodes.map((view) => troubleWidth(view, state, form)));
    return titleWidth + factsWidth(widths) + beside <= width;
  };
  const form = FORMS.find(fits) ?? FORMS.at(-1)!;
  const facts = factsWidth(tableIn(form, width).widths);
  const room = Math.max(TITLE_LEAST, Math.min(width - FACTS, width - facts));
  const table = tableIn(form, fits(form) ? width - FACTS : room);
  return nodes.map((view, place) => fitLine(rowOf(view, table, place, state, width), width));
}

const factsWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, columns) => sum + 2 + columns, 0);

function rowOf(
  view: NodeView,
  { titles, rows, titleWidth, widths }: Table,
  place: number,
  state: ClusterState,
  width: number,
): Line {
  const title = titles[place] ?? [];
  const gap = span(' '.repeat(titleWidth - widthOf(title)));
  let left = width - titleWidth;
  const cells = (rows[place] ?? []).map(({ text, style }, column) => {
    left -= 2;
    const columns = Math.max(0, Math.min(left, widths[column]!));
    left -= columns;
    return span(`  ${padded(text, columns)}`, style);
  });
  const line = [...title, gap, ...cells];
  return left <= 2 ? line : [...line, span('  '), extraOf(view, state, left - 2)];
}

const trimmedTo =
  (width: number) =>
  ({ text, style }: Span): Span =>
    span(text === ' ' ? text : cut(text.trimEnd(), width), style);

function cellsOf(view: NodeView, state: ClusterState, glyphs: Glyphs, form: Form): Cell[] {
  const condition = conditionOf(state, view, glyphs);
  const lag = lagOf(view, state);
  const { lastIndex = '-', commitIndex = '-' } = view.health ?? {};
  const isSilent = view.silentSince !== null;
  return [
    {
      text: `${condition.glyph} ${condition.words.at(-1)}`,
      ...{ style: condition.style, least: 9 },
    },
    {
      text: form.commit ? `${lastIndex}/${commitIndex}` : String(lastIndex),
      ...{ style: isSilent ? 'dim' : 'plain', least: form.commit ? 5 : 1 },
    },
    {
      text: (form.span ? lag?.words : lag?.short) ?? '',
      style: lag === null || isSilent ? 'dim' : lag.style,
      least: form.span ? 10 : 5,
    },
  ];
}

/** Columns that are wanted for what must be told of a node that is ill, and the gap before it. */
function troubleWidth(view: NodeView, state: ClusterState, { trouble }: Form): number {
  const faults = faultWords(view.faults ?? {});
  if (faults !== '') return trouble ? 2 + Math.min(FAULTS_LEAST, columnsOf(`! ${faults}`)) : 3;
  const heardAt = staleSince(view);
  return trouble && heardAt !== null ? 2 + columnsOf(ageOf(heardAt, state)) : 0;
}

const ageOf = (seenAt: number, state: ClusterState): string => `${seconds(state.now - seenAt)} ago`;

/** The worst that there is to say, or else where it is, and how fresh: what there is room for. */
function extraOf(view: NodeView, state: ClusterState, width: number): Span {
  const faults = faultWords(view.faults ?? {});
  // Half a word says no more than the mark.
  if (faults !== '') {
    const text = `! ${faults}`;
    return span(width < FAULTS_LEAST ? fitting(width, text, '!') : text, 'warn');
  }
  const retry = retryWords(view, state);
  const heardAt = staleSince(view);
  if (heardAt !== null) {
    const age = ageOf(heardAt, state);
    const long = `as of ${age}`;
    return span(fitting(width, retry === '' ? long : `${long}  ${retry}`, long, age, ''), 'warn');
  }
  if (retry !== '') return span(fitting(width, retry, retry.replace(/ in .*/, ''), ''), 'warn');
  const pid = view.pid === null ? '' : `  pid ${view.pid}`;
  const epoch = `e${view.health?.epoch ?? '-'}`;
  const place = fitting(width, `${epoch}${pid}`, epoch, '');
  const member = memberOf(state, view.node);
  if (member === null || member.role === 'master') return span(place, 'dim');
  return span(fitting(width, `${place}  ${beatWords(member, state)}`, place), 'dim');
}

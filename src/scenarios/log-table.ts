// What every node's log is now, aligned by index: one row per node, one column per index. Signs,
// not colours, tell what stands where.

import type { LogEntry } from '../client/answers.ts';
import { NotSeen, type Observer } from './observer.ts';
import type { Stage } from './stage.ts';

/** How far an operation is on a node. */
export type CellState =
  /** The node has it, and has acknowledged it. */
  | 'there'
  /** The node shows it, but has not acknowledged it (yet). */
  | 'pending'
  /** The node does not show it. */
  | 'absent'
  /** The node cannot be asked. */
  | 'unknown';

export interface Cell {
  readonly text: string;
  readonly state: CellState;
}

export interface LogRow {
  readonly node: string;
  /** `master`, or what makes the node special now: its status or the state of its process. */
  readonly note: string;
  /** It has shown its log. */
  readonly asked: boolean;
  readonly cells: readonly Cell[];
}

/** A part of all logs: the operations from `first` to `last`. */
export interface LogTable {
  readonly first: number;
  readonly last: number;
  readonly rows: readonly LogRow[];
}

/** Columns that are read; of these, as many are shown as fit. */
const COLUMNS_MAX = 10;

/** Reads all nodes. The table shows the last operations; nodes that cannot be asked say why. */
export async function lookAtLogs(stage: Stage, observer: Observer): Promise<LogTable> {
  const health = await observer.health().catch(ifNotSeen);
  const views = await Promise.all(
    stage.nodes().map(async ({ node, role, state }) => {
      const log = await observer.log(node).catch(ifNotSeen);
      const member = health?.members.find((one) => one.node === node);
      const status = member === undefined || member.status === 'Healthy' ? '' : member.status;
      const note = role === 'secondary' ? status : (role ?? '');
      const now = state === 'running' ? note : state === 'paused' ? 'paused' : 'not running';
      return { node, note: now, log, acked: member?.ackedIndex ?? null };
    }),
  );
  const last = Math.max(0, ...views.map(({ log }) => log?.lastIndex ?? 0));
  const first = Math.max(1, last - COLUMNS_MAX + 1);
  const indexes = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const rows = views.map(({ node, note, log, acked }) => {
    const entries = new Map((log?.entries ?? []).map((entry) => [entry.index, entry]));
    const cells = indexes.map((index): Cell => {
      if (log === null) return { text: '?', state: 'unknown' };
      const entry = entries.get(index);
      if (entry === undefined) return { text: '·', state: 'absent' };
      const there = acked === null || acked >= index;
      return { text: textOf(entry), state: there ? 'there' : 'pending' };
    });
    return { node, note, asked: log !== null, cells };
  });
  return { first, last, rows };
}

/** Columns of text for one operation. */
const CELL_MAX = 12;

/** The lines of a table, at most so wide, ready to be printed. `visible` makes foreign text
 * harmless. */
export function tableLines(
  table: LogTable,
  visible: (text: string) => string,
  widthMax: number,
): string[] {
  const { first, last, rows } = table;
  if (last === 0) return [emptiness(rows)];
  const texts = rows.map(({ cells }) =>
    cells.map(({ text, state }) => {
      // By characters: half of one is none.
      const cut = [...visible(text)];
      const short =
        cut.length > CELL_MAX ? `${cut.slice(0, CELL_MAX - 1).join('')}…` : cut.join('');
      return state === 'pending' ? `${short}*` : short;
    }),
  );
  const columns = Array.from({ length: last - first + 1 }, (_, i) => {
    const cells = [`${first + i}`, ...texts.map((row) => row[i] ?? '')];
    const width = Math.max(...cells.map((cell) => cell.length));
    return { cells, width };
  });
  const names = ['index', ...rows.map(({ node, note }) => (note ? `${node} (${note})` : node))];
  const nameWidth = Math.max(...names.map((name) => name.length));
  const shown = lastThatFit(columns, widthMax - nameWidth - 4);
  const more = first > 1 || shown.length < columns.length ? '… ' : '';
  const lines = names.map((name, row) => {
    const cells = shown.map(({ cells: column, width }) => (column[row] ?? '').padEnd(width));
    return `${name.padEnd(nameWidth)}  ${more}${cells.join('  ')}`.trimEnd();
  });
  const states = new Set(rows.flatMap(({ cells }) => cells.map(({ state }) => state)));
  const legend = [
    states.has('pending') ? '* shown, not acknowledged yet' : '',
    states.has('absent') ? '· not there' : '',
    states.has('unknown') ? '? cannot be asked' : '',
  ].filter((part) => part !== '');
  if (legend.length > 0) lines.push(`${' '.repeat(nameWidth)}  ${legend.join('   ')}`);
  return lines;
}

/** The newest operations are what has just happened. */
function lastThatFit<Column extends { readonly width: number }>(
  columns: readonly Column[],
  room: number,
): readonly Column[] {
  let from = columns.length;
  let used = 0;
  while (from > 0 && used + columns[from - 1]!.width + 2 <= room) {
    from -= 1;
    used += columns[from]!.width + 2;
  }
  return columns.slice(from);
}

function textOf(entry: LogEntry): string {
  switch (entry.op) {
    case 'append':
      return entry.message;
    case 'put':
      return `${entry.key}=${entry.value}`;
    case 'remove':
      return `-${entry.key}`;
  }
}

function ifNotSeen(error: unknown): null {
  if (error instanceof NotSeen) return null;
  throw error;
}

/** There is no operation in any log that was seen. */
function emptiness(rows: readonly LogRow[]): string {
  const silent = rows.filter(({ asked }) => !asked).map(({ node }) => node);
  if (silent.length === 0) return 'all logs are empty';
  if (silent.length === rows.length) return 'no node can be asked for its log';
  const seen = rows.filter(({ asked }) => asked).map(({ node }) => node);
  const logs = seen.length === 1 ? 'the log of' : 'the logs of';
  const are = seen.length === 1 ? 'is' : 'are';
  return `${logs} ${seen.join(' ')} ${are} empty; ${silent.join(' ')} cannot be asked`;
}

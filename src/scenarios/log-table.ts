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
  readonly cells: readonly Cell[];
}

/** A part of all logs: the operations from `first` to `last`. */
export interface LogTable {
  readonly first: number;
  readonly last: number;
  readonly rows: readonly LogRow[];
}

/** Columns that fit beside names and notes in 80. */
const COLUMNS_MAX = 6;

/** Reads all nodes. The table shows the last operations; nodes that cannot be asked say why. */
export async function lookAtLogs(stage: Stage, observer: Observer): Promise<LogTable> {
  const health = await observer.health().catch(ifNotSeen);
  const views = await Promise.all(
    stage.nodes().map(async ({ node, role, state }) => {
      const log = await observer.log(node).catch(ifNotSeen);
      const member = health?.members.find((one) => one.node === node);
      const status = member === undefined || member.status === 'Healthy' ? '' : member.status;
      const note = state === 'running' ? (role === 'secondary' ? status : (role ?? '')) : state;
      return { node, note, log, acked: member?.ackedIndex ?? null };
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
    return { node, note, cells };
  });
  return { first, last, rows };
}

/** Columns of text for one operation. */
const CELL_MAX = 9;

/** The lines of a table, ready to be printed once `visible` has made foreign text harmless. */
export function tableLines(table: LogTable, visible: (text: string) => string): string[] {
  const { first, last, rows } = table;
  if (last === 0) return ['  all logs are empty'];
  const indexes = Array.from({ length: last - first + 1 }, (_, i) => `${first + i}`);
  const texts = rows.map(({ cells }) =>
    cells.map(({ text, state }) => {
      const cut = visible(text);
      const short = cut.length > CELL_MAX ? `${cut.slice(0, CELL_MAX - 1)}…` : cut;
      return state === 'pending' ? `${short}*` : short;
    }),
  );
  const widths = indexes.map((index, i) =>
    Math.max(index.length, ...texts.map((row) => (row[i] ?? '').length)),
  );
  const line = (name: string, cells: readonly string[], note: string): string => {
    const padded = cells.map((cell, i) => cell.padEnd(widths[i] ?? 0));
    return `  ${name.padEnd(5)} ${first > 1 ? '… ' : ''}${padded.join('  ')}  ${note}`.trimEnd();
  };
  const lines = [line('index', indexes, '')];
  for (const [i, { node, note }] of rows.entries()) lines.push(line(node, texts[i]!, note));
  const states = new Set(rows.flatMap(({ cells }) => cells.map(({ state }) => state)));
  const legend = [
    states.has('pending') ? '* shown, not acknowledged yet' : '',
    states.has('absent') ? '· not there' : '',
    states.has('unknown') ? '? cannot be asked' : '',
  ].filter((part) => part !== '');
  if (legend.length > 0) lines.push(`        ${legend.join('   ')}`);
  return lines;
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

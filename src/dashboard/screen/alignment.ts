// The logs of all nodes, side by side: for each index what each node has there, and how sure it is.

import type { LogEntry } from '../../client/answers.ts';
import type { ClusterState, NodeView } from '../cluster/cluster-state.ts';
import { masterOf, masterView, memberOf } from '../cluster/cluster-state.ts';
import type { Mark } from './glyphs.ts';

/** One index on one node. */
export interface LogCell {
  readonly mark: Mark;
  /** null: the node has nothing there, or nobody knows here what it has. */
  readonly entry: LogEntry | null;
}

/** One index on all nodes, in their order. */
export interface LogRow {
  readonly index: number;
  readonly cells: readonly LogCell[];
}

/** The indexes that are shown: the newest, or those around the chosen one. */
export function windowOf(
  lastIndex: number,
  rows: number,
  chosen: number | null,
): { readonly from: number; readonly to: number } {
  const end = chosen === null ? lastIndex : Math.max(chosen + Math.floor(rows / 3), rows);
  const to = Math.min(lastIndex, end);
  return { from: Math.max(1, to - rows + 1), to };
}

/** The rows between two indexes, each included. */
export function alignedRows(
  state: ClusterState,
  nodes: readonly NodeView[],
  { from, to }: { readonly from: number; readonly to: number },
): LogRow[] {
  const look = nodes.map((node) => lookerAt(state, node));
  const rows: LogRow[] = [];
  for (let index = from; index <= to; index += 1) {
    rows.push({ index, cells: look.map((at) => at(index)) });
  }
  return rows;
}

/** What the node has at an index. What everybody needs is computed once per node. */
function lookerAt(state: ClusterState, view: NodeView): (index: number) => LogCell {
  const { tail, health, seenAt } = view;
  const master = masterOf(state);
  const reference = masterView(state)?.tail ?? null;
  const members = master?.members ?? [];
  const onAll = Math.min(...members.map(({ ackedIndex }) => ackedIndex ?? 0));
  const acked = memberOf(state, view.node)?.ackedIndex ?? null;
  const has = Math.max(health?.lastIndex ?? 0, tail.lastIndex);
  return (index) => {
    if (seenAt === null) return { mark: 'unknown', entry: null };
    if (index > has) return { mark: 'missing', entry: null };
    const theirs = reference?.entries.get(index);
    const entry = tail.entries.get(index) ?? acknowledged(index, acked, theirs);
    if (entry !== null && theirs !== undefined && entry.epoch !== theirs.epoch) {
      return { mark: 'differs', entry };
    }
    // Without a master nobody says who has acknowledged what.
    if (master === null) return { mark: 'unknown', entry };
    if (acked !== null && index > acked) return { mark: 'pending', entry };
    if (index <= onAll) return { mark: 'all', entry };
    if (index <= master.commitIndex) return { mark: 'majority', entry };
    return { mark: acked === null ? 'unknown' : 'here', entry };
  };
}

/** What a node has acknowledged is what the master has, also where its log was not read in time. */
function acknowledged(
  index: number,
  acked: number | null,
  theirs: LogEntry | undefined,
): LogEntry | null {
  return acked !== null && index <= acked ? (theirs ?? null) : null;
}

/** An operation in a few words. */
export function wordsOf(entry: LogEntry): string {
  switch (entry.op) {
    case 'append':
      return entry.message;
    case 'put':
      return `put ${entry.key}=${entry.value}`;
    case 'remove':
      return `remove ${entry.key}`;
  }
}

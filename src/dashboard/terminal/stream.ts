// Stream mode: no screen, but lines with prefixes, as they would stand in a file. What is new is
// what was not there a moment ago.

import type { ClusterState, NodeView, Tail } from '../cluster/cluster-state.ts';
import { wordsOf } from '../screen/alignment.ts';

/** Entries of one node that are told at once; of more the number is told. */
const BURST_MAX = 20;

/** The lines that a change comes to. `start`: the pieces of logs that were known when the stream
 * began; they may be of any place, and what stood behind them then is not new. */
export function streamLines(
  before: ClusterState,
  after: ClusterState,
  start: ReadonlySet<Tail> = NOWHERE,
): string[] {
  const seenIn = (tail: Tail): number => (start.has(tail) ? tail.lastIndex : readIn(tail));
  return [
    ...eventLines(before, after),
    ...after.nodes.flatMap((view) => entryLines(before, view, seenIn)),
  ];
}

const NOWHERE: ReadonlySet<Tail> = new Set();

function eventLines(before: ClusterState, after: ClusterState): string[] {
  if (before.happenings === after.happenings) return [];
  const known = new Set(before.happenings);
  const fresh = after.happenings.filter((happening) => !known.has(happening));
  return fresh.map(({ time, text }) => `${time} cluster | ${text}`);
}

/** Up to where a look at a log went: it may have grown while it was read. */
function readIn({ known, lastIndex }: Tail): number {
  return Math.min(known, lastIndex);
}

function entryLines(
  before: ClusterState,
  view: NodeView,
  seenIn: (tail: Tail) => number,
): string[] {
  const was = before.nodes.find(({ node }) => node === view.node)?.tail;
  if (was === undefined || was === view.tail) return [];
  const fresh = [...view.tail.entries.values()].filter(({ index }) => index > seenIn(was));
  const shown = fresh.slice(-BURST_MAX);
  const missed = Math.max(0, readIn(view.tail) - seenIn(was) - shown.length);
  return [
    ...(missed === 0 ? [] : [`${view.node} | … ${missed} more`]),
    ...shown.map((entry) => `${view.node} | #${entry.index} ${wordsOf(entry)}`),
  ];
}

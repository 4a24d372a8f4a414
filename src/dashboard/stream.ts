// Stream mode: no screen, but lines with prefixes, as they would stand in a file. What is new is
// what was not there a moment ago.

import { wordsOf } from './alignment.ts';
import type { ClusterState, Tail } from './cluster-state.ts';

/** Entries of one node that are told at once; of more the number is told. */
const BURST_MAX = 20;

/** The lines that a change comes to. */
export function streamLines(before: ClusterState, after: ClusterState): string[] {
  return [...eventLines(before, after), ...after.nodes.flatMap((view) => entryLines(before, view))];
}

function eventLines(before: ClusterState, after: ClusterState): string[] {
  if (before.happenings === after.happenings) return [];
  const known = new Set(before.happenings);
  const fresh = after.happenings.filter((happening) => !known.has(happening));
  return fresh.map(({ time, text }) => `${time} cluster | ${text}`);
}

/** Up to where a look at a log went: it may have grown while it was read. */
function seenIn({ known, lastIndex }: Tail): number {
  return Math.min(known, lastIndex);
}

function entryLines(before: ClusterState, view: ClusterState['nodes'][number]): string[] {
  const was = before.nodes.find(({ node }) => node === view.node)?.tail;
  if (was === undefined || was === view.tail) return [];
  const fresh = [...view.tail.entries.values()].filter(({ index }) => index > seenIn(was));
  const shown = fresh.slice(-BURST_MAX);
  const missed = Math.max(0, seenIn(view.tail) - seenIn(was) - shown.length);
  return [
    ...(missed === 0 ? [] : [`${view.node} | … ${missed} more`]),
    ...shown.map((entry) => `${view.node} | #${entry.index} ${wordsOf(entry)}`),
  ];
}

// How a node is doing, from what the launcher knows of its process, what the master believes of it,
// and whether it answers.

import type { Style } from '../screen/cells.ts';
import type { Glyphs } from '../screen/glyphs.ts';
import { seconds } from '../screen/span-words.ts';
import type { ClusterState, NodeView } from './cluster-state.ts';
import { masterAnswers, memberOf, silenceOf } from './cluster-state.ts';

/** In a shape, words and a colour. */
export interface Condition {
  readonly glyph: string;
  /** From the most words to the fewest: the first that fits is shown. */
  readonly words: readonly string[];
  readonly style: Style;
}

/** How a process is said to be. */
export const processWord = (state: string): string => (state === 'exited' ? 'down' : state);

/** A healthy node that is further behind, and for longer, is not merely a moment behind. */
const CATCHING_UP = { ms: 1_000, entries: 20 } as const;

/** What the launcher knows of the process goes before what the master believes. */
export function conditionOf(state: ClusterState, view: NodeView, glyphs: Glyphs): Condition {
  const { statuses } = glyphs;
  const { process } = view;
  if (process === 'paused') return { glyph: statuses.paused, words: ['paused'], style: 'warn' };
  if (process === 'starting') return { glyph: statuses.unknown, words: [process], style: 'warn' };
  if (process === 'stopped' || process === 'stopping' || process === 'exited') {
    return { glyph: statuses.down, words: [processWord(process)], style: 'bad' };
  }
  const silentMs = silenceOf(state, view);
  if (silentMs !== null) {
    const words = [`no answer ${seconds(silentMs)}`, 'silent'];
    return { glyph: statuses.unknown, words, style: 'bad' };
  }
  if (view.seenAt === null) return { glyph: statuses.unknown, words: ['starting'], style: 'warn' };
  if (view.role === 'removed') return { glyph: statuses.down, words: ['removed'], style: 'dim' };
  return asMember(state, view, glyphs);
}

function asMember(state: ClusterState, view: NodeView, { statuses }: Glyphs): Condition {
  // What a master believed that does not answer any more is not how its members are.
  const member = masterAnswers(state) ? memberOf(state, view.node) : null;
  if (member === null) return { glyph: statuses.unknown, words: ['no status'], style: 'warn' };
  const { status, lagMs, lagEntries } = member;
  const style = status === 'Healthy' ? 'good' : status === 'Suspected' ? 'warn' : 'bad';
  const isBehind = lagMs > CATCHING_UP.ms && lagEntries > CATCHING_UP.entries;
  const glyph = statuses[status];
  // It counts for no majority that a new master must hear until it has all that damage took.
  const isMending = view.health?.damage?.mendedAt === null;
  if (status === 'Healthy' && view.health?.damage?.running) {
    return { glyph, words: ['Healthy, damaged', 'damaged'], style: 'bad' };
  }
  if (status === 'Healthy' && isMending) {
    return { glyph, words: ['Healthy, mending damage', 'mending'], style: 'warn' };
  }
  const words =
    status === 'Healthy' && isBehind ? ['Healthy, catching up', 'catching up'] : [status];
  return { glyph, words, style };
}

// What is said of one node, as lines of one width: the wide one for columns, the short one for
// rows.

import type { Line, Style } from './cells.ts';
import { fitLine, span } from './cells.ts';
import { faultWords } from './changes.ts';
import type { ClusterState, NodeView } from './cluster-state.ts';
import { memberOf } from './cluster-state.ts';
import type { Glyphs } from './glyphs.ts';

interface Look {
  readonly state: ClusterState;
  readonly glyphs: Glyphs;
  readonly chosen: boolean;
}

/** How a node is doing, in a shape, a word and a colour. */
export interface Condition {
  readonly glyph: string;
  readonly word: string;
  readonly style: Style;
}

/** What the launcher knows of the process goes before what the master believes. */
export function conditionOf(state: ClusterState, view: NodeView, glyphs: Glyphs): Condition {
  const { statuses } = glyphs;
  const { process } = view;
  if (process === 'paused') return { glyph: statuses.paused, word: 'paused', style: 'warn' };
  if (process === 'starting') return { glyph: statuses.unknown, word: process, style: 'warn' };
  if (process === 'stopped' || process === 'stopping' || process === 'exited') {
    const word = process === 'exited' ? 'down' : process;
    return { glyph: statuses.down, word, style: 'bad' };
  }
  const status = memberOf(state, view.node)?.status;
  if (view.silentSince !== null) {
    const word = `no answer ${seconds(state.now - view.silentSince)}`;
    return { glyph: statuses.unknown, word, style: 'bad' };
  }
  if (view.seenAt === null) return { glyph: statuses.unknown, word: 'starting', style: 'warn' };
  if (view.role === 'removed') return { glyph: statuses.down, word: 'removed', style: 'dim' };
  if (status === undefined) return { glyph: statuses.unknown, word: 'no status', style: 'warn' };
  const style = status === 'Healthy' ? 'good' : status === 'Suspected' ? 'warn' : 'bad';
  const { lagMs = 0, lagEntries = 0 } = memberOf(state, view.node) ?? {};
  const behind = lagMs > CATCHING_UP.ms && lagEntries > CATCHING_UP.entries;
  const word = status === 'Healthy' && behind ? 'Healthy, catching up' : status;
  return { glyph: statuses[status], word, style };
}

/** A healthy node that is further behind, and for longer, is not merely a moment behind. */
const CATCHING_UP = { ms: 1_000, entries: 20 } as const;

function titleOf(view: NodeView, { glyphs, chosen }: Look, narrow = false): Line {
  const role = view.role === 'master' || view.role === 'secondary' ? view.role : null;
  const glyph = view.role === 'removed' ? glyphs.roles.removed : glyphs.roles[role ?? 'none'];
  const style = chosen ? 'chosen' : role === 'master' ? 'accent' : 'bold';
  const words = `${glyph} ${view.node} ${view.role ?? 'no role'}`;
  const name = narrow ? words : ` ${words} `;
  return [span(chosen ? glyphs.chosen : ' ', 'accent'), span(name, style)];
}

/** Columns below which a node's words are shortened. */
const NARROW = 24;

/** The node in so many columns and lines (3 to 7). */
export function nodeLines(view: NodeView, look: Look, width: number, lines: number): Line[] {
  const { state, glyphs } = look;
  const condition = conditionOf(state, view, glyphs);
  const member = memberOf(state, view.node);
  const behind = member !== null && member.role === 'secondary' ? member : null;
  const narrow = width < NARROW;
  const place = narrow
    ? `e${view.health?.epoch ?? '-'} ${view.pid ?? '-'}`
    : `epoch ${view.health?.epoch ?? '-'}  pid ${view.pid ?? '-'}`;
  const numbers = `${view.health?.lastIndex ?? '-'}/${view.health?.commitIndex ?? '-'}`;
  const short = `${numbers} e${view.health?.epoch ?? '-'}`;
  const index = narrow
    ? numbers
    : `last ${view.health?.lastIndex ?? '-'}  commit ${view.health?.commitIndex ?? '-'}`;
  const age = view.silentSince === null || view.seenAt === null ? '' : agePhrase(state, view);
  const lag = behind === null ? '' : lagPhrase(behind.lagEntries, behind.lagMs);
  const beat = behind === null ? '' : `beat ${seconds(behind.lastHeartbeatMs)} ago`;
  const head: Line[] = [
    titleOf(view, look, width < 18),
    [span(` ${condition.glyph} ${condition.word}`, condition.style)],
  ];
  const trouble = troubleOf(view, state);
  const lagStyle: Style = (behind?.lagEntries ?? 0) > 0 ? 'warn' : 'plain';
  const rest: Line[] =
    lines >= 7
      ? [
          [span(` ${place}`, 'dim')],
          [span(` ${index}`)],
          [span(` ${lag}`, lagStyle)],
          [span(` ${age === '' ? beat : age}`, age === '' ? 'dim' : 'warn')],
          trouble,
        ]
      : [
          [span(` ${short} pid ${view.pid ?? '-'}`, 'dim')],
          [span(` ${age === '' ? lag : age}`, age === '' ? lagStyle : 'warn')],
          trouble,
        ];
  return [...head, ...rest].slice(0, lines).map((line) => fitLine(line, width));
}

/** The worst that there is to say: faults, retries, the last error. */
function troubleOf(view: NodeView, state: ClusterState): Line {
  const words = faultWords(view.faults ?? {});
  if (words !== '') return [span(` ! ${words}`, 'warn')];
  const member = memberOf(state, view.node);
  if (member === null || member.attempts === 0 || member.role === 'master') return [];
  const next = member.retryInMs === null ? '' : ` in ${seconds(member.retryInMs)}`;
  return [span(` retry ${member.attempts}${next}`, 'warn')];
}

/** The node as one line. */
export function nodeRow(view: NodeView, look: Look, width: number): Line {
  const { state, glyphs } = look;
  const condition = conditionOf(state, view, glyphs);
  const member = memberOf(state, view.node);
  const lag = member === null || member.role === 'master' ? '' : ` lag ${member.lagEntries}`;
  const place = `${view.health?.lastIndex ?? '-'}/${view.health?.commitIndex ?? '-'}`;
  const words = faultWords(view.faults ?? {});
  return fitLine(
    [
      ...titleOf(view, look),
      span(` ${condition.glyph} ${condition.word}`, condition.style),
      span(` ${place}`),
      span(lag, member !== null && member.lagEntries > 0 ? 'warn' : 'dim'),
      span(words === '' ? '' : ` ! ${words}`, 'warn'),
    ],
    width,
  );
}

function agePhrase(state: ClusterState, { seenAt }: NodeView): string {
  return `as of ${seconds(state.now - (seenAt ?? state.now))} ago`;
}

function lagPhrase(entries: number, ms: number): string {
  return entries === 0 ? 'lag 0' : `lag ${entries}, ${seconds(ms)}`;
}

/** `0.4 s`, `12 s`, `3 min`; `-` for null. */
export function seconds(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 10_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

// What is said of one node: in a column of its own, as lines of one width.

import type { MemberHealth } from '../../client/answers.ts';
import { faultWords } from '../../client/fault-words.ts';
import type { ClusterState, NodeView } from '../cluster/cluster-state.ts';
import {
  masterAnswers,
  masterOf,
  masterView,
  memberOf,
  staleSince,
} from '../cluster/cluster-state.ts';
import { conditionOf } from '../cluster/condition.ts';
import type { Line, Style } from './cells.ts';
import { columnsOf, fitLine, span, widthOf, wrap } from './cells.ts';
import type { Glyphs } from './glyphs.ts';
import { seconds } from './span-words.ts';

export interface NodeLook {
  readonly state: ClusterState;
  readonly glyphs: Glyphs;
  readonly chosen: boolean;
}

/** The first of these texts that fits; the last one anyhow. */
export function fitting(width: number, ...texts: readonly string[]): string {
  return texts.find((text) => columnsOf(text) <= width) ?? texts.at(-1) ?? '';
}

/** The chosen node is marked by a sign and by inversion: not by colour. */
export function titleOf(view: NodeView, { glyphs, chosen }: NodeLook, width: number): Line {
  const role = view.role === 'master' || view.role === 'secondary' ? view.role : null;
  const glyph = view.role === 'removed' ? glyphs.roles.removed : glyphs.roles[role ?? 'none'];
  const style = chosen ? 'chosen' : role === 'master' ? 'accent' : 'bold';
  const id = `${glyph} ${view.node}`;
  const words = fitting(width - 1, `${id} ${view.role ?? 'no role'} `, `${id} ${view.role}`, id);
  return [span(chosen ? glyphs.chosen : ' ', style), span(words, style)];
}

/** The node in so many columns and lines (5 to 8). */
export function nodeLines(view: NodeView, look: NodeLook, width: number, lines: number): Line[] {
  const { state, glyphs } = look;
  const condition = conditionOf(state, view, glyphs);
  const words = fitting(width - 3, ...condition.words);
  const head: Line[] = [
    titleOf(view, look, width),
    [span(` ${condition.glyph} ${words}`, condition.style)],
  ];
  const rest = lines >= 8 ? tall(view, state, width) : short(view, state, width);
  const last = rest.at(-1) ?? [];
  const retry = retryWords(view, state);
  // Beside how fresh it is, where there is room: the faults have the lines below for themselves.
  const isBeside = retry !== '' && lines >= 8 && widthOf(last) + retry.length + 2 <= width;
  const facts = isBeside ? [...rest.slice(0, -1), [...last, span(`  ${retry}`, 'warn')]] : rest;
  const count = lines - head.length - rest.length;
  const retried = fitting(width - 1, retry, retry.replace(/ in .*/, ''));
  const trouble = troubleLines(view, isBeside ? '' : retried, width, count);
  return [...head, ...facts, ...trouble].map((line) => fitLine(line, width));
}

/** What is last known of a node that does not answer is not what is. */
const factStyle = ({ silentSince }: NodeView, style: Style = 'plain'): Style =>
  silentSince === null ? style : 'dim';

function tall(view: NodeView, state: ClusterState, width: number): Line[] {
  const { epoch = '-', lastIndex = '-', commitIndex = '-' } = view.health ?? {};
  const pid = view.pid === null ? '' : `  pid ${view.pid}`;
  const place = fitting(width - 1, `epoch ${epoch}${pid}`, `e${epoch}${pid}`, `e${epoch}`);
  const index = fitting(
    width - 1,
    `last ${lastIndex}  commit ${commitIndex}`,
    `${lastIndex}/${commitIndex}`,
  );
  return [
    [span(` ${place}`, 'dim')],
    [span(` ${index}`, factStyle(view))],
    standing(view, state, width),
    freshness(view, state, width),
  ];
}

function short(view: NodeView, state: ClusterState, width: number): Line[] {
  const { epoch = '-', lastIndex = '-', commitIndex = '-' } = view.health ?? {};
  const numbers = `${lastIndex}/${commitIndex}`;
  const place = `${numbers} e${epoch}`;
  const words =
    view.pid === null ? place : fitting(width - 1, `${place} pid ${view.pid}`, place, numbers);
  return [
    [span(` ${words}`, factStyle(view, 'dim'))],
    staleSince(view) !== null ? freshness(view, state, width) : standing(view, state, width),
  ];
}

/** How far behind it is, or whether it takes writes. */
function standing(view: NodeView, state: ClusterState, width: number): Line {
  const { health } = view;
  // One that is silent may have been replaced since.
  if (health?.role === 'master' && masterOf(state)?.node === view.node) {
    const isAble = health.mode === 'read-write' && masterAnswers(state);
    return [span(isAble ? ' takes writes' : ' REFUSES WRITES', isAble ? 'dim' : 'bad')];
  }
  const lag = lagOf(view, state);
  if (lag === null) return [];
  return [span(` ${fitting(width - 1, lag.words, lag.short)}`, factStyle(view, lag.style))];
}

/** How far a secondary is behind: only a master that answers knows it. null: it is none. */
export function lagOf(
  view: NodeView,
  state: ClusterState,
): { readonly words: string; readonly short: string; readonly style: Style } | null {
  const member = memberOf(state, view.node);
  if (member === null || member.role === 'master') return null;
  if (!masterAnswers(state)) return { words: 'lag -', short: 'lag -', style: 'dim' };
  const [words, short] = lagWords(member);
  return { words, short, style: lagStyle(member) };
}

type Lag = { readonly lagEntries: number; readonly lagMs: number };

/** `lag 0`, `lag 12, 0.4 s`, and the same without the span. */
function lagWords({ lagEntries, lagMs }: Lag): readonly [words: string, short: string] {
  const short = `lag ${lagEntries}`;
  return [lagEntries === 0 ? short : `${short}, ${seconds(lagMs)}`, short];
}

/** What has only just been sent is no lag to worry about. */
const LAG_MS = 500;

const lagStyle = ({ lagEntries, lagMs }: Lag): Style =>
  lagEntries > 0 && lagMs >= LAG_MS ? 'warn' : 'plain';

function freshness(view: NodeView, state: ClusterState, width: number): Line {
  const heardAt = staleSince(view);
  if (heardAt !== null) {
    const age = `${seconds(state.now - heardAt)} ago`;
    return [span(` ${fitting(width - 1, `as of ${age}`, age)}`, 'warn')];
  }
  const member = memberOf(state, view.node);
  if (member === null || member.role === 'master') return [];
  return [span(` ${beatWords(member, state)}`, 'dim')];
}

/** `beat 0.2 s ago`: what the master said of it was so when it said it. */
export function beatWords({ lastHeartbeatMs }: MemberHealth, state: ClusterState): string {
  if (lastHeartbeatMs === null) return 'no beat yet';
  const heardAt = masterView(state)?.seenAt ?? state.now;
  return `beat ${seconds(lastHeartbeatMs + state.now - heardAt)} ago`;
}

/** Resends and faults, in so many lines. */
function troubleLines(view: NodeView, retry: string, width: number, count: number): Line[] {
  const faults = faultWords(view.faults ?? {});
  const broken = faults === '' ? [] : wrap(`! ${faults}`, width - 1);
  // With one line for both, the faults are what somebody did on purpose and wants to see.
  const texts = retry === '' || (count < 2 && broken.length > 0) ? broken : [retry, ...broken];
  const shown = texts.slice(0, count);
  if (texts.length > count) shown[count - 1] = texts.slice(count - 1).join(' ');
  return Array.from({ length: count }, (_, i) => [span(shown[i] ? ` ${shown[i]}` : '', 'warn')]);
}

/** `retry 6 in 1.6 s` for what has been sent again already; empty where that is not so. */
export function retryWords(view: NodeView, state: ClusterState): string {
  const member = memberOf(state, view.node);
  if (member === null || member.attempts < 2 || member.role === 'master') return '';
  // Who does not answer sends nothing again.
  if (!masterAnswers(state)) return '';
  const next = member.retryInMs === null ? '' : ` in ${seconds(member.retryInMs)}`;
  return `retry ${member.attempts}${next}`;
}

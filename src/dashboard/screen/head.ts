// The first lines: which cluster, who is master, whether it takes writes, how fast, who waits.

import type { ClusterState, WriteSpan } from '../cluster/cluster-state.ts';
import { masterAnswers, masterOf, masterView, silenceOf } from '../cluster/cluster-state.ts';
import type { ScreenState } from '../keys/screen-state.ts';
import type { Line, Span } from './cells.ts';
import { columnsOf, cut, fitLine, padded, span, widthOf, wrap } from './cells.ts';
import type { Glyphs } from './glyphs.ts';
import { sparkline } from './glyphs.ts';
import { fitting } from './node-panel.ts';
import { milliseconds, seconds } from './span-words.ts';

/** Two lines, and more when something is badly wrong. */
export function headLines(
  state: ClusterState,
  screen: ScreenState,
  glyphs: Glyphs,
  width: number,
): Line[] {
  const alarm = alarmOf(state);
  return [
    identity(state, screen, width),
    speed(state, glyphs, width),
    ...(alarm === null ? [] : alarmLines(alarm, width)),
  ];
}

/** As wide as the screen: what refuses writes must not be overlooked. */
function alarmLines(alarm: string, width: number): Line[] {
  const margin = columnsOf(alarm) > width - 1 && columnsOf(alarm) <= width ? '' : ' ';
  const lines = wrap(alarm, width - margin.length).slice(0, 2);
  return lines.map((text) => [span(padded(`${margin}${text}`, width), 'alarm')]);
}

/** Columns of a cluster's name that are not given up for words that the facts can do without. */
const NAME = 13;

/** The name is cut first: whether writes are taken, and the quorum, must be seen. */
function identity(state: ClusterState, screen: ScreenState, width: number): Line {
  const name = ` ${state.name}`;
  const whole = facts(state, screen, width >= 76 ? 'all' : 'most');
  const least = Math.min(NAME, columnsOf(name));
  const shown = widthOf(whole) + least <= width ? whole : facts(state, screen, 'bare');
  const room = Math.max(NAME_LEAST, width - widthOf(shown));
  return fitLine([span(cut(name, room), 'bold'), ...shown], width);
}

const NAME_LEAST = 5;

function facts(state: ClusterState, screen: ScreenState, words: 'all' | 'most' | 'bare'): Line {
  const master = masterOf(state);
  const { size, needed, alive } = master?.quorum ?? { size: 0, needed: 0, alive: 0 };
  const answers = masterAnswers(state);
  const writable = master?.mode === 'read-write' && answers;
  const reached = `${answers ? alive : '-'}/${size}`;
  const mode = master === null ? 'no master' : answers ? master.mode : 'no answer';
  const who = master?.node ?? 'none';
  const epoch = String(master?.epoch ?? '-');
  const rest: Line = [
    ...(screen.frozen === null ? [] : [span('  '), span(' PAUSED ', 'chosen')]),
    ...(state.loadOn ? [span('  load on', 'accent')] : []),
  ];
  if (words === 'bare') {
    const quorum = master === null ? [] : [span(`  ${reached}`)];
    const modeShown = span(mode, writable ? 'good' : 'bad');
    return [span(`  ${who} e${epoch}  `), modeShown, ...quorum, ...rest];
  }
  const quorum = words === 'all' ? `${reached} (needs ${needed})` : reached;
  return [
    ...fact('master', who),
    ...fact('epoch', epoch),
    span('  '),
    span(mode, writable ? 'good' : 'bad'),
    ...(master === null ? [] : fact('quorum', quorum)),
    ...rest,
  ];
}

/** `0.4 ms`, `> 5.0 s`. */
function writeSpan(span: WriteSpan | null): string {
  return `${span?.isMore ? '> ' : ''}${milliseconds(span?.ms ?? null)}`;
}

/** Columns of a figure: nothing moves when it grows. */
const FIGURE = 7;

function speed(state: ClusterState, glyphs: Glyphs, width: number): Line {
  const { rates } = state;
  const rate = rates.perSecond.at(-1);
  const curve = width >= 100 ? 20 : width >= 76 ? 8 : 0;
  const curveOf = (values: readonly (number | null)[]): Span[] =>
    curve === 0 ? [] : [span(`${sparkline(values, curve, glyphs)} `, 'accent')];
  const figure = (name: string, value: string): Span[] =>
    fact(name, width >= 76 ? padded(value, FIGURE) : value, ' ');
  const pace = [
    ...figure(width >= 76 ? 'appends/s' : '/s', rate === undefined ? '-' : count(rate)),
    ...curveOf(rates.perSecond),
  ];
  const p50 = figure('p50', writeSpan(rates.p50));
  const p99 = [
    ...figure('p99', writeSpan(rates.p99)),
    ...(width >= 100 ? curveOf(rates.p99s) : []),
  ];
  // Who waits, and for whom, goes before how long others have waited.
  const lines = [[...pace, ...p50, ...p99], [...pace, ...p99], pace].map((shown) => [
    ...[...shown, span(' ')],
    ...waiting(state, width - widthOf(shown) - 1),
  ]);
  return fitLine(lines.find((line) => widthOf(line) <= width) ?? lines.at(-1)!, width);
}

/** Clients that wait for their write concern, and the nodes that have not acknowledged yet. */
function waiting(state: ClusterState, room: number): Line {
  const own = state.own.filter((write) => write.state === 'waiting').length;
  // Whom a master kept waiting that does not answer any more, nobody can say.
  const master = masterAnswers(state) ? masterOf(state) : null;
  const clients = Math.max(master === null ? 0 : (state.counts?.waiting ?? 0), own);
  if (clients === 0) return [span(fitting(room, 'nobody waits', ''), 'dim')];
  // A master is behind itself while it writes to its disk; to be named it must be stuck there.
  const late = (master?.members ?? []).filter(({ lagEntries, role, status }) => {
    return lagEntries > 0 && (role !== 'master' || status === 'Suspected');
  });
  const behind = namesInOrder(state, late);
  const whom = behind.length === 0 ? '' : ` for ${behind.join(' ')}`;
  const words = `${clients} ${clients === 1 ? 'client waits' : 'clients wait'}${whom}`;
  const short = `${clients} ${clients === 1 ? 'waits' : 'wait'}${whom}`;
  return [span(words.length <= room ? words : short, 'warn')];
}

/** In the order in which the nodes stand on the screen. */
function namesInOrder(
  state: ClusterState,
  members: readonly { readonly node: string }[],
): string[] {
  const names = new Set(members.map(({ node }) => node));
  return state.nodes.map(({ node }) => node).filter((node) => names.has(node));
}

/** What nobody may overlook. */
function alarmOf(state: ClusterState): string | null {
  if (state.rounds === 0) return null;
  const master = masterOf(state);
  if (master === null) return 'NO MASTER: nothing can be written; reads go on';
  if (!masterAnswers(state)) {
    const view = masterView(state);
    const since = seconds(view === undefined ? 0 : silenceOf(state, view));
    const until = master.failover === true ? ' until it is replaced' : '';
    return `NO MASTER: ${master.node} has not answered for ${since}; nothing can be written${until}`;
  }
  if (master.mode === 'read-write') return null;
  return `READ-ONLY: ${master.reason ?? 'no reason given'}`;
}

function fact(name: string, value: string, before = '  '): Span[] {
  return [span(`${before}${name} `, 'dim'), span(value)];
}

/** 1,234 */
function count(value: number): string {
  const rounded = value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
  return rounded.toLocaleString('en-US');
}

/** All of it in one line, for a terminal too small for anything else. */
export function summaryLine(state: ClusterState, width: number): Line {
  const alarm = alarmOf(state);
  const master = masterOf(state);
  if (alarm !== null) return fitLine([span(alarm, 'alarm')], width);
  if (master === null) return fitLine([span(`${state.name}: looking`, 'dim')], width);
  const { alive, size } = master.quorum;
  const ill = master.members.filter(({ status }) => status !== 'Healthy');
  const rate = state.rates.perSecond.at(-1) ?? 0;
  return fitLine(
    [
      span(`${master.node} e${master.epoch}`, 'bold'),
      span(` ${alive}/${size} `, ill.length === 0 ? 'good' : 'warn'),
      ...ill.map(({ node, status }) => span(`${node} ${status} `, 'bad')),
      span(`#${master.commitIndex} ${count(rate)}/s`),
    ],
    width,
  );
}

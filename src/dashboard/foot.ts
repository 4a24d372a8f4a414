// The last lines: what happened lately, the keys that are valid now, and the command line that
// would do the same.

import type { Line, Style } from './cells.ts';
import { fitLine, span, widthOf } from './cells.ts';
import type { ClusterState, Happening, OwnWrite, Tone } from './cluster-state.ts';
import { memberOf } from './cluster-state.ts';
import { KEY_MAP, type Situation, situationOf } from './key-map.ts';
import { seconds } from './node-panel.ts';
import type { Panel, ScreenState } from './screen-state.ts';

const STYLES: Readonly<Record<Tone, Style>> = {
  plain: 'plain',
  good: 'good',
  warn: 'warn',
  bad: 'bad',
};

/** Own writes that wait come first: somebody wants to see them end. The newest event is last. */
export function eventLines(state: ClusterState, count: number, width: number): Line[] {
  const waiting = state.own.filter((write) => write.state === 'waiting').slice(-count);
  const told = count > waiting.length ? state.happenings.slice(waiting.length - count) : [];
  const lines = [
    ...told.map((happening) => eventLine(happening, width)),
    ...waiting.map((write) => waitingLine(state, write, width)),
  ];
  const blanks = Array.from({ length: Math.max(0, count - lines.length) }, () =>
    fitLine([], width),
  );
  return [...lines, ...blanks];
}

function eventLine({ time, text, tone }: Happening, width: number): Line {
  return fitLine([span(` ${time} `, 'dim'), span(text, STYLES[tone])], width);
}

function waitingLine(state: ClusterState, write: OwnWrite, width: number): Line {
  const { index } = write;
  const has = index === null ? write.acks : holdersOf(state, index, write.acks);
  const lacking = state.nodes
    .filter(({ node, role }) => role !== 'removed' && !has.includes(node))
    .map(({ node }) => node);
  const place = index === null ? 'a message' : `#${index}`;
  const holders = has.length === 0 ? '' : ` on ${has.join(' ')},`;
  return fitLine(
    [
      span(` ${place} w=${write.w} waits ${seconds(state.now - write.sentAt)}:`, 'warn'),
      span(`${holders} not yet on ${lacking.join(' ')}`),
      span(`  ${write.message}`, 'dim'),
    ],
    width,
  );
}

function holdersOf(state: ClusterState, index: number, acks: readonly string[]): string[] {
  const seen = state.nodes
    .map(({ node }) => node)
    .filter((node) => (memberOf(state, node)?.ackedIndex ?? 0) >= index);
  return [...new Set([...acks, ...seen])].sort();
}

/** So many lines of keys, and a command line. */
export function footLines(
  state: ClusterState,
  screen: ScreenState,
  width: number,
  keyLines: number,
): Line[] {
  const situation = situationOf(state, screen);
  const keys =
    screen.panel === null ? mainKeys(situation, width, keyLines) : [panelKeys(screen.panel)];
  const blanks = Array.from({ length: keyLines - keys.length }, (): Line => []);
  return [...keys, ...blanks, commandLine(situation)].map((line) => fitLine(line, width));
}

/** The valid keys in so many lines. What does not fit is in the help, which always does. */
function mainKeys(situation: Situation, width: number, count: number): Line[] {
  const valid = KEY_MAP.filter((entry) => entry.label !== '' && entry.valid(situation));
  const last = valid.filter(({ key }) => key === '?' || key === 'q');
  const lines: Line[number][][] = Array.from({ length: count }, () => []);
  const room = lines.map((_, i) => width - (i === count - 1 ? widthOf(keysOf(last)) : 0));
  let at = 0;
  for (const entry of valid) {
    if (last.includes(entry)) continue;
    const shown = keysOf([entry]);
    while (at < count && widthOf(shown) > (room[at] ?? 0)) at += 1;
    if (at === count) break;
    room[at] = (room[at] ?? 0) - widthOf(shown);
    lines[at]?.push(...shown);
  }
  lines.at(-1)?.push(...keysOf(last));
  return lines;
}

function keysOf(entries: readonly { readonly key: string; readonly label: string }[]): Line {
  return entries.flatMap(({ key, label }) => [span(` ${key}`, 'bold'), span(` ${label} `, 'dim')]);
}

/** What was done last, else what could be done to the chosen node. */
function commandLine(situation: Situation): Line {
  const { screen } = situation;
  if (screen.panel?.kind === 'confirm') return [span(` $ ${screen.panel.command}`, 'accent')];
  if (screen.lastCommand !== null) return [span(` $ ${screen.lastCommand}`, 'accent')];
  const commands = KEY_MAP.filter((entry) => 'xXzrdf'.includes(entry.key) && entry.valid(situation))
    .map((entry) => entry.command(situation))
    .filter((command) => command !== null);
  const verbs = commands.filter((command) => /^replog \w+ \S+$/.test(command));
  const words = verbs.map((command) => command.split(' ')[1]).join('|');
  const node = situation.node?.node ?? 'NODE';
  if (verbs.length === 0) return [span(' $ replog append MESSAGE', 'accent')];
  return [span(` $ replog ${words} ${node}`, 'accent'), span('  replog add', 'accent')];
}

function panelKeys(panel: Panel): Line {
  const keys = PANEL_KEYS[panel.kind];
  return [
    span(' '),
    ...keys.flatMap(([key, label]) => [span(key, 'bold'), span(` ${label}  `, 'dim')]),
  ];
}

type KeyNames = readonly (readonly [key: string, label: string])[];

const READING: KeyNames = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Esc', 'close'],
];

const PANEL_KEYS: Readonly<Record<Panel['kind'], KeyNames>> = {
  help: READING,
  copy: READING,
  story: [['←→', 'operation'], ...READING],
  keys: [['←→', 'node'], ...READING],
  output: [['←→', 'node'], ['/', 'search'], ['n', 'older match'], ['End', 'follow'], ...READING],
  faults: [
    ['↑↓', 'choose'],
    ['←→ Enter', 'change'],
    ['c', 'clear'],
    ['Esc', 'close'],
  ],
  append: [
    ['Tab', 'write concern'],
    ['Enter', 'send'],
    ['Esc', 'cancel'],
  ],
  confirm: [
    ['y', 'do it'],
    ['n Esc', 'leave it'],
  ],
};

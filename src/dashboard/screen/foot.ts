// The last lines: what happened lately, the keys that are valid now, and the command line that
// would do the same.

import type { ClusterState, Happening, OwnWrite, Tone } from '../cluster/cluster-state.ts';
import { memberOf } from '../cluster/cluster-state.ts';
import { currentCommand } from '../keys/command-line.ts';
import { situationOf } from '../keys/key-entry.ts';
import type { ScreenState } from '../keys/screen-state.ts';
import type { Line, Style } from './cells.ts';
import { fitLine, span, widthOf, wrap } from './cells.ts';
import { mainKeys, panelKeys } from './key-line.ts';
import { fitting } from './node-panel.ts';
import { seconds } from './span-words.ts';

const STYLES: Readonly<Record<Tone, Style>> = {
  plain: 'plain',
  good: 'good',
  warn: 'warn',
  bad: 'bad',
};

/** What somebody who sees this for the first time could do; less where room is short. */
const NOTHING_YET: readonly string[] = [
  'nothing yet: m appends a message, w makes load, ? shows all keys',
  'nothing yet: m appends a message, ? shows all keys',
  'nothing yet',
];

/** Own writes that wait come first: somebody wants to see them end. The newest event is last. */
export function eventLines(state: ClusterState, count: number, width: number): Line[] {
  const waiting = state.own.filter((write) => write.state === 'waiting').slice(-count);
  const lines = [
    ...toldLines(state.happenings, count - waiting.length, Math.ceil(count / 2), width),
    ...waiting.map((write) => waitingLine(state, write, width)),
  ];
  if (lines.length === 0 && count > 0)
    lines.push(fitLine([span(` ${fitting(width - 1, ...NOTHING_YET)}`, 'dim')], width));
  const blanks = Array.from({ length: Math.max(0, count - lines.length) }, () =>
    fitLine([], width),
  );
  return [...lines, ...blanks];
}

/** The newest events in so many lines, each in at most `most`: why something failed stands at the
 * end of what is told of it. */
function toldLines(
  happenings: readonly Happening[],
  count: number,
  most: number,
  width: number,
): Line[] {
  const lines: Line[] = [];
  for (let place = happenings.length - 1; place >= 0 && lines.length < count; place -= 1) {
    const room = Math.min(most, count - lines.length);
    lines.unshift(...happeningLines(happenings[place]!, room, width));
  }
  return lines;
}

function happeningLines({ time, text, tone }: Happening, room: number, width: number): Line[] {
  const before = ` ${time} `;
  const parts = wrap(text, width - before.length);
  const rest = parts.slice(room - 1).join(' ');
  return [...parts.slice(0, room - 1), ...(rest === '' ? [] : [rest])].map((part, i) => {
    const start = i === 0 ? before : ' '.repeat(before.length);
    return fitLine([span(start, 'dim'), span(part, STYLES[tone])], width);
  });
}

function waitingLine(state: ClusterState, write: OwnWrite, width: number): Line {
  const { index } = write;
  const has = index === null ? write.acks : holdersOf(state, index, write.acks);
  const lacking = state.nodes
    .filter(({ node, role }) => role !== 'removed' && !has.includes(node))
    .map(({ node }) => node);
  const place = index === null ? 'a message' : `#${index}`;
  const missing = lacking.length === 0 ? [] : [` not yet on ${lacking.join(' ')}`];
  const where = [...(has.length === 0 ? [] : [` on ${has.join(' ')}`]), ...missing].join(',');
  const start = span(` ${place} w=${write.w} waits ${seconds(state.now - write.sentAt)}:`, 'warn');
  // For whom it waits goes before who has it.
  const shown = fitting(width - widthOf([start]), where, missing[0] ?? where);
  return fitLine([start, span(shown), span(`  ${write.message}`, 'dim')], width);
}

function holdersOf(state: ClusterState, index: number, acks: readonly string[]): string[] {
  const seen = state.nodes
    .map(({ node }) => node)
    .filter((node) => (memberOf(state, node)?.ackedIndex ?? 0) >= index);
  return [...new Set([...acks, ...seen])].sort();
}

/** So many lines of keys, and a command line, or what is to be said of the last key. */
export function footLines(
  state: ClusterState,
  screen: ScreenState,
  width: number,
  keyLines: number,
): Line[] {
  const situation = situationOf(state, screen);
  const keys =
    screen.panel === null ? mainKeys(situation, width, keyLines) : [panelKeys(screen.panel, width)];
  const blanks = Array.from({ length: keyLines - keys.length }, (): Line => []);
  const last: Line =
    screen.notice === null
      ? [span(` $ ${currentCommand(situation)}`, 'accent')]
      : [span(` ${screen.notice}`, 'warn')];
  return [...blanks, ...keys, last].map((line) => fitLine(line, width));
}

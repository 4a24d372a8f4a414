// The panels that only tell something: what to copy, the life of an operation, keys.

import { masterAnswers, masterView, memberOf, silenceOf } from '../cluster/cluster-state.ts';
import { spelled } from '../keys/command-line.ts';
import { wordsOf } from './alignment.ts';
import type { Line } from './cells.ts';
import { padded, span, wrap } from './cells.ts';
import { type Drawn, type Kind, type PanelLook, scrolled } from './panel-look.ts';
import { milliseconds, seconds } from './span-words.ts';

/** Nothing here is cut: what is longer than a line goes on in the next, as a shell takes it. */
export function copy(panel: Kind<'copy'>, { state, screen, width, height }: PanelLook): Drawn {
  const master = masterView(state);
  const url = master?.url ?? 'URL';
  const index = screen.index ?? state.lastIndex;
  const line = (text: string): Line => [span(` ${text}`)];
  const command = (...parts: readonly string[]): Line[] => {
    const whole = parts.join(' ');
    if (whole.length < width) return [line(whole)];
    const last = parts.length - 1;
    return parts.map((part, i) => line(`${i === 0 ? '' : '  '}${part}${i === last ? '' : ' \\'}`));
  };
  const entry = state.nodes.map(({ tail }) => tail.entries.get(index)).find((one) => one);
  const shell = (text: string): Line[] => command(spelled(text, screen));
  const lines = [
    ...state.nodes.map((node) => {
      const pid = node.pid === null ? '' : `  pid ${node.pid}`;
      return line(`${node.node}  ${node.url}${pid}`);
    }),
    ...(state.control === null ? [] : [line(`control  ${state.control}`)]),
    [],
    line(`export REPLOG_URL=${url}`),
    ...shell('replog append hello --w 2'),
    ...shell(`replog list ${screen.node ?? master?.node ?? ''}`.trim()),
    ...(screen.lastCommand === null ? [] : shell(screen.lastCommand)),
    ...command(`curl ${url}/health`),
    ...command(
      `curl ${url}/messages`,
      "-H 'content-type: application/json'",
      `-d '{"message":"hello","w":2}'`,
    ),
    ...(entry === undefined
      ? []
      : [[], ...wrap(`#${index}  ${wordsOf(entry)}`, width - 2).map((text) => line(text))]),
  ];
  return { title: 'to copy', ...scrolled(lines, panel.scroll, height) };
}

/** Columns of when, what, and with whom. */
const STORY = { time: 10, event: 15, peer: 4 } as const;

export function story(panel: Kind<'story'>, { state, width, height }: PanelLook): Drawn {
  const { index } = panel;
  const told = state.story?.index === index ? state.story : null;
  const entry = state.nodes.map(({ tail: { entries } }) => entries.get(index)).find((one) => one);
  const facts: Line[] = [];
  if (entry !== undefined) {
    for (const text of wrap(wordsOf(entry), width - 2).slice(0, 4)) {
      facts.push([span(` ${text}`, 'bold')]);
    }
    facts.push([span(` epoch ${entry.epoch}, received ${entry.at}`, 'dim')]);
  }
  const acked = state.nodes.filter(({ node }) => (memberOf(state, node)?.ackedIndex ?? 0) >= index);
  const names = acked.map(({ node }) => node).join(' ');
  facts.push([span(` acknowledged by ${names === '' ? 'nobody yet' : names}`)]);
  const lines = (told?.lines ?? []).flatMap((line) => storyLines(line, width));
  const answers = masterAnswers(state);
  const note = answers
    ? noteOf(told?.state ?? 'asked', told?.complete ?? true)
    : 'the master does not answer: this is all that is known';
  const all = [...facts, [], ...lines, ...(note === null ? [] : [[span(` ${note}`, 'dim')]])];
  return { title: `the life of #${index}`, ...scrolled(all, panel.scroll, height) };
}

interface Told {
  readonly ms: number;
  readonly event: string;
  readonly peer: string | null;
  readonly text: string;
}

/** When, what, with whom, and in words; on a narrow screen without what the words say anyway. */
function storyLines({ ms, event, peer, text }: Told, width: number): Line[] {
  const isWide = width >= 76;
  const start: Line = [
    span(padded(`${milliseconds(ms)} `, STORY.time, 'right'), 'dim'),
    ...(isWide
      ? [span(padded(` ${event}`, STORY.event), 'accent'), span(padded(peer ?? '', STORY.peer))]
      : []),
  ];
  const column = isWide ? STORY.time + STORY.event + STORY.peer : STORY.time;
  return wrap(text, width - column - 1).map((part, i) =>
    i === 0 ? [...start, span(part)] : [span(' '.repeat(column)), span(part)],
  );
}

function noteOf(told: 'asked' | 'told' | 'unknown', complete: boolean): string | null {
  if (told === 'asked') return 'asking the master';
  if (told === 'unknown') return 'the master remembers no more of it than this';
  return complete ? null : 'it is not over yet, or began before the trace';
}

export function keys(panel: Kind<'keys'>, { state, screen, width, height }: PanelLook): Drawn {
  const known = state.keys?.node === panel.node ? state.keys : null;
  const keyWidth = Math.min(30, Math.floor(width / 3));
  const rows = (known?.items ?? []).map(
    ({ key, value, index }): Line => [
      span(padded(` ${key}`, keyWidth), 'accent'),
      span(padded(` ${value}`, width - keyWidth - 10)),
      span(padded(`#${index}`, 9, 'right'), 'dim'),
    ],
  );
  const none = `no keys: try \`${spelled('replog kv put KEY VALUE', screen)}\``;
  const nothing = known?.error ?? (known === null ? 'asking' : none);
  const more: Line[] = known?.more ? [[span(' and more', 'dim')]] : [];
  const view = state.nodes.find(({ node }) => node === panel.node);
  const silentMs = view === undefined ? null : silenceOf(state, view);
  const age = silentMs === null ? '' : `, no answer for ${seconds(silentMs)}`;
  return {
    title: `keys of ${panel.node}${age}`,
    ...scrolled(
      rows.length === 0 ? [[span(` ${nothing}`, 'dim')]] : [...rows, ...more],
      panel.scroll,
      height,
    ),
  };
}

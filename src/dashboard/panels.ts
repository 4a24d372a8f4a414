// The panels that cover the logs: each as lines of one width, as many as there are.

import { wordsOf } from './alignment.ts';
import type { Line } from './cells.ts';
import { padded, span, wrap } from './cells.ts';
import { faultWords } from './changes.ts';
import type { ClusterState } from './cluster-state.ts';
import { masterOf, memberOf } from './cluster-state.ts';
import { FAULT_CHOICES } from './fault-menu.ts';
import type { Glyphs } from './glyphs.ts';
import { KEY_MAP, situationOf } from './key-map.ts';
import { seconds } from './node-panel.ts';
import type { Panel, ScreenState } from './screen-state.ts';
import { concernsOf } from './screen-state.ts';

export interface PanelLook {
  readonly state: ClusterState;
  readonly screen: ScreenState;
  readonly glyphs: Glyphs;
  readonly width: number;
  /** Lines that are there to be filled, without the title. */
  readonly height: number;
}

/** A title and the lines that padded, the scrolled-to ones. */
export function panelLines(panel: Panel, look: PanelLook): { title: string; lines: Line[] } {
  switch (panel.kind) {
    case 'help':
      return { title: 'help', lines: scrolled(help(look), panel.scroll, look.height) };
    case 'copy':
      return { title: 'to copy', lines: scrolled(copy(look), panel.scroll, look.height) };
    case 'faults':
      return faults(panel, look);
    case 'append':
      return append(panel, look);
    case 'output':
      return output(panel, look);
    case 'story':
      return story(panel, look);
    case 'keys':
      return keys(panel, look);
    case 'confirm':
      return {
        title: 'really?',
        lines: [
          ...wrap(panel.question, look.width - 2).map((text) => [span(` ${text}`, 'bad')]),
          [],
          [span(` $ ${panel.command}`, 'accent')],
          [],
          [span(' y', 'bold'), span(' do it   '), span('n', 'bold'), span(' leave it')],
        ],
      };
  }
}

type Kind<K extends Panel['kind']> = Extract<Panel, { kind: K }>;

function scrolled(lines: readonly Line[], scroll: number, height: number): Line[] {
  const most = Math.max(0, lines.length - height);
  const from = Math.min(scroll, most);
  return lines.slice(from, from + height);
}

function help({ state, screen, glyphs, width }: PanelLook): Line[] {
  const situation = situationOf(state, screen);
  const shown = KEY_MAP.filter(({ help: text }) => text !== '');
  const keyWidth = 8;
  const helpWidth = Math.min(44, width - keyWidth);
  const lines: Line[] = shown.map((entry) => [
    span(padded(` ${entry.key}`, keyWidth), 'bold'),
    span(padded(entry.help, helpWidth), entry.valid(situation) ? 'plain' : 'dim'),
    span(width < 76 ? '' : `  ${entry.command(situation) ?? ''}`, 'accent'),
  ]);
  const { marks } = glyphs;
  const meanings: readonly (readonly [string, string])[] = [
    [marks.all, 'acknowledged by all members'],
    [marks.majority, 'acknowledged by a majority'],
    [marks.here, 'acknowledged by this node, by no majority yet'],
    [marks.pending, 'shown by this node, not acknowledged by it yet'],
    [glyphs.gap.repeat(3), 'missing: others have it, this node does not'],
    [marks.differs, 'another operation than the master has there'],
    [marks.unknown, 'not known'],
  ];
  return [
    ...lines,
    [],
    ...meanings.map(([mark, text]) => [span(padded(` ${mark}`, keyWidth)), span(text, 'dim')]),
  ];
}

function copy({ state, screen }: PanelLook): Line[] {
  const master = masterOf(state);
  const url = state.nodes.find(({ node }) => node === master?.node)?.url ?? 'URL';
  const index = screen.index ?? state.lastIndex;
  const line = (text: string): Line => [span(` ${text}`)];
  const entry = state.nodes.map(({ tail }) => tail.entries.get(index)).find((one) => one);
  return [
    ...state.nodes.map((node) => line(`${node.node}  ${node.url}  pid ${node.pid ?? '-'}`)),
    ...(state.control === null ? [] : [line(`control  ${state.control}`)]),
    [],
    line(`export REPLOG_URL=${url}`),
    line(`curl ${url}/messages -H 'content-type: application/json' -d '{"message":"hi","w":2}'`),
    line(`curl ${url}/health`),
    line(`replog list ${screen.node ?? master?.node ?? ''}`),
    ...(screen.lastCommand === null ? [] : [line(screen.lastCommand)]),
    ...(entry === undefined ? [] : [[], line(`#${index}  ${wordsOf(entry)}`)]),
  ];
}

function faults(panel: Kind<'faults'>, look: PanelLook): { title: string; lines: Line[] } {
  const { state, glyphs, height } = look;
  const set = state.nodes.find(({ node }) => node === panel.node)?.faults ?? {};
  const lines = FAULT_CHOICES.map((choice, place): Line => {
    const current = choice.current(set);
    const isHere = place === panel.place;
    const strengths = choice.strengths.flatMap((name, strength) => [
      span(' '),
      span(` ${name} `, strength === current ? (strength === 0 ? 'bold' : 'alarm') : 'dim'),
    ]);
    return [
      span(isHere ? ` ${glyphs.chosen} ` : '   ', 'accent'),
      span(padded(choice.name, 16), isHere ? 'bold' : 'plain'),
      ...strengths,
      span(`  ${choice.effect}`, 'dim'),
    ];
  });
  const words = faultWords(set);
  const below: Line[] = [
    [],
    [span(` $ replog fault ${panel.node} ${words === '' ? 'clear' : words}`, 'accent')],
  ];
  const from = Math.max(0, Math.min(panel.place - 2, lines.length + 2 - height));
  return {
    title: `faults of ${panel.node}`,
    lines: [...lines, ...below].slice(from, from + height),
  };
}

function append(panel: Kind<'append'>, look: PanelLook): { title: string; lines: Line[] } {
  const concerns = concernsOf(look.state);
  const w = concerns[panel.w] ?? 'majority';
  const shown = panel.message === '' ? span('hello', 'dim') : span(tail(panel.message, look.width));
  return {
    title: 'append a message',
    lines: [
      [span(' message  '), shown, span('_', 'accent')],
      [
        span(' w        '),
        ...concerns.flatMap((one) => [span(` ${one} `, one === w ? 'chosen' : 'dim'), span(' ')]),
      ],
      [],
      [span(` $ replog append ${panel.message === '' ? 'hello' : '…'} --w ${w}`, 'accent')],
      [span(' It waits until w nodes have it; the log shows it at once.', 'dim')],
    ],
  };
}

/** The end of what is typed: the beginning is known to whoever typed it. */
function tail(text: string, width: number): string {
  return Array.from(text)
    .slice(-Math.max(8, Math.floor((width - 14) / 2)))
    .join('');
}

function output(panel: Kind<'output'>, look: PanelLook): { title: string; lines: Line[] } {
  const { state, height } = look;
  const known = state.output?.node === panel.node ? state.output : null;
  const all = known?.lines ?? [];
  const scroll = Math.min(panel.scroll, Math.max(0, all.length - height));
  const end = all.length - scroll;
  const shown = all.slice(Math.max(0, end - height), end);
  const place = scroll === 0 ? 'following' : `${scroll} lines above the end`;
  const search = panel.typing || panel.search !== '' ? `  /${panel.search}` : '';
  const lines = shown.map((text, i): Line => {
    const number = String((known?.first ?? 0) + Math.max(0, end - height) + i);
    const hit = panel.search !== '' && text.includes(panel.search);
    return [span(`${padded(number, 6, 'right')} `, 'dim'), span(text, hit ? 'chosen' : 'plain')];
  });
  const error = known?.error ?? null;
  const nothing = error ?? (known === null ? 'asking' : 'it has said nothing yet');
  return {
    title: `output of ${panel.node}: ${place}${search}${panel.typing ? '_' : ''}`,
    lines: lines.length === 0 ? [[span(` ${nothing}`, 'dim')]] : lines,
  };
}

function story(panel: Kind<'story'>, look: PanelLook): { title: string; lines: Line[] } {
  const { state, width, height } = look;
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
  const lines: Line[] = (told?.lines ?? []).map(({ ms, event, peer, text }) => [
    span(padded(` +${ms} ms`, 10), 'dim'),
    span(padded(event, 14), 'accent'),
    span(padded(peer ?? '', 5)),
    span(text),
  ]);
  const note = noteOf(told?.state ?? 'asked', told?.complete ?? true);
  const all = [...facts, [], ...lines, ...(note === null ? [] : [[span(` ${note}`, 'dim')]])];
  return { title: `the life of #${index}`, lines: scrolled(all, panel.scroll, height) };
}

function noteOf(told: 'asked' | 'told' | 'unknown', complete: boolean): string | null {
  if (told === 'asked') return 'asking the master';
  if (told === 'unknown') return 'the master remembers no more of it than this';
  return complete ? null : 'it is not over yet, or began before the trace';
}

function keys(panel: Kind<'keys'>, look: PanelLook): { title: string; lines: Line[] } {
  const { state, width, height } = look;
  const known = state.keys?.node === panel.node ? state.keys : null;
  const keyWidth = Math.min(30, Math.floor(width / 3));
  const rows = (known?.items ?? []).map(
    ({ key, value, index }): Line => [
      span(padded(` ${key}`, keyWidth), 'accent'),
      span(padded(` ${value}`, width - keyWidth - 10)),
      span(padded(`#${index}`, 9, 'right'), 'dim'),
    ],
  );
  const nothing = known?.error ?? (known === null ? 'asking' : 'no keys: try `replog kv put`');
  const more: Line[] = known?.more ? [[span(' and more', 'dim')]] : [];
  const view = state.nodes.find(({ node }) => node === panel.node);
  const silent = view?.silentSince ?? null;
  const age = silent === null ? '' : `, no answer for ${seconds(state.now - silent)}`;
  return {
    title: `keys of ${panel.node}${age}`,
    lines:
      rows.length === 0
        ? [[span(` ${nothing}`, 'dim')]]
        : scrolled([...rows, ...more], panel.scroll, height),
  };
}

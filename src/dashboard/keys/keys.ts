// What a key does, in whatever panel is open. A pure function: the screen before, the screen after,
// and what is asked for beyond it.

import { faultWords } from '../../client/fault-words.ts';
import { shellWord } from '../../client/shell-word.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import { FAULT_CHOICES } from './fault-menu.ts';
import { type Response, situationOf } from './key-entry.ts';
import { KEY_MAP } from './key-map.ts';
import { type Taken, unseen } from './quorum-cost.ts';
import type { Effect, Panel, ScreenState } from './screen-state.ts';
import { concernsOf } from './screen-state.ts';

export interface Pressed {
  readonly screen: ScreenState;
  readonly effects: readonly Effect[];
}

/** A message typed here is no file: longer ones come through `replog append -`. */
const TYPED_MAX = 1_000;

/** The screen after a key: `left`, `enter`, `ctrl-c` …, or one character. */
export function press(screen: ScreenState, state: ClusterState, key: string): Pressed {
  if (key === 'ctrl-c') return { screen, effects: [{ type: 'quit' }] };
  // Whatever is open, as in any other program on a terminal.
  if (key === 'ctrl-z' && !screen.owner) return { screen, effects: [{ type: 'suspend' }] };
  // The stream has no panels: only the key that leads back, and the one that leaves.
  if (screen.stream) {
    if (key !== 's' && key !== 'q' && key !== 'escape') return { screen, effects: [] };
    return { screen: { ...screen, stream: false }, effects: [{ type: 'stream', on: false }] };
  }
  const { panel } = screen;
  const response = panel === null ? inMain(screen, state, key) : inPanel(panel, state, key);
  const effects = response.effects ?? [];
  const taken = [...unseen(screen.taken, state), ...takenBy(effects, state)];
  // A notice is about the last key only.
  return { screen: { ...screen, notice: null, ...response.screen, taken }, effects };
}

function takenBy(effects: readonly Effect[], { rounds }: ClusterState): Taken[] {
  return effects.flatMap((effect) => {
    const isLoss = effect.type === 'control' && effect.verb !== 'start' && effect.verb !== 'resume';
    return isLoss || effect.type === 'remove' ? [{ node: effect.node, rounds }] : [];
  });
}

function inMain(screen: ScreenState, state: ClusterState, key: string): Response {
  // While the picture stands still, keys still act on the cluster as it is.
  const situation = situationOf(state, screen);
  const entry = KEY_MAP.find(({ keys }) => keys.includes(key));
  if (entry === undefined) {
    return { screen: { notice: isTyped(key) ? `${key} is no key here; ? shows all` : null } };
  }
  const refusal = entry.refusal(situation);
  if (refusal !== null) return { screen: { notice: `${entry.key}: ${refusal}` } };
  return entry.press(situation);
}

const CLOSED: Response = { screen: { panel: null } };

function show(panel: Panel): Response {
  return { screen: { panel } };
}

function inPanel(panel: Panel, state: ClusterState, key: string): Response {
  switch (panel.kind) {
    case 'confirm':
      return inConfirm(panel, key);
    case 'append':
      return inAppend(panel, state, key);
    case 'faults':
      return inFaults(panel, state, key);
    case 'output':
      return inOutput(panel, state, key);
    case 'help':
    case 'copy':
    case 'story':
    case 'keys':
      return inReading(panel, state, key);
  }
}

type Kind<K extends Panel['kind']> = Extract<Panel, { kind: K }>;

function inConfirm({ effect, command }: Kind<'confirm'>, key: string): Response {
  if (key === 'y') return { screen: { panel: null, lastCommand: command }, effects: [effect] };
  return key === 'n' || key === 'escape' || key === 'q' ? CLOSED : {};
}

function inAppend(panel: Kind<'append'>, state: ClusterState, key: string): Response {
  const concerns = concernsOf(state);
  const { message } = panel;
  const turn = (by: number): Response =>
    show({ ...panel, w: (panel.w + by + concerns.length) % concerns.length });
  switch (key) {
    case 'escape':
      return CLOSED;
    case 'tab':
    case 'right':
      return turn(1);
    case 'left':
      return turn(-1);
    case 'backspace':
      return show({ ...panel, message: Array.from(message).slice(0, -1).join('') });
    case 'enter': {
      const w = concerns[panel.w] ?? 'majority';
      const text = message === '' ? 'hello' : message;
      return {
        screen: { panel: null, lastCommand: `replog append ${shellWord(text)} --w ${w}` },
        effects: [{ type: 'append', message: text, w }],
      };
    }
    default:
      return isTyped(key) ? show({ ...panel, message: (message + key).slice(0, TYPED_MAX) }) : {};
  }
}

function inFaults(panel: Kind<'faults'>, state: ClusterState, key: string): Response {
  const { node, place } = panel;
  const count = FAULT_CHOICES.length;
  const faults = state.nodes.find((one) => one.node === node)?.faults ?? {};
  const set = (by: number): Response => {
    const choice = FAULT_CHOICES[place];
    if (choice === undefined) return {};
    const strengths = choice.strengths.length;
    const strength = (Math.max(0, choice.current(faults)) + by + strengths) % strengths;
    const next = choice.set(faults, strength);
    const words = faultWords(next);
    return {
      screen: { lastCommand: `replog fault ${node} ${words === '' ? 'clear' : words}` },
      effects: [{ type: 'setFaults', node, faults: next }],
    };
  };
  switch (key) {
    case 'escape':
    case 'f':
    case 'q':
      return CLOSED;
    case 'up':
      return show({ ...panel, place: (place + count - 1) % count });
    case 'down':
    case 'j':
      return show({ ...panel, place: (place + 1) % count });
    case 'right':
    case 'enter':
    case ' ':
      return set(1);
    case 'left':
      return set(-1);
    case 'c':
      return {
        screen: { lastCommand: `replog fault ${node} clear` },
        effects: [{ type: 'clearFaults', nodes: [node] }],
      };
    default:
      return {};
  }
}

function inOutput(panel: Kind<'output'>, state: ClusterState, key: string): Response {
  if (panel.typing) return inSearch(panel, state, key);
  if (key === '/') return show({ ...panel, typing: true, search: '' });
  if (key === 'n' && panel.search !== '') return show(found(panel, state));
  if (key === 'l') return CLOSED;
  return inReading(panel, state, key);
}

function inSearch(panel: Kind<'output'>, state: ClusterState, key: string): Response {
  const { search } = panel;
  if (key === 'escape') return show({ ...panel, typing: false, search: '' });
  if (key === 'enter') {
    const typed = { ...panel, typing: false };
    return show(search === '' ? typed : found(typed, state, NEWEST));
  }
  if (key === 'backspace') {
    return show({ ...panel, search: Array.from(search).slice(0, -1).join('') });
  }
  return isTyped(key) ? show({ ...panel, search: (search + key).slice(0, 100) }) : {};
}

/** The place behind the last line: the next older match is then the newest of all. */
const NEWEST = -1;

/** The panel with the next older line that has the word at its end. */
function found(panel: Kind<'output'>, state: ClusterState, from = panel.scroll): Panel {
  const lines = state.output?.node === panel.node ? state.output.lines : [];
  const above = (scroll: number): number =>
    lines.slice(0, Math.max(0, lines.length - 1 - scroll)).findLastIndex((line) => {
      return line.includes(panel.search);
    });
  const next = above(from);
  const place = next === -1 ? above(NEWEST) : next;
  return place === -1 ? panel : { ...panel, scroll: lines.length - 1 - place };
}

type Reading = Kind<'help' | 'copy' | 'story' | 'keys' | 'output'>;

/** The key that opened a panel closes it too. */
const OPENED_BY: Readonly<Record<Reading['kind'], string>> = {
  help: '?',
  copy: 'y',
  story: 'enter',
  keys: 'k',
  output: 'l',
};

const STEPS: ReadonlyMap<string, number> = new Map([
  ['up', -1],
  ['down', 1],
  ['pageup', -10],
  ['pagedown', 10],
  [' ', 10],
]);

function inReading(panel: Reading, state: ClusterState, key: string): Response {
  if (key === 'escape' || key === 'q' || key === OPENED_BY[panel.kind]) return CLOSED;
  // Output is read from its end, everything else from its beginning.
  const direction = panel.kind === 'output' ? -1 : 1;
  const step = STEPS.get(key);
  if (step !== undefined) return show({ ...panel, scroll: scrolled(panel, step * direction) });
  if (key === 'end' || key === 'G') {
    return show({ ...panel, scroll: panel.kind === 'output' ? 0 : SCROLL_MAX });
  }
  if (key === 'home' || key === 'g') {
    return show({ ...panel, scroll: panel.kind === 'output' ? SCROLL_MAX : 0 });
  }
  const by = key === 'right' || key === 'j' ? 1 : key === 'left' || key === 'h' ? -1 : 0;
  if (by === 0) return {};
  if (panel.kind === 'story') {
    const index = Math.min(state.lastIndex, Math.max(1, panel.index + by));
    return { screen: { panel: { kind: 'story', index, scroll: 0 }, index } };
  }
  if (panel.kind !== 'output' && panel.kind !== 'keys') return {};
  const ids = state.nodes.map(({ node }) => node);
  const node = ids[(ids.indexOf(panel.node) + by + ids.length) % Math.max(1, ids.length)];
  if (node === undefined) return {};
  return { screen: { panel: { ...panel, node, scroll: 0 }, node } };
}

/** Beyond every panel; the view stops at the last line. */
const SCROLL_MAX = 100_000;

function scrolled({ scroll }: Reading, by: number): number {
  return Math.min(SCROLL_MAX, Math.max(0, scroll + by));
}

/** Names of keys have several letters; anything typed is one character, however it is encoded. */
function isTyped(key: string): boolean {
  return Array.from(key).length === 1;
}

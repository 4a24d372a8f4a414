// The keys of the main screen: one table from which they are handled, shown in the foot and in the
// help, and put as command lines, so that these cannot disagree.

import type { ClusterState, NodeView } from './cluster-state.ts';
import { masterOf } from './cluster-state.ts';
import { costOf, type Loss } from './quorum-cost.ts';
import type { Effect, Panel, ScreenState } from './screen-state.ts';
import { chosenNode } from './screen-state.ts';

/** What a key is looked up with. */
export interface Situation {
  readonly state: ClusterState;
  readonly screen: ScreenState;
  /** The chosen node; null while there are none. */
  readonly node: NodeView | null;
}

/** What a key does: changes the screen, asks for something, or asks the person first. */
export interface Response {
  readonly screen?: Partial<ScreenState>;
  readonly effects?: readonly Effect[];
}

export interface KeyEntry {
  /** As read from the terminal; all do the same. */
  readonly keys: readonly string[];
  /** As shown. */
  readonly key: string;
  /** For the foot: a word. Empty: only in the help. */
  readonly label: string;
  readonly help: string;
  /** The command line that would do the same; null: there is none. */
  readonly command: (situation: Situation) => string | null;
  readonly valid: (situation: Situation) => boolean;
  readonly press: (situation: Situation) => Response;
}

export function situationOf(state: ClusterState, screen: ScreenState): Situation {
  const id = chosenNode(state, screen);
  return { state, screen, node: state.nodes.find(({ node }) => node === id) ?? null };
}

const always = (): boolean => true;
const noCommand = (): null => null;
const idOf = ({ node }: Situation): string => node?.node ?? 'NODE';
const launched = ({ state }: Situation): boolean => state.control !== null;
const processIn =
  (...states: readonly string[]) =>
  (situation: Situation): boolean =>
    launched(situation) && states.includes(situation.node?.process ?? '');

const UP = ['starting', 'running', 'paused', 'stopping'] as const;

function open(panel: Panel): Response {
  return { screen: { panel } };
}

/** The effect at once, or after a question if it would cost something. */
function asking(situation: Situation, loss: Loss, effect: Effect, command: string): Response {
  const cost = situation.node === null ? null : costOf(situation.state, situation.node.node, loss);
  if (cost !== null) return open({ kind: 'confirm', question: cost, command, effect });
  return { effects: [effect], screen: { lastCommand: command } };
}

function control(
  verb: Extract<Effect, { type: 'control' }>['verb'],
  loss: Loss | null,
): Pick<KeyEntry, 'command' | 'press'> {
  const command = (situation: Situation): string => `replog ${verb} ${idOf(situation)}`;
  return {
    command,
    press: (situation) => {
      if (situation.node === null) return {};
      const effect = { type: 'control', node: situation.node.node, verb } as const;
      if (loss !== null) return asking(situation, loss, effect, command(situation));
      return { effects: [effect], screen: { lastCommand: command(situation) } };
    },
  };
}

const isPaused = (situation: Situation): boolean => situation.node?.process === 'paused';
const isUp = (situation: Situation): boolean => processIn(...UP)(situation);

const FREEZE: KeyEntry = {
  ...{ keys: ['z'], key: 'z', label: 'freeze', help: 'freeze the process (SIGSTOP), or thaw it' },
  valid: processIn('running', 'paused'),
  command: (situation) => `replog ${isPaused(situation) ? 'resume' : 'pause'} ${idOf(situation)}`,
  press: (situation) =>
    (isPaused(situation) ? control('resume', null) : control('pause', 'pause')).press(situation),
};

const RESTART: KeyEntry = {
  ...{ keys: ['r'], key: 'r', label: 'restart', help: 'start the node, or stop and start it' },
  valid: processIn('running', 'stopped', 'exited'),
  command: (situation) => `replog ${isUp(situation) ? 'restart' : 'start'} ${idOf(situation)}`,
  press: (situation) =>
    (isUp(situation) ? control('restart', 'restart') : control('start', null)).press(situation),
};

const PROCESS_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['x'], key: 'x', label: 'stop', help: 'stop the node in order; it stays a member' },
    valid: processIn('starting', 'running', 'paused'),
    ...control('stop', 'stop'),
  },
  {
    ...{ keys: ['X'], key: 'X', label: 'kill -9', help: 'kill -9: no goodbye' },
    valid: processIn(...UP),
    ...control('kill', 'kill'),
  },
  FREEZE,
  RESTART,
  {
    ...{ keys: ['a'], key: 'a', label: 'add', help: 'add a secondary' },
    valid: launched,
    command: () => 'replog add',
    press: () => ({ effects: [{ type: 'add' }], screen: { lastCommand: 'replog add' } }),
  },
  {
    ...{ keys: ['d'], key: 'd', label: 'remove', help: 'take the node out of the cluster' },
    valid: (situation) =>
      launched(situation) &&
      situation.node !== null &&
      situation.node.role !== 'removed' &&
      masterOf(situation.state)?.node !== situation.node.node,
    command: (situation) => `replog rm ${idOf(situation)}`,
    press: (situation) => {
      const node = idOf(situation);
      const command = `replog rm ${node}`;
      return asking(situation, 'remove', { type: 'remove', node }, command);
    },
  },
];

const faulty = ({ state }: Situation): string[] =>
  state.nodes.filter(({ faults }) => Object.keys(faults ?? {}).length > 0).map(({ node }) => node);

const FAULT_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['f'], key: 'f', label: 'faults', help: 'break the node: delays, errors, losses' },
    valid: ({ node }) => node !== null && node.faults !== null && node.silentSince === null,
    command: (situation) => `replog fault ${idOf(situation)} …`,
    press: (situation) => open({ kind: 'faults', node: idOf(situation), place: 0 }),
  },
  {
    ...{ keys: ['c'], key: 'c', label: 'clear', help: 'clear all faults of all nodes' },
    valid: (situation) => faulty(situation).length > 0,
    command: () => 'replog fault all clear',
    press: (situation) => ({
      effects: [{ type: 'clearFaults', nodes: faulty(situation) }],
      screen: { lastCommand: 'replog fault all clear' },
    }),
  },
];

const WRITE_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['m'], key: 'm', label: 'message', help: 'append a message, and see it wait' },
    valid: always,
    command: () => 'replog append MESSAGE --w W',
    press: () => open({ kind: 'append', message: '', w: 0 }),
  },
  {
    ...{ keys: ['w'], key: 'w', label: 'load', help: 'load on or off: 20 appends a second' },
    valid: always,
    command: ({ state }) => (state.loadOn ? null : 'seq 1000 | replog append -'),
    press: ({ state }) => ({
      effects: [{ type: 'load', on: !state.loadOn }],
      screen: { lastCommand: state.loadOn ? null : 'seq 1000 | replog append -' },
    }),
  },
];

const indexOf = ({ state, screen }: Situation): number => screen.index ?? state.lastIndex;

const LOOK_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['enter'], key: 'Enter', label: 'story', help: 'the life of the chosen operation' },
    valid: ({ state }) => state.lastIndex > 0,
    command: (situation) => {
      const master = masterOf(situation.state)?.node;
      const url = situation.state.nodes.find(({ node }) => node === master)?.url ?? 'URL';
      return `curl ${url}/log/${indexOf(situation)}/story`;
    },
    press: (situation) => open({ kind: 'story', index: indexOf(situation), scroll: 0 }),
  },
  {
    ...{ keys: ['l'], key: 'l', label: 'output', help: "the node's own output" },
    valid: (situation) => launched(situation) && situation.node !== null,
    command: (situation) =>
      `curl ${situation.state.control}/cluster/nodes/${idOf(situation)}/output`,
    press: (situation) =>
      open({ kind: 'output', node: idOf(situation), scroll: 0, search: '', typing: false }),
  },
  {
    ...{ keys: ['k'], key: 'k', label: 'keys', help: 'the key-value view of the node' },
    valid: ({ node }) => node !== null,
    command: () => 'replog kv list',
    press: (situation) => open({ kind: 'keys', node: idOf(situation), scroll: 0 }),
  },
  {
    ...{ keys: ['s'], key: 's', label: 'stream', help: 'leave for plain lines; s returns' },
    valid: always,
    command: () => 'replog list --follow',
    press: () => ({ screen: { stream: true }, effects: [{ type: 'stream', on: true }] }),
  },
  {
    ...{ keys: ['p'], key: 'p', label: 'pause', help: 'hold the picture still, or let it go on' },
    valid: always,
    command: noCommand,
    press: ({ state, screen }) => ({
      screen: { frozen: screen.frozen === null ? state : null },
    }),
  },
  {
    ...{ keys: ['y'], key: 'y', label: 'copy', help: 'addresses and commands to copy' },
    valid: always,
    command: noCommand,
    press: () => open({ kind: 'copy', scroll: 0 }),
  },
  {
    ...{ keys: ['?'], key: '?', label: 'help', help: 'all keys, with their command lines' },
    valid: always,
    command: () => 'replog --help',
    press: () => open({ kind: 'help', scroll: 0 }),
  },
  {
    ...{ keys: ['q'], key: 'q', label: 'quit', help: 'leave; Ctrl-C does not ask' },
    valid: always,
    command: noCommand,
    press: ({ state, screen }) =>
      screen.owner
        ? open({
            kind: 'confirm',
            question: `to leave is to stop the cluster: ${state.nodes.length} nodes would end`,
            command: 'Ctrl-C',
            effect: { type: 'quit' },
          })
        : { effects: [{ type: 'quit' }] },
  },
];

function choose(situation: Situation, by: number): Response {
  const ids = situation.state.nodes.map(({ node }) => node);
  const place = ids.indexOf(idOf(situation));
  const node = ids[(place + by + ids.length) % Math.max(1, ids.length)];
  return node === undefined ? {} : { screen: { node } };
}

function move(situation: Situation, by: number): Response {
  const { lastIndex } = situation.state;
  const index = Math.max(1, indexOf(situation) + by);
  return { screen: { index: index >= lastIndex ? null : index } };
}

const MOVE_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['right', 'j', 'tab'], key: '→ j', label: '', help: 'the next node' },
    ...{ valid: always, command: noCommand, press: (situation) => choose(situation, 1) },
  },
  {
    ...{ keys: ['left', 'h'], key: '← h', label: '', help: 'the node before' },
    ...{ valid: always, command: noCommand, press: (situation) => choose(situation, -1) },
  },
  {
    ...{ keys: ['up'], key: '↑', label: '', help: 'an older operation (PgUp: ten)' },
    ...{ valid: always, command: noCommand, press: (situation) => move(situation, -1) },
  },
  {
    ...{ keys: ['down'], key: '↓', label: '', help: 'a newer operation (PgDn: ten; End: newest)' },
    ...{ valid: always, command: noCommand, press: (situation) => move(situation, 1) },
  },
  {
    ...{ keys: ['pageup'], key: 'PgUp', label: '', help: '' },
    ...{ valid: always, command: noCommand, press: (situation) => move(situation, -10) },
  },
  {
    ...{ keys: ['pagedown'], key: 'PgDn', label: '', help: '' },
    ...{ valid: always, command: noCommand, press: (situation) => move(situation, 10) },
  },
  {
    ...{ keys: ['end', 'escape'], key: 'End', label: '', help: '' },
    ...{ valid: always, command: noCommand, press: () => ({ screen: { index: null } }) },
  },
  {
    ...{ keys: ['ctrl-l'], key: 'Ctrl-L', label: '', help: 'draw the screen again' },
    ...{ valid: always, command: noCommand, press: () => ({ effects: [{ type: 'repaint' }] }) },
  },
];

/** In the order in which they are shown. */
export const KEY_MAP: readonly KeyEntry[] = [
  ...MOVE_KEYS,
  ...PROCESS_KEYS,
  ...FAULT_KEYS,
  ...WRITE_KEYS,
  ...LOOK_KEYS,
];

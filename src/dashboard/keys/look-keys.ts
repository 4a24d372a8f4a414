// The keys that show something, and those that choose what.

import type { NodeView } from '../cluster/cluster-state.ts';
import {
  always,
  idOf,
  indexOf,
  type KeyEntry,
  noCommand,
  open,
  type Response,
  type Situation,
  withoutLauncher,
} from './key-entry.ts';

const someNode = ({ node }: Situation): string | null =>
  node === null ? 'there is no node' : null;
const someEntry = ({ state }: Situation): string | null =>
  state.lastIndex > 0 ? null : 'the log is empty: m appends a message';

function quit({ state, screen }: Situation): Response {
  if (!screen.owner) return { effects: [{ type: 'quit' }] };
  return open({
    kind: 'confirm',
    question: `to leave is to stop the cluster: ${endsOf(state.nodes)} would end`,
    command: 'replog stop',
    effect: { type: 'quit' },
  });
}

/** What is left to end: a node that is down has ended, one that was removed may run on. */
function endsOf(nodes: readonly NodeView[]): string {
  const running = nodes.filter(({ pid }) => pid !== null).length;
  if (running === 0) return 'its launcher';
  return `${running} ${running === 1 ? 'node' : 'nodes'}`;
}

/** In the order in which they are shown. */
export const LOOK_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['enter'], key: 'Enter', label: 'story', help: 'the life of the chosen operation' },
    refusal: someEntry,
    command: (situation) => `replog explain ${indexOf(situation)}`,
    press: (situation) => open({ kind: 'story', index: indexOf(situation), scroll: 0 }),
  },
  {
    ...{ keys: ['l'], key: 'l', label: 'output', help: "the node's own output" },
    refusal: (situation) => someNode(situation) ?? withoutLauncher(situation),
    command: (situation) =>
      `curl ${situation.state.control}/cluster/nodes/${idOf(situation)}/output`,
    press: (situation) =>
      open({ kind: 'output', node: idOf(situation), scroll: 0, search: '', typing: false }),
  },
  {
    ...{ keys: ['k'], key: 'k', label: 'keys', help: 'the key-value view of the node' },
    refusal: someNode,
    command: ({ node }) => `replog kv list --url ${node?.url ?? 'URL'}`,
    press: (situation) => open({ kind: 'keys', node: idOf(situation), scroll: 0 }),
  },
  {
    ...{ keys: ['s'], key: 's', label: 'stream', help: 'leave for plain lines; s returns' },
    refusal: always,
    command: () => 'replog list --follow',
    press: () => ({
      // It tells what comes: from the end on, whatever operation was looked at.
      screen: { stream: true, index: null, lastCommand: 'replog list --follow' },
      effects: [{ type: 'stream', on: true }],
    }),
  },
  {
    ...{ keys: ['p'], key: 'p', help: 'hold the picture still, or let it go on' },
    label: ({ screen }) => (screen.frozen === null ? 'pause' : 'go on'),
    refusal: always,
    command: noCommand,
    press: ({ state, screen }) => ({
      screen:
        screen.frozen === null
          ? { frozen: state, notice: 'only the picture stands still, not the cluster; p goes on' }
          : { frozen: null },
    }),
  },
  {
    ...{ keys: ['y'], key: 'y', label: 'copy', help: 'addresses and commands to copy' },
    refusal: always,
    command: noCommand,
    press: () => open({ kind: 'copy', scroll: 0 }),
  },
  {
    ...{ keys: ['?'], key: '?', label: 'help', help: 'all keys, with their command lines' },
    refusal: always,
    command: () => 'replog --help',
    press: () => open({ kind: 'help', scroll: 0 }),
  },
  {
    ...{ keys: ['q'], key: 'q', label: 'quit', help: 'leave; Ctrl-C does not ask' },
    refusal: always,
    command: ({ screen }) => (screen.owner ? 'replog stop' : null),
    press: quit,
  },
];

function choose(situation: Situation, by: number): Response {
  const ids = situation.state.nodes.map(({ node }) => node);
  const place = ids.indexOf(idOf(situation));
  const node = ids[(place + by + ids.length) % Math.max(1, ids.length)];
  // The foot says what can be done to this one.
  return node === undefined ? {} : { screen: { node, lastCommand: null } };
}

function move(situation: Situation, by: number): Response {
  const { lastIndex } = situation.state;
  const index = Math.max(1, indexOf(situation) + by);
  if (index >= lastIndex) return { screen: { index: null, lastCommand: null } };
  return { screen: { index, lastCommand: `replog explain ${index}` } };
}

/** The arbiter would stop with it, and the master's lease run out. */
const OWNER_STAYS = 'it would stop all writes';

const QUIET = { label: '', refusal: always, command: noCommand } as const;
const explained = {
  ...{ label: '', refusal: someEntry },
  command: (situation: Situation) => `replog explain ${indexOf(situation)}`,
} as const;

export const MOVE_KEYS: readonly KeyEntry[] = [
  {
    ...{ ...QUIET, keys: ['right', 'j', 'tab'], key: '→ j', help: 'the next node' },
    press: (situation) => choose(situation, 1),
  },
  {
    ...{ ...QUIET, keys: ['left', 'h'], key: '← h', help: 'the node before' },
    press: (situation) => choose(situation, -1),
  },
  {
    ...{ ...explained, keys: ['up'], key: '↑', help: 'an older operation (PgUp: ten)' },
    press: (situation) => move(situation, -1),
  },
  {
    ...{
      ...explained,
      keys: ['down'],
      key: '↓',
      help: 'a newer operation (PgDn: ten; End: newest)',
    },
    press: (situation) => move(situation, 1),
  },
  {
    ...{ ...explained, keys: ['pageup'], key: 'PgUp', help: '' },
    press: (situation) => move(situation, -10),
  },
  {
    ...{ ...explained, keys: ['pagedown'], key: 'PgDn', help: '' },
    press: (situation) => move(situation, 10),
  },
  {
    ...{ ...QUIET, keys: ['end', 'escape'], key: 'End', help: '' },
    press: () => ({ screen: { index: null, lastCommand: null } }),
  },
  {
    ...{ ...QUIET, keys: ['ctrl-l'], key: 'Ctrl-L', help: 'draw the screen again' },
    press: () => ({ effects: [{ type: 'repaint' }] }),
  },
  {
    ...{ ...QUIET, keys: ['ctrl-z'], key: 'Ctrl-Z', help: 'to the shell for a while; fg returns' },
    refusal: ({ screen }) => (screen.owner ? OWNER_STAYS : null),
    press: () => ({ effects: [{ type: 'suspend' }] }),
  },
];

// The keys that break nodes on purpose, and those that write.

import { idOf, type KeyEntry, open, type Situation } from './key-entry.ts';

const faulty = ({ state }: Situation): string[] =>
  state.nodes.filter(({ faults }) => Object.keys(faults ?? {}).length > 0).map(({ node }) => node);

function faultsRefused({ node }: Situation): string | null {
  if (node === null) return 'there is no node';
  if (node.silentSince !== null) return `${node.node} does not answer`;
  if (node.faults !== null) return null;
  return `${node.node} has told of no faults yet: it needs --faults`;
}

const CLEAR = 'replog fault all clear';

export const FAULT_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['f'], key: 'f', label: 'faults', help: 'break the node: delays, errors, losses' },
    refusal: faultsRefused,
    command: (situation) => `replog fault ${idOf(situation)} …`,
    press: (situation) => open({ kind: 'faults', node: idOf(situation), place: 0 }),
  },
  {
    ...{ keys: ['c'], key: 'c', label: 'clear', help: 'clear all faults of all nodes' },
    refusal: (situation) => (faulty(situation).length > 0 ? null : 'no node has a fault'),
    command: () => CLEAR,
    press: (situation) => ({
      effects: [{ type: 'clearFaults', nodes: faulty(situation) }],
      screen: { lastCommand: CLEAR },
    }),
  },
];

/** What the load comes to, by hand. */
const LOAD = 'seq 1000 | replog append -';

export const WRITE_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['m'], key: 'm', label: 'message', help: 'append a message, and see it wait' },
    refusal: ({ state }) => (state.nodes.length > 0 ? null : 'there is no node'),
    command: () => 'replog append MESSAGE --w W',
    press: () => open({ kind: 'append', message: '', w: 0 }),
  },
  {
    ...{ keys: ['w'], key: 'w', help: 'load on or off: 20 appends a second' },
    label: ({ state }) => (state.loadOn ? 'load off' : 'load'),
    refusal: ({ state }) => (state.nodes.length > 0 ? null : 'there is no node'),
    command: ({ state }) => (state.loadOn ? null : LOAD),
    press: ({ state }) => ({
      effects: [{ type: 'load', on: !state.loadOn }],
      screen: { lastCommand: state.loadOn ? null : LOAD },
    }),
  },
];

// The keys that act on the chosen node's process, and on who belongs to the cluster.

import type { ControlVerb } from '../../client/answers.ts';
import { masterOf } from '../cluster/cluster-state.ts';
import { processWord } from '../cluster/condition.ts';
import {
  asking,
  idOf,
  type KeyEntry,
  type Response,
  type Situation,
  withoutLauncher,
} from './key-entry.ts';
import type { Loss } from './quorum-cost.ts';

/** The key needs a launcher, and the process in one of these states. */
const processIn =
  (...states: readonly string[]) =>
  (situation: Situation): string | null => {
    const { node } = situation;
    if (node === null) return 'there is no node';
    const missing = withoutLauncher(situation);
    if (missing !== null || states.includes(node.process ?? '')) return missing;
    const way =
      node.process === 'paused' ? ': z thaws it' : isOver(situation) ? ': r starts it' : '';
    return `${node.node} is ${processWord(node.process ?? 'not known')}${way}`;
  };

const isOver = ({ node }: Situation): boolean =>
  node?.process === 'stopped' || node?.process === 'exited';
const isPaused = ({ node }: Situation): boolean => node?.process === 'paused';

const commandOf =
  (verb: ControlVerb) =>
  (situation: Situation): string =>
    `replog ${verb} ${idOf(situation)}`;

/** Does it, after a question if something would be lost by it. */
function control(situation: Situation, verb: ControlVerb, loss: Loss | null): Response {
  if (situation.node === null) return {};
  const effect = { type: 'control', node: situation.node.node, verb } as const;
  const command = commandOf(verb)(situation);
  if (loss !== null) return asking(situation, loss, effect, command);
  return { effects: [effect], screen: { lastCommand: command } };
}

const freezing = (situation: Situation): 'resume' | 'pause' =>
  isPaused(situation) ? 'resume' : 'pause';
const restarting = (situation: Situation): 'start' | 'restart' =>
  isOver(situation) ? 'start' : 'restart';

function removalRefused(situation: Situation): string | null {
  const { node, state } = situation;
  if (node === null) return 'there is no node';
  if (node.role === 'removed') return `${node.node} is removed already: x stops its process`;
  if (masterOf(state)?.node === node.node)
    return `${node.node} is the master: it cannot be removed`;
  return withoutLauncher(situation);
}

/** In the order in which they are shown. */
export const PROCESS_KEYS: readonly KeyEntry[] = [
  {
    ...{ keys: ['x'], key: 'x', label: 'stop', help: 'stop the node in order; it stays a member' },
    refusal: processIn('starting', 'running', 'paused'),
    command: commandOf('stop'),
    press: (situation) => control(situation, 'stop', 'stop'),
  },
  {
    ...{ keys: ['X'], key: 'X', label: 'kill -9', help: 'kill -9: no goodbye' },
    refusal: processIn('starting', 'running', 'paused', 'stopping'),
    command: commandOf('kill'),
    press: (situation) => control(situation, 'kill', 'kill'),
  },
  {
    ...{ keys: ['z'], key: 'z', help: 'freeze the process (SIGSTOP), or thaw it' },
    label: (situation) => (isPaused(situation) ? 'thaw' : 'freeze'),
    refusal: processIn('running', 'paused'),
    command: (situation) => commandOf(freezing(situation))(situation),
    press: (situation) =>
      control(situation, freezing(situation), isPaused(situation) ? null : 'pause'),
  },
  {
    ...{ keys: ['r'], key: 'r', help: 'start the node, or stop and start it' },
    label: restarting,
    refusal: processIn('running', 'stopped', 'exited'),
    command: (situation) => commandOf(restarting(situation))(situation),
    press: (situation) =>
      control(situation, restarting(situation), isOver(situation) ? null : 'restart'),
  },
  {
    ...{ keys: ['a'], key: 'a', label: 'add', help: 'add a secondary' },
    refusal: withoutLauncher,
    command: () => 'replog add',
    press: () => ({ effects: [{ type: 'add' }], screen: { lastCommand: 'replog add' } }),
  },
  {
    ...{ keys: ['d'], key: 'd', label: 'remove', help: 'take the node out of the cluster' },
    refusal: removalRefused,
    command: (situation) => `replog rm ${idOf(situation)}`,
    press: (situation) => {
      const node = idOf(situation);
      return asking(situation, 'remove', { type: 'remove', node }, `replog rm ${node}`);
    },
  },
];

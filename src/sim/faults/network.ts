// What happens to messages.

import type { NetworkTrouble } from '../cluster/weather.ts';
import type { Fault, Shape } from '../plan/plan.ts';
import { beginAll, cut } from './cuts.ts';
import { always, type FaultKind } from './kind.ts';

const several = (shape: Shape): boolean => shape.nodes.length > 1;

function trouble(
  name: string,
  says: string,
  of: (fault: Fault) => readonly NetworkTrouble[],
  suits: FaultKind['suits'] = several,
): FaultKind {
  return {
    name,
    says,
    arbiterToo: true,
    suits,
    begin: (cluster, fault) => beginAll(cluster, name, of(fault)),
  };
}

export const NETWORK_FAULTS: readonly FaultKind[] = [
  trouble('delay', 'every message takes longer', ({ amount }) => [
    { kind: 'delay', ms: amount * 300 },
  ]),
  trouble('loss', 'messages get lost', ({ amount }) => [{ kind: 'loss', rate: amount * 0.5 }]),
  trouble('duplicate', 'messages arrive twice', ({ amount }) => [
    { kind: 'duplicate', rate: amount * 0.5 },
  ]),
  trouble('reorder', 'messages overtake each other', ({ amount }) => [
    { kind: 'reorder', rate: 0.3, ms: amount * 250 },
  ]),
  trouble('one-way', 'a node does not reach another, but is reached by it', ({ node, peer }) => [
    cut(node, peer),
  ]),
  trouble('partial', 'two nodes do not reach each other', ({ node, peer }) => [
    cut(node, peer),
    cut(peer, node),
  ]),
  trouble('partition', 'a node reaches no other, and is reached by none', ({ node }) => [
    cut(node, '*'),
    cut('*', node),
  ]),
  trouble('slow-link', 'one direction between two nodes is slow', ({ node, peer, amount }) => [
    { kind: 'slow', from: node, to: peer, ms: amount * 2_500 },
  ]),
  trouble(
    'lost-answer',
    'answers of a node to clients get lost',
    ({ node, amount }) => [{ kind: 'lost-answer', from: node, rate: amount }],
    always,
  ),
];

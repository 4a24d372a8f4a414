// Whether something would cost the cluster its quorum, or its master: then the dashboard asks
// first.

import type { ClusterState } from '../cluster/cluster-state.ts';
import { masterOf } from '../cluster/cluster-state.ts';

/** What would take a node away, for the time being or for good. */
export type Loss = 'stop' | 'kill' | 'pause' | 'restart' | 'remove';

/** What was asked for and may not be seen yet: the launcher is looked at now and then, keys are
 * quicker. */
export interface Taken {
  readonly node: string;
  /** Rounds of looks that were complete when it was asked for. */
  readonly rounds: number;
}

/** The round that was under way when it was asked for shows nothing of it, the next one may not. */
const SEEN_AFTER_ROUNDS = 3;

/** What is still to be seen of what was asked for. */
export function unseen(taken: readonly Taken[], { rounds }: ClusterState): readonly Taken[] {
  return taken.filter((one) => rounds < one.rounds + SEEN_AFTER_ROUNDS);
}

/** Why to ask before doing it; null: nothing is lost by it. */
export function costOf(
  state: ClusterState,
  node: string,
  loss: Loss,
  taken: readonly Taken[] = [],
): string | null {
  const master = masterOf(state);
  if (master === null) return null;
  if (master.node === node) return `${node} is the master: without it nothing can be written`;
  const member = master.members.find((one) => one.node === node);
  if (member === undefined || member.status === 'Unhealthy') return null;
  const { size, needed, alive } = master.quorum;
  if (alive < needed) return null;
  const sizeAfter = loss === 'remove' ? size - 1 : size;
  const neededAfter = Math.floor(sizeAfter / 2) + 1;
  // A node that the launcher has ended or paused still counts as alive for some seconds.
  const going = new Set(unseen(taken, state).map((one) => one.node));
  const left = master.members.filter((one) => {
    if (going.has(one.node)) return false;
    const process = state.nodes.find((view) => view.node === one.node)?.process ?? 'running';
    return one.node !== node && one.status !== 'Unhealthy' && process === 'running';
  }).length;
  if (left >= neededAfter) return null;
  return `this costs the quorum: ${left} of ${sizeAfter} would be left, ${neededAfter} are needed`;
}

// What a scenario is played on: a cluster whose processes can be controlled, and time. The real one
// runs processes; tests have one that answers from memory.

import type { Call, Reply } from '../client/wire/link.ts';
import type { Action } from '../cluster/control.ts';

/** A node as its launcher sees it. */
export interface StageNode {
  readonly node: string;
  readonly role: 'master' | 'secondary' | 'removed' | null;
  readonly state: string;
  /** Names one life of the node's process. */
  readonly life: string;
}

export interface Stage {
  /** As after the last thing that was done to the cluster. */
  nodes(): readonly StageNode[];
  /** Base URL of a node. */
  urlOf(node: string): string;
  /** One request to one node, sent once. Throws ConnectionFailure, or the signal's reason. */
  call(node: string, call: Call): Promise<Reply>;
  act(node: string, action: Action): Promise<void>;
  add(node: string): Promise<void>;
  /** The node leaves the cluster for good; its process goes on. */
  leave(node: string): Promise<void>;
  /** Removes what a node that does not run has kept. */
  wipe(node: string): Promise<void>;
  /** Every status that a member has taken since the cluster was ready, oldest first. */
  transitions(node: string): readonly string[];
  /** What happened that nobody has asked for, e.g. the end of a process; in words. */
  troubles(): readonly string[];
  /** Milliseconds, monotonic. */
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Ends all processes and removes their folders. */
  end(): Promise<void>;
}

/** The node that is master now. */
export function masterOf(stage: Stage): string {
  const master = stage.nodes().find(({ role }) => role === 'master');
  if (master === undefined) throw new Error('the cluster has no master');
  return master.node;
}

/** The name of the present life of a node's process; of a node that is none, its id. */
export function lifeOf(stage: Stage, node: string): string {
  return stage.nodes().find((one) => one.node === node)?.life ?? node;
}

/** The nodes that a scenario means by `n2`, [n2, n3], `all`, `secondaries` or `master`. */
export function nodesMeant(meant: string | readonly string[], stage: Stage): string[] {
  const members = stage.nodes().filter(({ role }) => role !== 'removed');
  return [meant].flat().flatMap((name) => {
    switch (name) {
      case 'all':
        return members.map(({ node }) => node);
      case 'secondaries':
        return members.filter(({ role }) => role !== 'master').map(({ node }) => node);
      case 'master':
        return [masterOf(stage)];
      default:
        return [name];
    }
  });
}

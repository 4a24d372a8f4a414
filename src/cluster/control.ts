// What can be done to a running cluster from outside, and the ways of saying no. The launcher
// implements it, the control routes offer it over HTTP.

import type { ClusterNode, ClusterReport, ControlVerb } from '../client/answers.ts';
import type { ChildState } from './process/child.ts';
import type { NumberedLines } from './process/lines.ts';

/** A node as `GET /cluster` shows it: what clients are promised, and what it can be. */
export interface NodeView extends ClusterNode {
  /** As the arbiter has given it, also while the process is down; null: none yet. */
  readonly role: 'master' | 'secondary' | 'removed' | null;
  /** null while no process runs. */
  readonly pid: number | null;
  readonly state: ChildState;
  /** What may become of an addition or a removal; absent: nothing. */
  readonly warning?: string;
}

/** A cluster as `GET /cluster` shows it. */
export interface ClusterView extends ClusterReport {
  readonly nodes: readonly NodeView[];
  readonly removed: readonly NodeView[];
}

export type Action = ControlVerb;
export const ACTIONS: readonly Action[] = ['stop', 'start', 'restart', 'kill', 'pause', 'resume'];

export interface Control {
  view(): ClusterView;
  /** The last lines that the node's processes wrote, at most `lines`. Throws UnknownNode. */
  output(node: string, lines: number): NumberedLines;
  /** Does it and resolves with the node afterwards. A node that is already as wished is left as it
   * is. Rejects with UnknownNode, Conflict or ChildFailed. */
  act(node: string, action: Action): Promise<NodeView>;
  /** Starts one more node and makes the cluster larger by one. `node`: its id, instead of the next
   * free one; its port is the next free one, too. Rejects with Conflict or ChildFailed. */
  add(node?: string): Promise<NodeView>;
  /** Lets a secondary leave for good and makes the cluster smaller by one. A process that runs
   * goes on serving what it had, until it is stopped; its data stay on disk. Rejects with
   * UnknownNode or Conflict. */
  remove(node: string): Promise<NodeView>;
}

/** The cluster has no node of this id. */
export class UnknownNode extends Error {
  override readonly name = 'UnknownNode';

  constructor(node: string, known: readonly string[]) {
    super(`there is no node ${node}; this cluster has ${known.join(', ')}`);
  }
}

/** The node or the cluster is not in a state in which this can be done. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

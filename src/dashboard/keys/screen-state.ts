// What is on the screen besides the cluster: which node and operation are chosen, which panel is
// open, what is being typed. Plain data; keys.ts changes it.

import type { ControlVerb, Faults, WriteConcern } from '../../client/answers.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Loss, Taken } from './quorum-cost.ts';

/** A panel over the logs. */
export type Panel =
  | { readonly kind: 'help'; readonly scroll: number }
  | { readonly kind: 'copy'; readonly scroll: number }
  | { readonly kind: 'faults'; readonly node: string; readonly place: number }
  | { readonly kind: 'append'; readonly message: string; readonly w: number }
  | {
      readonly kind: 'output';
      readonly node: string;
      /** Lines above the last one; 0 follows. */
      readonly scroll: number;
      readonly search: string;
      readonly typing: boolean;
    }
  | { readonly kind: 'story'; readonly index: number; readonly scroll: number }
  | { readonly kind: 'keys'; readonly node: string; readonly scroll: number }
  | {
      readonly kind: 'confirm';
      readonly question: string;
      /** What the question is about, which changes while nobody answers; absent: it stands. */
      readonly about?: { readonly node: string; readonly loss: Loss };
      readonly command: string;
      readonly effect: Effect;
    };

/** What a key asks for, beyond the screen. */
export type Effect =
  | {
      readonly type: 'control';
      readonly node: string;
      readonly verb: ControlVerb;
    }
  | { readonly type: 'add' }
  | { readonly type: 'remove'; readonly node: string }
  | { readonly type: 'setFaults'; readonly node: string; readonly faults: Faults }
  | { readonly type: 'clearFaults'; readonly nodes: readonly string[] }
  | { readonly type: 'append'; readonly message: string; readonly w: WriteConcern }
  | { readonly type: 'load'; readonly on: boolean }
  | { readonly type: 'stream'; readonly on: boolean }
  | { readonly type: 'repaint' }
  | { readonly type: 'suspend' }
  | { readonly type: 'quit' };

export interface ScreenState {
  /** Id of the chosen node; null: nobody has chosen one yet. */
  readonly node: string | null;
  /** Chosen index of the log; null: the newest, and the log is followed. */
  readonly index: number | null;
  readonly panel: Panel | null;
  /** What is shown while the screen is paused; null: it moves. */
  readonly frozen: ClusterState | null;
  readonly stream: boolean;
  /** Nodes that were just taken away: what would cost the quorum with them is asked for, too. */
  readonly taken: readonly Taken[];
  /** The command line that does what was done last. */
  readonly lastCommand: string | null;
  /** What is to be said of the last key, e.g. why it did nothing; null: nothing. */
  readonly notice: string | null;
  /** Opened by the launcher itself: to quit is to stop the cluster. */
  readonly owner: boolean;
  /** What the shown command lines need to find this cluster, e.g. `--name b`; mostly empty. */
  readonly flags: string;
}

export function firstScreen(owner: boolean, flags = ''): ScreenState {
  return {
    node: null,
    index: null,
    panel: null,
    frozen: null,
    stream: false,
    taken: [],
    lastCommand: null,
    notice: null,
    owner,
    flags,
  };
}

/** The chosen node's id; null while there are none. */
export function chosenNode(state: ClusterState, screen: ScreenState): string | null {
  const ids = state.nodes.map(({ node }) => node);
  return screen.node !== null && ids.includes(screen.node) ? screen.node : state.firstNode;
}

/** The write concerns to choose from: each number of nodes, a majority, all. */
export function concernsOf(state: ClusterState): readonly WriteConcern[] {
  const members = state.nodes.filter(({ role }) => role !== 'removed').length;
  return ['majority', ...Array.from({ length: Math.max(1, members) }, (_, i) => i + 1), 'all'];
}

/** Whether what is typed is a text, not commands. */
export function takesText({ panel }: ScreenState): boolean {
  return panel?.kind === 'append' || (panel?.kind === 'output' && panel.typing);
}

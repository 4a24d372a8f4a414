// What an entry in the table of keys is, and what several of them need.

import type { ClusterState, NodeView } from '../cluster/cluster-state.ts';
import { masterOf } from '../cluster/cluster-state.ts';
import { costOf, type Loss } from './quorum-cost.ts';
import type { Effect, Panel, ScreenState } from './screen-state.ts';
import { chosenNode } from './screen-state.ts';

/** A launcher that is silent for less may be busy, and will do what it is asked. */
const LAUNCHER_GONE_MS = 3_000;

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
  /** For the foot: a word, or what it is at the moment. Empty: only in the help. */
  readonly label: string | ((situation: Situation) => string);
  readonly help: string;
  /** The command line that would do the same; null: there is none. */
  readonly command: (situation: Situation) => string | null;
  /** Why the key does nothing at the moment, for people; null: it works. */
  readonly refusal: (situation: Situation) => string | null;
  readonly press: (situation: Situation) => Response;
}

export function situationOf(state: ClusterState, screen: ScreenState): Situation {
  const id = chosenNode(state, screen);
  return { state, screen, node: state.nodes.find(({ node }) => node === id) ?? null };
}

export function labelOf({ label }: KeyEntry, situation: Situation): string {
  return typeof label === 'string' ? label : label(situation);
}

export const always = (): null => null;
export const noCommand = (): null => null;
export const idOf = ({ node }: Situation): string => node?.node ?? 'NODE';
export const indexOf = ({ state, screen }: Situation): number => screen.index ?? state.lastIndex;

export function open(panel: Panel): Response {
  return { screen: { panel } };
}

/** Why what only a launcher can do cannot be done; null: there is one. */
export function withoutLauncher({ state }: Situation): string | null {
  if (state.control === null) return 'no launcher is known: do that where the process was started';
  const { now, launcherSilentSince } = state;
  const isGone = launcherSilentSince !== null && now - launcherSilentSince >= LAUNCHER_GONE_MS;
  return isGone ? 'the launcher does not answer' : null;
}

/** The effect at once, or after a question if it would cost something. */
export function asking(
  situation: Situation,
  loss: Loss,
  effect: Effect,
  command: string,
): Response {
  const { node, screen, state } = situation;
  const cost = node === null ? null : costOf(state, node.node, loss, screen.taken);
  if (node === null || cost === null)
    return { effects: [effect], screen: { lastCommand: command } };
  const about = { node: node.node, loss };
  return open({ kind: 'confirm', question: cost, about, command, effect });
}

/** The screen with what an open question says made true again: a cluster goes on while somebody
 * thinks it over. */
export function askedAnew(screen: ScreenState, state: ClusterState): ScreenState {
  const { panel, taken } = screen;
  if (panel?.kind !== 'confirm' || panel.about === undefined) return screen;
  // Without a master nobody says what the quorum is.
  if (masterOf(state) === null) return screen;
  const { node, loss } = panel.about;
  const question = costOf(state, node, loss, taken) ?? 'this does not cost the quorum any more';
  return question === panel.question ? screen : { ...screen, panel: { ...panel, question } };
}

// Keys pressed one after the other, without a screen.

import type { ClusterState } from '../../src/dashboard/cluster/cluster-state.ts';
import { press } from '../../src/dashboard/keys/keys.ts';
import type { Effect, ScreenState } from '../../src/dashboard/keys/screen-state.ts';
import { firstScreen } from '../../src/dashboard/keys/screen-state.ts';
import { footLines } from '../../src/dashboard/screen/foot.ts';

/** The screen, and all that was asked for, after keys. */
export function typed(
  state: ClusterState,
  keys: readonly string[],
  screen: ScreenState = firstScreen(true),
): { screen: ScreenState; effects: Effect[] } {
  const effects: Effect[] = [];
  for (const key of keys) {
    const next = press(screen, state, key);
    effects.push(...next.effects);
    screen = next.screen;
  }
  return { screen, effects };
}

/** The last lines of the screen, without looks. */
export const footOf = (state: ClusterState, screen: ScreenState, width = 120): string =>
  footLines(state, screen, width, 2)
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n');

/** What is asked of a launcher. */
export const control = (node: string, verb: string) => ({ type: 'control', node, verb });

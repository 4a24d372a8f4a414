// The one place where the dashboard's state changes. Whoever shows it is told at most once per
// tick, and at once after a key.

import type { ClusterState } from './cluster/cluster-state.ts';
import { blankState } from './cluster/cluster-state.ts';
import type { Unstamped } from './cluster/observer.ts';
import { reduce } from './cluster/reducer.ts';
import { askedAnew } from './keys/key-entry.ts';
import { press } from './keys/keys.ts';
import type { Effect, ScreenState } from './keys/screen-state.ts';
import { firstScreen } from './keys/screen-state.ts';

/** What is shown at one moment. */
export interface Picture {
  readonly state: ClusterState;
  readonly screen: ScreenState;
}

export interface StoreParts {
  readonly control: string | null;
  readonly name: string;
  readonly owner: boolean;
  /** What command lines need to find this cluster; empty: nothing. */
  readonly flags?: string;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Of the day, for people. */
  readonly time: () => string;
}

export class Store {
  readonly #parts: StoreParts;
  #state: ClusterState;
  #screen: ScreenState;
  #picture: Picture;
  readonly #listeners = new Set<() => void>();
  #inArrival = false;
  readonly #told = new Set<(before: ClusterState, after: ClusterState) => void>();

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#state = blankState(parts.control, parts.name);
    this.#screen = firstScreen(parts.owner, parts.flags);
    this.#picture = { state: this.#state, screen: this.#screen };
  }

  get state(): ClusterState {
    return this.#state;
  }

  get screen(): ScreenState {
    return this.#screen;
  }

  /** Takes in what was learnt; the picture changes with the next tick. */
  readonly report = (observation: Unstamped): void => {
    const before = this.#state;
    const stamped = { ...observation, now: this.#parts.now(), time: this.#parts.time() };
    this.#state = reduce(before, stamped as Parameters<typeof reduce>[1]);
    for (const listener of this.#told) listener(before, this.#state);
  };

  /** Takes in how far the open panel is scrolled as it is shown: a way back from far beyond its end
   * would be one on which nothing moves. */
  settle(scroll: number | null): void {
    const { panel } = this.#screen;
    if (scroll === null || panel === null || !('scroll' in panel)) return;
    this.#screen = { ...this.#screen, panel: { ...panel, scroll } };
  }

  /** Takes in a key, and returns what it asks for. */
  press(key: string): readonly Effect[] {
    const { screen, effects } = press(this.#screen, this.#state, key);
    this.#screen = screen;
    if (!this.#inArrival) this.tick();
    return effects;
  }

  /** Keys that came at once, pressed by `work`: one picture of what they come to. One for each
   * would make somebody who pastes a page of text wait for seconds. */
  together(work: () => void): void {
    this.#inArrival = true;
    try {
      work();
    } finally {
      this.#inArrival = false;
      this.tick();
    }
  }

  /** The picture becomes what is known now. */
  tick(): void {
    const state = { ...this.#state, now: this.#parts.now() };
    this.#screen = askedAnew(this.#screen, state);
    this.#picture = { state, screen: this.#screen };
    for (const listener of this.#listeners) listener();
  }

  readonly picture = (): Picture => this.#picture;

  /** Calls back when there is another picture; returns how to stop that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Calls back after each observation; returns how to stop that. */
  onReport(listener: (before: ClusterState, after: ClusterState) => void): () => void {
    this.#told.add(listener);
    return () => this.#told.delete(listener);
  }
}

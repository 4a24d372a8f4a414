// The dashboard's Ink part on a virtual terminal.

import { EventEmitter } from 'node:events';
import { render } from 'ink';
import { createElement } from 'react';
import type { Effect } from '../../src/dashboard/keys/screen-state.ts';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { paletteFor } from '../../src/dashboard/screen/paint.ts';
import { Store } from '../../src/dashboard/store.ts';
import { Dashboard } from '../../src/dashboard/terminal/app.tsx';
import { inkOutput } from '../../src/dashboard/terminal/ink-output.ts';
import { LineScreen } from '../../src/dashboard/terminal/line-screen.ts';
import { type Recording, type Step, stepsOf, urlOf } from './recorded.ts';
import { VirtualTerminal } from './virtual-terminal.ts';

class Keyboard extends EventEmitter {
  readonly isTTY = true;
  private waiting: string | null = null;
  type(text: string): void {
    this.waiting = text;
    this.emit('readable');
  }
  read(): string | null {
    const text = this.waiting;
    this.waiting = null;
    return text;
  }
  setEncoding(): void {}
  setRawMode(): void {}
  ref(): void {}
  unref(): void {}
}

export interface Mounted {
  readonly terminal: VirtualTerminal;
  readonly screen: LineScreen;
  readonly store: Store;
  readonly effects: Effect[];
  /** Tells the store, then draws. */
  tell(steps: readonly Step[]): Promise<void>;
  /** Types, as one arrival. */
  type(text: string): Promise<void>;
  /** Resolves when React has drawn what it was told. */
  drawn(): Promise<void>;
  unmount(): void;
}

/** Draws what was recorded, with all that stands between it and a terminal. */
export async function mount(
  recording: Recording,
  columns: number,
  rows: number,
  colour = false,
  owner = true,
): Promise<Mounted> {
  const terminal = new VirtualTerminal(columns, rows);
  const screen = new LineScreen(terminal);
  const clock = { now: 0 };
  const control = urlOf(recording.nodes.length);
  const store = new Store({
    ...{ control, name: 'cluster-4000', owner },
    ...{ now: () => clock.now, time: () => '10:42:07' },
  });
  const report = (steps: readonly Step[]): void => {
    for (const [now, observation] of steps) {
      clock.now = now;
      store.report(observation);
    }
    store.tick();
  };
  report(stepsOf(recording));
  const keyboard = new Keyboard();
  const effects: Effect[] = [];
  screen.enter();
  const instance = render(
    createElement(Dashboard, {
      ...{ store, canvas: screen, glyphs: glyphsFor(true), palette: paletteFor(colour, '15;0') },
      onKey: (key) => void effects.push(...store.press(key)),
    }),
    {
      stdout: inkOutput(),
      stdin: keyboard as unknown as NodeJS.ReadStream,
      exitOnCtrlC: false,
      patchConsole: false,
    },
  );
  const drawn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await drawn();
  return {
    ...{ terminal, screen, store, effects, drawn },
    tell: (steps) => {
      report(steps);
      return drawn();
    },
    type: (text) => {
      keyboard.type(text);
      return drawn();
    },
    unmount: () => instance.unmount(),
  };
}

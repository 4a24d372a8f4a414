// Opens the dashboard on a terminal and runs it until it is left: takes the screen over, gives it
// back however this ends, and connects observer, keys and pictures.

import { render } from 'ink';
import { createElement } from 'react';
import type { ReplogClient } from '../../client/client.ts';
import type { ClusterState, Tail } from '../cluster/cluster-state.ts';
import { Observer, type Wanted } from '../cluster/observer.ts';
import { Performer } from '../cluster/performer.ts';
import type { Effect } from '../keys/screen-state.ts';
import { logRowsFor } from '../screen/frame.ts';
import { glyphsFor } from '../screen/glyphs.ts';
import type { Palette } from '../screen/paint.ts';
import { Store } from '../store.ts';
import { Dashboard, linesOf } from './app.tsx';
import { HeldOutput, type Writable } from './held-output.ts';
import { inkOutput } from './ink-output.ts';
import { LineScreen } from './line-screen.ts';
import { type Restorer, watchTerminal } from './restorer.ts';
import { streamLines } from './stream.ts';
import { obeyJobControl } from './suspension.ts';

export interface DashboardOptions {
  readonly stdin: NodeJS.ReadStream & { readonly fd: number };
  readonly stdout: NodeJS.WriteStream;
  /** Where others write; it may be the same terminal. */
  readonly stderr: Writable;
  /** A client for a base URL, with whatever token there is. */
  readonly client: (url: string) => ReplogClient;
  /** Base URL of the launcher; null if none is known. */
  readonly control: string | null;
  /** A node to begin with, where there is no launcher. */
  readonly url: string;
  readonly name: string;
  /** To leave is to stop the cluster. */
  readonly owner: boolean;
  /** What command lines need to find this cluster; empty: nothing. */
  readonly flags: string;
  readonly palette: Palette;
  readonly unicode: boolean;
  readonly clean: (text: string) => string;
  /** One that was started in good time; else one is started now. */
  readonly restorer?: Promise<Restorer> | undefined;
  /** Leave when it aborts. */
  readonly signal: AbortSignal;
}

/** A picture after each round, so that its figures and logs are of one moment; and, where a round
 * waits for somebody who does not answer, four a second all the same. */
const STALE_MS = 260;

/** How often it is looked whether a picture is due. */
const TICK_MS = 65;

/** The first picture waits so long at most for something to show. */
const FIRST_LOOK_MS = 200;

/** Resolves, with what was last known, when it was left by a key or by the signal. */
export async function openDashboard(options: DashboardOptions): Promise<ClusterState> {
  const { stdin, stdout, stderr } = options;
  const screen = new LineScreen(stdout);
  const others = new HeldOutput(stderr, () => screen.active);
  const session = new Session(options, screen, others);
  const [restorer] = await Promise.all([
    options.restorer ?? watchTerminal(stdin.fd),
    session.look(),
  ]);
  restorer.arm();
  const giveBack = (): void => {
    screen.leave();
    others.release();
    if (stdin.isRaw) stdin.setRawMode(false);
    restorer.dismiss();
  };
  // An exception is printed before the process ends: by then the normal screen must be back.
  process.on('exit', giveBack).on('uncaughtExceptionMonitor', giveBack);
  try {
    return await session.run();
  } finally {
    session.end();
    giveBack();
    // What is typed from now on is the shell's.
    stdin.pause();
    process.off('exit', giveBack).off('uncaughtExceptionMonitor', giveBack);
  }
}

/** One dashboard from its opening to its end. */
class Session {
  readonly #options: DashboardOptions;
  readonly #screen: LineScreen;
  readonly #others: HeldOutput;
  readonly #store: Store;
  readonly #observer: Observer;
  readonly #performer: Performer;
  readonly #undo: (() => void)[] = [];
  /** The pieces of logs that were known when the stream began. */
  #streamStart: ReadonlySet<Tail> = new Set();
  #leave: () => void = () => undefined;
  #suspend: () => void = () => undefined;

  constructor(options: DashboardOptions, screen: LineScreen, others: HeldOutput) {
    this.#options = options;
    this.#screen = screen;
    this.#others = others;
    const now = (): number => performance.now();
    this.#store = new Store({ ...options, now, time: timeOfDay });
    const parts = { ...options, state: () => this.#store.state, report: this.#store.report };
    this.#observer = new Observer({ ...parts, wanted: () => this.#wanted(), sleep });
    this.#performer = new Performer({ ...parts, now, newKey: () => crypto.randomUUID() });
  }

  /** The first look, so that the first picture shows something. */
  async look(): Promise<void> {
    await Promise.race([this.#observer.round(), sleep(FIRST_LOOK_MS)]);
  }

  async run(): Promise<ClusterState> {
    const { signal, stdout, stdin, palette, unicode } = this.#options;
    const over = new Promise<void>((resolve) => {
      this.#leave = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    if (signal.aborted) return this.#store.state;
    this.#store.tick();
    const glyphs = glyphsFor(unicode);
    // The first picture does not wait for React.
    this.#screen.show(linesOf(this.#store.picture(), this.#screen, glyphs, palette));
    // Nor do keys that come before it reads them: the terminal would write them over the picture.
    stdin.setRawMode(true);
    this.#keep(stdout);
    this.#screen.enter();
    const element = createElement(Dashboard, {
      ...{ store: this.#store, canvas: this.#screen, glyphs, palette },
      onKey: (key) => this.#onKey(key),
    });
    const instance = render(element, {
      stdout: inkOutput(),
      stdin,
      exitOnCtrlC: false,
      patchConsole: false,
    });
    this.#undo.push(() => instance.unmount());
    const failed = this.#observer.run();
    await Promise.race([over, failed, instance.waitUntilExit()]);
    return this.#store.state;
  }

  /** Lets go of everything; may be called twice. */
  end(): void {
    this.#observer.stop();
    this.#performer.stop();
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  #keep(stdout: NodeJS.WriteStream): void {
    let drawnAt = performance.now();
    const draw = (): void => {
      drawnAt = performance.now();
      this.#store.tick();
    };
    const timer = setInterval(() => {
      if (performance.now() - drawnAt >= STALE_MS) draw();
    }, TICK_MS);
    const redraw = (): void => {
      this.#store.tick();
      // React draws in a moment; before that there is only the picture of the old size.
      setImmediate(() => this.#screen.repaint());
    };
    stdout.on('resize', redraw);
    const jobControl = obeyJobControl({
      release: () => this.#release(),
      retake: () => {
        this.#retake();
        redraw();
      },
    });
    this.#suspend = jobControl.suspend;
    const untell = this.#store.onReport((before, after) => {
      this.#tell(before, after);
      if (after.rounds !== before.rounds) draw();
    });
    this.#undo.push(untell, () => {
      clearInterval(timer);
      stdout.off('resize', redraw);
      jobControl.end();
    });
  }

  /** For as long as this process is stopped, the terminal is the shell's. */
  #release(): void {
    this.#screen.leave();
    this.#others.flush();
    this.#options.stdin.setRawMode(false);
  }

  #retake(): void {
    const { stdin } = this.#options;
    // Whoever continued this process may have set other modes than those that are remembered here.
    stdin.setRawMode(false);
    stdin.setRawMode(true);
    if (!this.#store.screen.stream) this.#screen.enter();
  }

  #wanted(): Wanted {
    const { panel, index } = this.#store.screen;
    return {
      index,
      rows: logRowsFor(this.#screen, this.#store.state),
      output: panel?.kind === 'output' ? panel.node : null,
      keys: panel?.kind === 'keys' ? panel.node : null,
      story: panel?.kind === 'story' ? panel.index : null,
    };
  }

  #onKey(key: string): void {
    for (const effect of this.#store.press(key)) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case 'quit':
        this.#leave();
        return;
      case 'repaint':
        this.#screen.repaint();
        return;
      case 'suspend':
        this.#suspend();
        return;
      case 'stream':
        if (!effect.on) this.#screen.enter();
        else {
          this.#screen.leave();
          this.#others.flush();
          this.#streamStart = new Set(this.#store.state.nodes.map(({ tail }) => tail));
          this.#options.stdout.write('streaming; s returns to the dashboard, Ctrl-C ends it\n');
        }
        return;
      default:
        // It reports its own failures.
        void this.#performer.perform(effect);
    }
  }

  #tell(before: ClusterState, after: ClusterState): void {
    if (!this.#store.screen.stream) return;
    const lines = streamLines(before, after, this.#streamStart);
    if (lines.length > 0) this.#options.stdout.write(`${lines.join('\n')}\n`);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}

// One child process that hosts a node: started with an IPC channel as its life line, asked to stop
// with a word, killed if it does not. The state says what the launcher wanted and what happened.

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Farewell } from './farewell.ts';
import { LineReader, type NumberedLines, TailOfLines } from './lines.ts';
import { isFrozen } from './liveness.ts';
import type { PauseGuard } from './pause-guard.ts';
import { guardPause } from './pause-guard.ts';

/**
 * - starting: the process runs, but its port does not accept requests yet;
 * - running; paused (SIGSTOP, whoever has sent it); stopping: it was asked to stop;
 * - stopped: it ended because it was asked to (or was never started);
 * - exited: it ended in any other way, `kill` included.
 */
export type ChildState = 'starting' | 'running' | 'paused' | 'stopping' | 'stopped' | 'exited';

/** How a child is started. */
export interface ChildSpec {
  readonly node: string;
  /** JavaScript file that is forked. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds between the request to stop and SIGKILL. */
  readonly stopMs: number;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was asked to end, or killed on request. */
  readonly expected: boolean;
}

/** What a child tells the launcher. */
export interface ChildListener {
  /** A JSON object with an `event`, which the child wrote as one line of its stdout. */
  onEvent(event: { readonly event: string; readonly [field: string]: unknown }): void;
  /** Any other line of output. */
  onLine(line: string): void;
  onEnd(ending: Ending): void;
}

/** The child ended, or was never there, when it should have listened. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
  /** The last lines of its output, with its name before each. */
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[]) {
    super(message);
    this.lines = lines;
  }
}

/** Lines of output, events apart, kept per child: the last ones say why it ended. */
const LINES_KEPT = 10;

/** Lines of all output kept per child, for people who look at it while it runs. */
export const OUTPUT_KEPT = 500;

/** A node's Leave is answered over loopback; one that cannot send it is removed all the same. */
const RETIRE_MS = 2_000;

export class Child {
  readonly node: string;
  readonly #spec: ChildSpec;
  readonly #listener: ChildListener;
  readonly #tail = new TailOfLines(LINES_KEPT);
  readonly #output = new TailOfLines(OUTPUT_KEPT);
  #process: ChildProcess | null = null;
  #state: ChildState = 'stopped';
  #ending: Ending | null = null;
  #ended: Promise<Farewell | null> = Promise.resolve(null);
  #guard: PauseGuard | null = null;
  #askedToEnd = false;
  #isKilled = false;
  #isOver = false;

  constructor(spec: ChildSpec, listener: ChildListener) {
    this.node = spec.node;
    this.#spec = spec;
    this.#listener = listener;
  }

  get state(): ChildState {
    const pid = this.#process?.pid;
    if (this.#state !== 'running' || pid === undefined) return this.#state;
    // A hand from outside may have frozen it, of which nobody is told.
    return isFrozen(pid) ? 'paused' : 'running';
  }

  /** null while no process runs. */
  get pid(): number | null {
    return this.alive ? (this.#process?.pid ?? null) : null;
  }

  get alive(): boolean {
    return this.#state !== 'stopped' && this.#state !== 'exited';
  }

  /** How the last process ended; null if none has. */
  get ending(): Ending | null {
    return this.#ending;
  }

  /** The last lines of output, oldest first, also of processes that have ended. */
  get lastLines(): readonly string[] {
    return [...this.#tail.lines];
  }

  /** The last lines of all output, events included, of this process and of those before it. */
  output(count: number): NumberedLines {
    return this.#output.last(count);
  }

  /** Resolves when the process has ended; at once if none runs. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  /** The error for whoever needed this process, and how it ended instead. */
  failure(): ChildFailed {
    const { code, signal } = this.#ending ?? { code: null, signal: null };
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    return new ChildFailed(`${this.node} ended ${how} before it was ready`, this.lastWords());
  }

  /** The last lines of output, with the node's name before each. */
  lastWords(): string[] {
    return this.lastLines.map((line) => `${this.node} | ${line}`);
  }

  /** Starts the process; resolves when its port accepts requests. Rejects with ChildFailed if it
   * ends before. */
  start(): Promise<void> {
    if (this.alive) return Promise.resolve();
    if (this.#isOver) return Promise.reject(new ChildFailed(`${this.node} is not wanted`, []));
    const { program, args, env } = this.#spec;
    const child = fork(program, args, {
      env,
      execArgv: [],
      serialization: 'json',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    this.#state = 'starting';
    this.#ending = null;
    this.#askedToEnd = false;
    this.#isKilled = false;
    this.#tail.clear();
    this.#ended = this.#watch(child);
    return new Promise((resolve, reject) => {
      child.on('message', (message: unknown) => {
        if ((message as { type?: unknown } | null)?.type !== 'listening') return;
        if (this.#state === 'starting') this.#state = 'running';
        resolve();
      });
      void this.#ended.then(() => reject(this.failure()));
    });
  }

  /** Asks the process to stop, wakes it for that if it is paused, and kills it if it does not end
   * in `stopMs`. With `forGood` it is never started again. Resolves when it has ended; null: there
   * was none. */
  async stop(how: { forGood?: boolean } = {}): Promise<Farewell | null> {
    this.#isOver ||= how.forGood ?? false;
    const child = this.#process;
    if (!this.alive || child === null) return null;
    this.#state = 'stopping';
    this.#askedToEnd = true;
    this.#wake();
    this.tell({ type: 'stop' });
    const impatience = setTimeout(() => child.kill('SIGKILL'), this.#spec.stopMs);
    const farewell = await this.#ended;
    clearTimeout(impatience);
    return farewell;
  }

  /** Asks the node to give up its membership and to go on serving what it has. Resolves when it has
   * done so, has ended, or has not answered in time. */
  async retire(): Promise<void> {
    const child = this.#process;
    if (this.#state !== 'running' || child === null) return;
    let answered: (message: unknown) => void = () => undefined;
    let patience: NodeJS.Timeout | undefined;
    const done = new Promise<void>((resolve) => {
      answered = (message) => {
        if ((message as { type?: unknown } | null)?.type === 'retired') resolve();
      };
      patience = setTimeout(resolve, RETIRE_MS);
    });
    child.on('message', answered);
    this.tell({ type: 'retire' });
    await Promise.race([done, this.#ended]);
    clearTimeout(patience);
    child.off('message', answered);
  }

  /** Sends the process a word, if there is one. */
  tell(word: { readonly type: string; readonly [field: string]: unknown }): void {
    // The channel is gone if the child is about to end anyway; the callback keeps that silent.
    if (this.#process?.connected) this.#process.send(word, () => undefined);
  }

  /** SIGKILL, whatever the state. Resolves when the process has ended; null: there was none. */
  async kill(): Promise<Farewell | null> {
    if (!this.alive) return null;
    this.#askedToEnd = true;
    this.#isKilled = true;
    this.#process?.kill('SIGKILL');
    return this.#ended;
  }

  /** SIGSTOP: the process stands still, its sockets stay open. One that was frozen from outside is
   * guarded from now on. */
  pause(): void {
    const pid = this.#process?.pid;
    if (this.#state !== 'running' || pid === undefined) return;
    this.#guard = guardPause(pid);
    this.#process?.kill('SIGSTOP');
    this.#state = 'paused';
  }

  /** SIGCONT. */
  resume(): void {
    if (this.state !== 'paused') return;
    this.#wake();
    this.#state = 'running';
  }

  #wake(): void {
    this.#process?.kill('SIGCONT');
    this.#guard?.dismiss();
    this.#guard = null;
  }

  /** Resolves when the process has ended and all its output has been read. */
  #watch(child: ChildProcess): Promise<Farewell> {
    this.#read(child.stdout, true);
    this.#read(child.stderr, false);
    return new Promise((resolve) => {
      let isTold = false;
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        // Both events may say it, the second when the next process has begun.
        if (isTold) return;
        isTold = true;
        this.#guard?.dismiss();
        this.#guard = null;
        const stopped = this.#state === 'stopping' && signal === null;
        this.#state = stopped ? 'stopped' : 'exited';
        this.#ending = { code, signal, expected: this.#askedToEnd };
        this.#listener.onEnd(this.#ending);
        // One that had ended in order before the signal reached it was not killed.
        resolve(new Farewell(this.#isKilled && !stopped ? 'killed' : 'stopped'));
      };
      child.once('close', end);
      // Each signal that fails is an error of its own, and one that nobody hears ends the launcher.
      child.on('error', (error) => {
        this.#tail.add(error.message);
        // A process that could not be started need not close; one that runs is not ended by this.
        if (child.pid === undefined) end(null, null);
      });
    });
  }

  #read(stream: Readable | null, events: boolean): void {
    const reader = new LineReader((line) => {
      this.#output.add(line);
      const event = events ? eventOf(line) : null;
      if (event !== null) {
        this.#listener.onEvent(event);
        return;
      }
      this.#tail.add(line);
      this.#listener.onLine(line);
    });
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => reader.push(text));
    stream?.once('end', () => reader.end());
  }
}

/** The object of a line such as `{"event":"status",…}`; null for any other line. */
function eventOf(line: string): { event: string } | null {
  if (!line.startsWith('{')) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Output that merely begins like JSON is a line like any other.
    return null;
  }
  const { event } = value as { event?: unknown };
  return typeof event === 'string' ? { ...(value as object), event } : null;
}

// One server that somebody started by hand: what its command line is made of, and its process,
// which is ended, frozen and started again, there or elsewhere.

import type { Belongings, Line, Program } from '../program.ts';

/** What its command line is made of. */
export interface Place {
  readonly command: 'arbiter' | 'master' | 'secondary' | 'node';
  /** null: an arbiter, which has none. */
  readonly id: string | null;
  readonly port: number;
  /** null: in memory. */
  readonly folder: string | null;
  /** URL of the arbiter; null: it has none, or is its own. */
  readonly join: string | null;
  readonly advertise: string | null;
  /** Configured cluster size; null: not given. */
  readonly size: number | null;
}

/** The contract's time for an orderly end. */
const END_WITHIN_MS = 5_000;

function argsOf({ command, id, port, folder, join, advertise, size }: Place): string[] {
  return [
    ...[command, '--json', '--port', `${port}`],
    ...(id === null ? [] : ['--id', id]),
    ...(folder === null ? ['--memory'] : ['--data-dir', folder]),
    ...(join === null ? [] : ['--join', join]),
    ...(advertise === null ? [] : ['--advertise', advertise]),
    ...(size === null ? [] : ['--secondaries', `${size - 1}`]),
  ];
}

export class Single {
  place: Place;
  state: 'up' | 'down' | 'paused' = 'down';
  readonly #belongings: Belongings;
  readonly #runDir: string;
  #program: Program | null = null;

  constructor(place: Place, belongings: Belongings, runDir: string) {
    this.place = place;
    this.#belongings = belongings;
    this.#runDir = runDir;
  }

  get url(): string {
    return `http://127.0.0.1:${this.place.port}`;
  }

  /** What the process that runs, or ran last, has printed. */
  get lines(): readonly Line[] {
    return this.#program?.lines ?? [];
  }

  get pid(): number | undefined {
    return this.#program?.child.pid;
  }

  /** Starts it, with some of its command line changed for good; resolves when it listens. */
  async start(changed: Partial<Place> = {}): Promise<void> {
    this.place = { ...this.place, ...changed };
    this.#program = this.run({});
    await this.#program.event('listening');
    this.state = 'up';
  }

  /** Runs its command line, with some of it changed, in a process of its own. */
  run(changed: Partial<Place>): Program {
    const args = argsOf({ ...this.place, ...changed });
    return this.#belongings.program(args, { REPLOG_RUN_DIR: this.#runDir });
  }

  /** Resolves with the first such event of this process. */
  event(name: string): Promise<Line> {
    return this.#program!.event(name);
  }

  pause(): void {
    this.#program!.child.kill('SIGSTOP');
    this.state = 'paused';
  }

  resume(): void {
    this.#program!.child.kill('SIGCONT');
    this.state = 'up';
  }

  async kill(): Promise<void> {
    await this.#program!.kill('SIGKILL');
    this.state = 'down';
  }

  /** Ends it as Ctrl-C does; rejects if that is not in order, or not in time. */
  async stop(): Promise<void> {
    if (this.state === 'paused') this.resume();
    const startedAt = Date.now();
    this.state = 'down';
    const { code } = await this.#program!.kill('SIGINT');
    const ms = Date.now() - startedAt;
    if (code !== 0 || ms > END_WITHIN_MS) {
      throw new Error(`${this.url} ended with code ${code} after ${ms} ms`);
    }
  }
}

// A small cluster on disk of a launcher that is told anything, and started again: where it is, what
// it says of itself, and whether it is whole; and a client that writes meanwhile.

import { join } from 'node:path';
import { expect } from 'vitest';
import { type Belongings, call, freePorts, messages, type Program, until } from './program.ts';

/** A node as `GET /cluster` shows it. */
export interface Shown {
  readonly node: string;
  readonly role: string | null;
  readonly url: string;
  readonly pid: number | null;
  readonly state: string;
}

export interface View {
  readonly size: number;
  readonly nodes: readonly Shown[];
  readonly removed: readonly Shown[];
}

export class RestlessCluster {
  readonly home: string;
  readonly port: number;
  /** The launcher that was started last. */
  program!: Program;
  control = '';
  readonly #belongings: Belongings;

  private constructor(belongings: Belongings, home: string, port: number) {
    this.#belongings = belongings;
    this.home = home;
    this.port = port;
  }

  /** Three nodes that are ready. `ports`: how many are free for it and for what is added. */
  static async start(belongings: Belongings, ports: number): Promise<RestlessCluster> {
    const home = await belongings.folder();
    const cluster = new RestlessCluster(belongings, home, await freePorts(ports));
    await cluster.launch();
    return cluster;
  }

  /** The master's, whatever becomes of its process. */
  get master(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get runFolder(): string {
    return join(this.home, 'run');
  }

  /** Starts the launcher, also again over its folder; resolves when it is ready. */
  async launch(): Promise<void> {
    this.program = this.command(['cluster', '--json', '--port', `${this.port}`, ...FOLDER]);
    this.control = `${(await this.program.event('ready')).control}`;
  }

  /** Any command line that finds this cluster. */
  command(args: readonly string[]): Program {
    return this.#belongings.program(args, { REPLOG_RUN_DIR: this.runFolder }, this.home);
  }

  async view(signal?: AbortSignal): Promise<View> {
    return (await call('GET', `${this.control}/cluster`, undefined, {}, signal)).body;
  }

  /** Resolves with the URLs of all nodes when every one is a Healthy member. */
  async whole(): Promise<string[]> {
    const { nodes } = await this.view();
    await until(
      () => call('GET', `${this.master}/health`),
      ({ body: { mode, quorum, members } }) =>
        [mode, quorum?.size, members?.length].join() ===
          `read-write,${nodes.length},${nodes.length}` &&
        members.every(({ status }: { status: string }) => status === 'Healthy'),
      'every node is a Healthy member',
    );
    return nodes.map(({ url }) => url);
  }
}

const FOLDER = ['--data-dir', 'data'];

/** Writes one message after the other, each until it is stored, for `withinMs` at most, and with
 * the write concern that its number has; resolves with how many. */
export async function write(
  url: string,
  over: () => boolean,
  { wOf, withinMs }: { wOf: (i: number) => number | string; withinMs: number },
): Promise<number> {
  for (let i = 1; ; i += 1) {
    const headers = { 'idempotency-key': `k-${i}` };
    const body = { message: `m-${i}`, w: wOf(i), timeoutMs: 500 };
    await until(
      () => call('POST', `${url}/messages`, body, headers),
      ({ status }) => status === 200 || status === 201,
      `m-${i} is stored`,
      withinMs,
    );
    if (over()) return i;
  }
}

/** Each of them comes to show what was written: so many messages, each once, and in order. */
export async function expectAllShown(urls: readonly string[], count: number): Promise<void> {
  const expected = Array.from({ length: count }, (_, i) => `m-${i + 1}`);
  for (const url of urls) {
    await until(
      () => messages(url),
      (shown) => shown.length >= count,
      `${url} shows all`,
    );
    expect(await messages(url)).toEqual(expected);
  }
}

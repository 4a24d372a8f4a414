// A cluster as `replog cluster` runs it, and what its control routes do to its nodes.

import { join } from 'node:path';
import { type Answer, type Belongings, call, freePorts, messages, until } from './program.ts';

type Action = 'kill' | 'pause' | 'restart' | 'resume' | 'start' | 'stop';

export class Launched {
  readonly urls: readonly string[];
  private readonly control: string;

  private constructor(urls: readonly string[], control: string) {
    this.urls = urls;
    this.control = control;
  }

  /** Resolves when the cluster says that it is ready. */
  static async start(belongings: Belongings, args: readonly string[]): Promise<Launched> {
    const home = await belongings.folder();
    const env = { REPLOG_RUN_DIR: join(home, 'run') };
    const port = await freePorts(4);
    const all = ['cluster', '--json', '--port', `${port}`, ...args];
    const ready = await belongings.program(all, env, home).event('ready');
    const nodes = ready.nodes as { readonly url: string }[];
    return new Launched(
      nodes.map(({ url }) => url),
      `${ready.control}`,
    );
  }

  get master(): string {
    return this.urls[0]!;
  }

  async act(node: string, action: Action): Promise<void> {
    const { status, body } = await call('POST', `${this.control}/cluster/nodes/${node}/${action}`);
    if (status !== 200) throw new Error(`${action} ${node}: ${status} ${JSON.stringify(body)}`);
  }

  append(
    message: string,
    w: number | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return call('POST', `${this.master}/messages`, { message, w, timeoutMs: 10_000 }, headers);
  }

  /** Appends as soon as the master takes writes again. */
  appendSoon(message: string, w: number | string): Promise<Answer> {
    return until(
      () => this.append(message, w),
      ({ status }) => status !== 503,
      'the master takes writes',
    );
  }

  /** What each node lists. */
  lists(): Promise<string[][]> {
    return Promise.all(this.urls.map((url) => messages(url)));
  }

  async epoch(): Promise<number> {
    return (await call('GET', `${this.master}/health`)).body.epoch;
  }
}

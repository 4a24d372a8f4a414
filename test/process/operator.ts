// A hand that does anything to a small cluster of real processes, in an order that a seed gives.

import { readdirSync } from 'node:fs';
import { Chance } from '../../src/chaos/chance.ts';
import { isAlive, markOf } from '../../src/cluster/process/liveness.ts';
import { type Belongings, call, until } from './program.ts';
import { RestlessCluster, type View } from './restless-cluster.ts';

const VERBS = ['kill', 'stop', 'start', 'restart', 'pause', 'resume'] as const;

const FAULTS = [
  { errorAfter: 0.4 },
  { dropReply: 0.4 },
  { delayMs: 50 },
  { persist: { fail: 0.5 } },
];

/** More would only take longer. */
const NODES_MAX = 4;

export class Operator {
  /** What was done, and what came of it. */
  readonly done: string[] = [];
  readonly #chance: Chance;
  readonly #cluster: RestlessCluster;

  private constructor(seed: number, cluster: RestlessCluster) {
    this.#chance = new Chance(seed);
    this.#cluster = cluster;
  }

  /** A cluster of three, on disk, that is ready. */
  static async start(seed: number, belongings: Belongings): Promise<Operator> {
    return new Operator(seed, await RestlessCluster.start(belongings, 2 * NODES_MAX + 4));
  }

  /** The master's, whatever becomes of its process. */
  get master(): string {
    return this.#cluster.master;
  }

  get runFiles(): string[] {
    return readdirSync(this.#cluster.runFolder);
  }

  view(): Promise<View> {
    return this.#cluster.view();
  }

  /** Does one thing, or two at the same time to one node. */
  async step(): Promise<void> {
    const { nodes } = await this.view();
    const { node, url } = this.#chance.pick(nodes);
    const verb = () => this.#act(node, this.#chance.pick(VERBS));
    const remove = () => this.#ask('DELETE', `/cluster/nodes/${node}`);
    const add = () => this.#ask('POST', '/cluster/nodes');
    const kind = this.#chance.next();
    if (kind < 0.4) await verb();
    else if (kind < 0.6) await Promise.all([remove(), verb()]);
    else if (kind < 0.75) await (nodes.length < NODES_MAX ? add() : remove());
    else if (kind < 0.9) await this.#break(url);
    else await this.#relaunch();
  }

  /** What `GET /cluster` says that is not so. */
  async untruths(): Promise<string[]> {
    const { size, nodes, removed } = await this.view();
    const wrong = [...nodes, ...removed].filter(({ pid, state }) => {
      const runs = state === 'running' || state === 'paused';
      return runs !== (pid !== null && isAlive(markOf(pid)));
    });
    const gone = removed.filter(({ pid }) => pid === null);
    return [
      ...(size === nodes.length ? [] : [`a size of ${size} with ${nodes.length} nodes`]),
      ...[...wrong, ...gone].map((node) => JSON.stringify(node)),
    ];
  }

  /** Mends everything; resolves with the URLs of all members when they are Healthy. */
  async heal(): Promise<string[]> {
    for (const { node, url, state } of (await this.view()).nodes) {
      await this.#act(node, state === 'paused' ? 'resume' : 'start');
      await call('DELETE', `${url}/faults`);
    }
    return this.#cluster.whole();
  }

  /** Ends the launcher as Ctrl-C does, and says how it ended. */
  async stop(): Promise<number | null> {
    return (await this.#cluster.program.kill('SIGINT')).code;
  }

  /** Kills the launcher, waits until its nodes have noticed, and starts it over their folder. */
  async #relaunch(): Promise<void> {
    const { nodes, removed } = await this.view();
    const marks = [...nodes, ...removed].flatMap(({ pid }) => (pid === null ? [] : markOf(pid)));
    await this.#cluster.program.kill('SIGKILL');
    await until(
      async () => marks.filter(isAlive),
      (left) => left.length === 0,
      'no node outlives its launcher',
      10_000,
    );
    await this.#cluster.launch();
    this.done.push('launched again');
  }

  #act(node: string, verb: string): Promise<void> {
    return this.#ask('POST', `/cluster/nodes/${node}/${verb}`);
  }

  /** It may be refused, but only in words. */
  async #ask(method: string, path: string): Promise<void> {
    const answer = await call(method, `${this.#cluster.control}${path}`);
    this.done.push(`${method} ${path}: ${answer.status} ${answer.body.detail ?? ''}`);
    if (![200, 201, 404, 409].includes(answer.status)) throw new Error(this.done.at(-1));
  }

  async #break(url: string): Promise<void> {
    const faults = this.#chance.pick(FAULTS);
    const put = call('PUT', `${url}/faults`, faults, {}, AbortSignal.timeout(500));
    // One that is down or paused takes none.
    const { status } = await put.catch(() => ({ status: null }));
    this.done.push(`${JSON.stringify(faults)} at ${url}: ${status}`);
  }
}

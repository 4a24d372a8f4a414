// A stage of real processes: a throw-away cluster, launched as `replog cluster` does it, on free
// ports and in a folder of its own. It is not announced: commands in other terminals go on finding
// the user's own cluster.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReplogClient } from '../client/client.ts';
import { Departures } from '../client/wire/departures.ts';
import { type Call, Link, type Reply } from '../client/wire/link.ts';
import { nodeWire } from '../client/wire/node-wire.ts';
import type { Action, NodeView } from '../cluster/control.ts';
import type { ClusterEvent } from '../cluster/report.ts';
import { type Throwaway, type ThrowawayOptions, throwaway } from '../cluster/start/throwaway.ts';
import type { ScenarioCluster } from './scenario.ts';
import type { Stage, StageNode } from './stage.ts';

/** What the stage is not allowed to import. */
export type StartArbiter = ThrowawayOptions['startArbiter'];

/** Room for the nodes that a scenario adds. */
const SPARE_PORTS = 4;

/** The launcher answers when a node has ended, or has started and caught up: seconds at most, but
 * on a busy machine. */
const CONTROL_MS = 30_000;

export class ClusterStage implements Stage {
  readonly #cluster: Throwaway;
  readonly #link = new Link(nodeWire(new Departures()));
  readonly #log: EventLog;
  readonly #launcher: ReplogClient;
  #nodes: readonly (StageNode & { readonly url: string })[] = [];

  private constructor(cluster: Throwaway, log: EventLog) {
    this.#cluster = cluster;
    this.#log = log;
    this.#launcher = new ReplogClient({ url: cluster.ready.control });
  }

  /** Starts the cluster; resolves when it is proved to be ready. Whatever fails, and when `signal`
   * aborts, nothing is left behind. */
  static async start(
    { failover, secondaries, storage, w }: ScenarioCluster,
    startArbiter: StartArbiter,
    signal: AbortSignal,
  ): Promise<ClusterStage> {
    const log = new EventLog();
    let hear = (_event: ClusterEvent): void => {};
    const cluster = await throwaway(
      {
        secondaries,
        durable: storage === 'durable',
        w,
        failover,
        sparePorts: SPARE_PORTS,
        purpose: 'demo',
        startArbiter,
        onEvent: (event) => {
          log.take(event);
          hear(event);
        },
      },
      signal,
    );
    const stage = new ClusterStage(cluster, log);
    hear = (event) => stage.#hear(event);
    try {
      await stage.#refresh();
      return stage;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  nodes(): readonly StageNode[] {
    return this.#nodes;
  }

  call(node: string, call: Call): Promise<Reply> {
    return this.#link.send(this.urlOf(node), call);
  }

  urlOf(node: string): string {
    const place = this.#nodes.find((one) => one.node === node);
    if (place === undefined) throw new Error(`there is no node ${node}`);
    return place.url;
  }

  async act(node: string, action: Action): Promise<void> {
    await this.#launcher.control(node, action, { signal: AbortSignal.timeout(CONTROL_MS) });
    await this.#refresh();
  }

  async add(node: string): Promise<void> {
    await this.#launcher.addNode({ node });
    await this.#refresh();
  }

  async leave(node: string): Promise<void> {
    await this.#launcher.removeNode(node);
    await this.#refresh();
  }

  async wipe(node: string): Promise<void> {
    const { folder } = this.#cluster;
    if (folder !== null) await rm(join(folder, node), { recursive: true, force: true });
  }

  transitions(node: string): readonly string[] {
    return this.#log.transitions(node);
  }

  troubles(): readonly string[] {
    return this.#log.troubles;
  }

  now(): number {
    return performance.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  }

  async end(): Promise<void> {
    await this.#cluster.end();
  }

  /** An office passes by itself: nothing was done to the cluster after which it is looked at. */
  #hear(event: ClusterEvent): void {
    const { node, role } = event as unknown as Record<string, unknown>;
    if (event.event !== 'role' || role !== 'master') return;
    this.#nodes = this.#nodes.map((one) => {
      if (one.node === node) return { ...one, role: 'master' };
      return one.role === 'master' ? { ...one, role: 'secondary' } : one;
    });
  }

  async #refresh(): Promise<void> {
    const { nodes, removed } = await this.#launcher.cluster();
    this.#nodes = [...nodes, ...removed].map((node) => {
      const { role } = node as NodeView;
      return {
        node: node.node,
        role,
        state: node.state,
        url: node.url,
        life: `${node.node}-${node.pid}`,
      };
    });
  }
}

/** What the launcher and its nodes report. */
class EventLog {
  readonly troubles: string[] = [];
  readonly #statuses: { readonly node: string; readonly to: string }[] = [];

  take(event: ClusterEvent): void {
    const { node, to, code, signal } = event as unknown as Record<string, unknown>;
    if (event.event === 'status') this.#statuses.push({ node: `${node}`, to: `${to}` });
    if (event.event === 'exit') this.troubles.push(`${node} ended (${signal ?? `code ${code}`})`);
  }

  transitions(node: string): string[] {
    return this.#statuses.filter((status) => status.node === node).map(({ to }) => to);
  }
}

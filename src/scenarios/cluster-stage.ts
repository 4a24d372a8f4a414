// A stage of real processes: a throw-away cluster, launched as `replog cluster` does it, on free
// ports and in a folder of its own. It is not announced: commands in other terminals go on finding
// the user's own cluster.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReplogClient } from '../client/client.ts';
import { type Call, Link, type Reply } from '../client/link.ts';
import type { Action, NodeView } from '../cluster/control.ts';
import type { Launch, LaunchOptions } from '../cluster/launch.ts';
import { launch } from '../cluster/launch.ts';
import { checkPorts, PortTaken } from '../cluster/ports.ts';
import type { ClusterEvent, ReadyEvent } from '../cluster/report.ts';
import type { ScenarioCluster } from './scenario.ts';
import type { Stage, StageNode } from './stage.ts';

/** What the stage is not allowed to import. */
export type StartArbiter = LaunchOptions['startArbiter'];

/** Below the ports that systems give to outgoing connections, which could take that of a node while
 * it is down. */
const PORTS = { first: 12_000, count: 20_000 } as const;

/** Room for the nodes that a scenario adds. */
const SPARE_PORTS = 4;

/** On a machine with many users a block of ports can be taken between looking and using. */
const START_ATTEMPTS = 5;

/** A read over loopback takes milliseconds; one that takes longer will not be answered. */
const CONTROL_MS = 30_000;

export class ClusterStage implements Stage {
  readonly #launched: Launch;
  readonly #folder: string | null;
  readonly #link = new Link({});
  readonly #log: EventLog;
  readonly #launcher: ReplogClient;
  #nodes: readonly (StageNode & { readonly url: string })[] = [];

  private constructor(parts: {
    launched: Launch;
    ready: ReadyEvent;
    folder: string | null;
    log: EventLog;
  }) {
    this.#launched = parts.launched;
    this.#folder = parts.folder;
    this.#log = parts.log;
    this.#launcher = new ReplogClient({ url: parts.ready.control });
  }

  /** Starts the cluster; resolves when it is proved to be ready. Whatever fails, and when `signal`
   * aborts, nothing is left behind. */
  static async start(
    cluster: ScenarioCluster,
    startArbiter: StartArbiter,
    signal: AbortSignal,
  ): Promise<ClusterStage> {
    const durable = cluster.storage === 'durable';
    const folder = durable ? await mkdtemp(join(tmpdir(), 'replog-demo-')) : null;
    try {
      return await ClusterStage.#launch(cluster, startArbiter, folder, signal);
    } catch (error) {
      if (folder !== null) await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  static async #launch(
    cluster: ScenarioCluster,
    startArbiter: StartArbiter,
    folder: string | null,
    signal: AbortSignal,
  ): Promise<ClusterStage> {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      const log = new EventLog();
      const port = await quietBlock(cluster.secondaries + 2 + SPARE_PORTS);
      const options = launchOptions(cluster, { port, folder, log, startArbiter });
      let launched: Launch;
      try {
        launched = await launch(options);
      } catch (error) {
        if (error instanceof PortTaken && attempt < START_ATTEMPTS) continue;
        throw error;
      }
      const stop = () => void launched.kill();
      signal.addEventListener('abort', stop, { once: true });
      try {
        const ready = await launched.ready;
        signal.throwIfAborted();
        const stage = new ClusterStage({ launched, ready, folder, log });
        await stage.#refresh();
        return stage;
      } catch (error) {
        await launched.kill();
        signal.throwIfAborted();
        throw error;
      } finally {
        signal.removeEventListener('abort', stop);
      }
    }
  }

  nodes(): readonly StageNode[] {
    return this.#nodes;
  }

  call(node: string, call: Call): Promise<Reply> {
    const place = this.#nodes.find((one) => one.node === node);
    if (place === undefined) throw new Error(`there is no node ${node}`);
    return this.#link.send(place.url, call);
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
    if (this.#folder !== null) await rm(join(this.#folder, node), { recursive: true, force: true });
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
    await this.#launched.kill();
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
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

function launchOptions(
  cluster: ScenarioCluster,
  parts: { port: number; folder: string | null; log: EventLog; startArbiter: StartArbiter },
): LaunchOptions {
  const { port, folder, log, startArbiter } = parts;
  return {
    name: `demo-${process.pid}-${port}`,
    port,
    secondaries: cluster.secondaries,
    dataDir: folder,
    fresh: false,
    w: cluster.w,
    token: null,
    requireClientToken: false,
    logLevel: 'error',
    unlisted: true,
    startArbiter,
    onEvent: (event) => log.take(event),
    // The nodes report errors that the faults of a scenario cause on purpose.
    onLine: () => undefined,
  };
}

async function quietBlock(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const first = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const block = Array.from({ length: count }, (_, place) => first + place);
    try {
      await checkPorts(block);
      return first;
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error;
    }
  }
  throw new Error(`no ${count} free ports in a row were found`);
}

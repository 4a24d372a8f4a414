// The cluster that chaos is let loose on, as all its actors see it: where its nodes are, which life
// each of them is in, who is master, and where everything that is seen is taken down.

import type { MasterHealth } from '../client/answers.ts';
import { ReplogClient } from '../client/client.ts';
import type { Coverage } from './coverage.ts';
import type { Recording } from './recording.ts';

export interface ArenaNode {
  readonly node: string;
  readonly url: string;
}

export interface ArenaParts {
  readonly nodes: readonly ArenaNode[];
  /** Base URL of the launcher's control routes. */
  readonly control: string;
  readonly token: string | undefined;
  /** Whether its nodes keep data on disk: others lose what they have when they end. */
  readonly durable: boolean;
  readonly recording: Recording;
  readonly coverage: Coverage;
  /** Milliseconds since the run began, monotonic. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Invariant: a node has a life only while answers from its process certainly belong to it. */
export class Arena {
  readonly nodes: readonly ArenaNode[];
  readonly control: ReplogClient;
  readonly durable: boolean;
  readonly recording: Recording;
  readonly coverage: Coverage;
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Id of the master, as far as is known. */
  master: string;
  /** Another node takes over from a silent master, as far as is known. */
  failover = false;
  /** Looks at a node that answers as only a master does, and is not known to be one: what it is is
   * taken down before its answer. */
  introduce: (node: string) => Promise<void> = () => Promise.resolve();
  /** Index at which the log ended before the run. What stands there is not chaos's. */
  base = 0;
  readonly #token: string | undefined;
  readonly #lives = new Map<string, { count: number; on: boolean }>();
  readonly #clients = new Map<string, ReplogClient>();

  constructor(parts: ArenaParts) {
    this.nodes = parts.nodes;
    this.durable = parts.durable;
    this.recording = parts.recording;
    this.coverage = parts.coverage;
    this.now = parts.now;
    this.sleep = parts.sleep;
    this.#token = parts.token;
    this.control = new ReplogClient({ url: parts.control, token: parts.token });
    this.master = parts.nodes[0]!.node;
    for (const { node } of parts.nodes) this.#lives.set(node, { count: 1, on: true });
  }

  get size(): number {
    return this.nodes.length;
  }

  urlOf(node: string): string {
    return this.nodes.find((one) => one.node === node)!.url;
  }

  /** A client of this node that sends each request once. */
  clientOf(node: string): ReplogClient {
    return this.writerAt(node, 0);
  }

  /** A client that looks for the master by itself for so long. Writers share it, so that what they
   * append together travels together. */
  writerAt(node: string, retryForMs: number): ReplogClient {
    const name = `${node} ${retryForMs}`;
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new ReplogClient({ url: this.urlOf(node), token: this.#token, retryForMs });
      this.#clients.set(name, client);
    }
    return client;
  }

  /** The name of the node's present life; null while it ends, has ended or begins. */
  lifeOf(node: string): string | null {
    return this.#lives.get(node)!.on ? this.lifeName(node) : null;
  }

  /** The name of its latest life, also of one that is over. */
  lifeName(node: string): string {
    return `${node}#${this.#lives.get(node)!.count}`;
  }

  lifeEnds(node: string): void {
    this.#lives.get(node)!.on = false;
  }

  /** The node's process has begun to answer, in a life of its own. */
  lifeBegins(node: string): void {
    const life = this.#lives.get(node)!;
    life.count += 1;
    life.on = true;
  }

  roleOf(node: string): 'master' | 'secondary' {
    return node === this.master ? 'master' : 'secondary';
  }

  /** What the master says of the cluster; null if it does not answer as one. */
  async health(signal: AbortSignal): Promise<MasterHealth | null> {
    const health = await this.clientOf(this.master).health({ signal });
    return health.role === 'master' ? health : null;
  }
}

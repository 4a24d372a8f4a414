// A node, or an arbiter, that says what the test tells it: the other side of the wire, by hand.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that arrived. */
export interface Arrived {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members a body has.
  readonly body: any;
  /** Monotonic, in milliseconds. */
  readonly at: number;
  answer(status: number, body: unknown): void;
}

/** Answers at once, or returns false: the request then waits for `answer`. */
export type Script = (request: Arrived) => boolean;

export class ScriptedPeer {
  readonly arrived: Arrived[] = [];
  private readonly server: Server;
  private readonly script: Script;
  private readonly waiting = new Set<() => void>();

  private constructor(script: Script) {
    this.script = script;
    this.server = createServer((request, response) => void this.take(request, response));
  }

  static async start(script: Script): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(script);
    await new Promise<void>((resolve) => peer.server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** All that arrived at a path. */
  at(path: string): Arrived[] {
    return this.arrived.filter((request) => request.path === path);
  }

  /** Resolves with the `count`-th request (from 1) at this path that fits. */
  async next(
    path: string,
    fits: (body: Arrived['body']) => boolean = () => true,
    count = 1,
    timeoutMs = 5_000,
  ): Promise<Arrived> {
    const find = (): Arrived | undefined =>
      this.at(path).filter(({ body }) => fits(body))[count - 1];
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        reject(new Error(`nothing fitting at ${path}; got ${JSON.stringify(this.at(path))}`));
      }, timeoutMs);
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve(found);
      };
      this.waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const arrived: Arrived = {
      path: request.url ?? '',
      body: text === '' ? null : JSON.parse(text),
      at: performance.now(),
      answer: (status, body) => {
        if (response.writableEnded || response.destroyed) return;
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      },
    };
    this.arrived.push(arrived);
    this.script(arrived);
    for (const look of this.waiting) look();
  }
}

/** A scripted secondary's answer to heartbeats; Snapshots are left to the test. */
export function beating(node: string): Script {
  return ({ path, body, answer }) => {
    if (path !== '/replica/heartbeat') return false;
    answer(200, { node, incarnation: `${node}-1`, epoch: body.epoch, lastIndex: 0 });
    return true;
  };
}

/** A secondary that acknowledges everything in order. */
export function obedient(node: string): Script {
  const beat = beating(node);
  let lastIndex = 0;
  return (request) => {
    if (beat(request)) return true;
    const { path, body, answer } = request;
    if (path !== '/replica/snapshot') return false;
    lastIndex = Math.max(lastIndex, body.updates.at(-1)?.index ?? 0);
    const seq = body.seq + body.updates.length - 1;
    answer(200, { result: 'SnapshotAck', session: body.session, seq, lastIndex });
    return true;
  };
}

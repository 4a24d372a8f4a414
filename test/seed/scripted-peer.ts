// A node, or an arbiter, that says what the test tells it: the other side of the wire, by hand. It
// keeps every request with the time it arrived, and answers only what its script answers.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that arrived. */
export interface Arrived {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members a body has.
  readonly body: any;
  /** Monotonic, in milliseconds. */
  readonly at: number;
  /** Answers, unless that has happened or nobody waits any more. */
  answer(status: number, body: unknown): void;
}

/** Answers at once, later, or never. */
export type Script = (request: Arrived) => void;

export class ScriptedPeer {
  readonly arrived: Arrived[] = [];
  /** May be exchanged at any time; counts from the next request on. */
  script: Script;
  private readonly server: Server;
  private readonly waiting = new Set<() => void>();

  private constructor(script: Script) {
    this.script = script;
    this.server = createServer((request, response) => void this.take(request, response));
  }

  /** Listens at `port`; 0: at any that is free. */
  static async start(script: Script, port = 0): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(script);
    await new Promise<void>((resolve, reject) => {
      peer.server.once('error', reject);
      peer.server.listen(port, '127.0.0.1', resolve);
    });
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** All that arrived at a path. */
  at(path: string): Arrived[] {
    return this.arrived.filter((request) => request.path === path);
  }

  /** Resolves with the `count`-th request (from 1), arrived already or later, that fits. */
  async next(
    path: string,
    fits: (body: Arrived['body']) => boolean = () => true,
    count = 1,
    timeoutMs = 10_000,
  ): Promise<Arrived> {
    const find = (): Arrived | undefined =>
      this.at(path).filter(({ body }) => fits(body))[count - 1];
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        const got = this.at(path).map(({ at, body }) => `${Math.round(at)} ${summary(body)}`);
        const all = got.slice(-20).join('\n');
        reject(new Error(`nothing fitting at ${path} within ${timeoutMs} ms; last:\n${all}`));
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
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await read(request);
    if (text === null) return;
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

const summary = (body: unknown): string => JSON.stringify(body).slice(0, 300);

/** The body; null if the sender gave up in the middle of it. */
async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString('utf8');
}

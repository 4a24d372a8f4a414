// A stand-in for the arbiter and the master that it appointed: an HTTP server whose answers the
// test decides. Nodes that have "joined" are healthy, and have everything unless they are "behind".

import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningArbiter } from '../../src/node/arbiter/serve-arbiter.ts';

export class FakeArbiter implements RunningArbiter {
  readonly #server: Server;
  readonly sizes: (number | null)[] = [];
  readonly left: string[] = [];
  readonly authorizations = new Set<string | undefined>();
  joined: string[] = [];
  behind: string[] = [];
  /** How often the master was asked how it is. */
  looks = 0;
  size: number | null;
  readonly stopped = new Promise<void>(() => undefined);
  isStopped = false;
  url = '';

  constructor(size: number) {
    this.size = size;
    this.#server = createServer(async (request, response) => {
      this.authorizations.add(request.headers.authorization);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.url === '/arbiter/leave') {
        const { node } = JSON.parse(Buffer.concat(chunks).toString()) as { node: string };
        this.left.push(node);
        this.joined = this.joined.filter((one) => one !== node);
      }
      response.setHeader('content-type', 'application/json');
      response.end(request.url === '/health' ? JSON.stringify(this.#health()) : '{}');
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  setSize(size: number | null): void {
    this.sizes.push(size);
    this.size = size;
  }

  members(): { node: string; url: string }[] {
    return this.joined.map((node) => ({ node, url: this.url }));
  }

  master(): { node: string; url: string } | null {
    return this.joined.includes('n1') ? { node: 'n1', url: this.url } : null;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #health(): unknown {
    this.looks += 1;
    const members = this.joined.map((node) => {
      return { node, status: 'Healthy', ackedIndex: this.behind.includes(node) ? null : 0 };
    });
    const quorum = { size: this.size, needed: 1, alive: members.length };
    return { role: 'master', mode: 'read-write', lastIndex: 0, quorum, members };
  }
}

// Where a node is reached, which it must know before it listens.

import { createServer } from 'node:net';

/** A node must know its URL before it asks for a role, so "any port" is chosen first. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}

/** Whether it is every address of this machine, and so none that others could be told. */
export function isEvery(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** Where a server that listens there is reached from this machine. */
export function urlOf(host: string, port: number): string {
  const reachable = isEvery(host) ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

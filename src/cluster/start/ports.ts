// The ports of a cluster. The whole block is checked before any process is started, so that a taken
// port leaves nothing behind.

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { Orphan } from '../files/registry.ts';

/** Where the launcher and its nodes listen: this machine only. */
export const LOOPBACK = '127.0.0.1';

/** A port that the cluster needs cannot be had. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
  readonly port: number;
  /** Nobody has it: it is not for this user. */
  readonly forbidden: boolean;
  /** The node that has it, where that is one whose launcher was killed; else null. */
  readonly orphan: Orphan | null;

  constructor(port: number, cause?: unknown, orphan: Orphan | null = null) {
    const forbidden = codeOf(cause) === 'EACCES';
    const by =
      orphan === null
        ? ''
        : ` by ${orphan.node} (pid ${orphan.pid}) of ${orphan.cluster}, whose launcher has gone`;
    super(`port ${port} ${forbidden ? 'needs more rights than this user has' : `is taken${by}`}`, {
      cause,
    });
    this.port = port;
    this.forbidden = forbidden;
    this.orphan = orphan;
  }
}

/** Resolves if all ports can be listened on; otherwise rejects with PortTaken for the first one. */
export async function checkPorts(ports: readonly number[]): Promise<void> {
  // All of them are held at once: a port that stands in the list twice counts as taken, too.
  const held: Held[] = [];
  try {
    for (const port of ports) held.push(await hold(port));
  } finally {
    await Promise.all(held.map((one) => one.release()));
  }
}

/** Whether all of these ports can be listened on. */
export async function areFree(ports: readonly number[]): Promise<boolean> {
  try {
    await checkPorts(ports);
    return true;
  } catch (error) {
    if (error instanceof PortTaken) return false;
    throw error;
  }
}

/** First port of a block of `count` free consecutive ports, for `--port 0`. */
export async function freeBlock(count: number): Promise<number> {
  for (let attempt = 0; attempt < BLOCK_ATTEMPTS; attempt += 1) {
    const probe = await hold(0);
    const first = probe.port;
    await probe.release();
    if (first + count - 1 > PORT_MAX) continue;
    const block = Array.from({ length: count }, (_, place) => first + place);
    if (await areFree(block)) return first;
  }
  throw new Error(`no ${count} free ports in a row were found`);
}

/** The lowest free port that is not below `from`. */
export async function nextFreePort(from: number): Promise<number> {
  for (let port = from; port <= PORT_MAX; port += 1) {
    if (await areFree([port])) return port;
  }
  throw new Error(`there is no free port above ${from - 1}`);
}

/** The highest port there is. */
export const PORT_MAX = 65_535;

/** The system hands out ports from a wide range: even on a busy machine a few tries are enough. */
const BLOCK_ATTEMPTS = 50;

interface Held {
  readonly port: number;
  release(): Promise<void>;
}

function hold(port: number): Promise<Held> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const unavailable = ['EADDRINUSE', 'EACCES'].includes(codeOf(error) ?? '');
      reject(unavailable ? new PortTaken(port, error) : error);
    });
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        release: () => new Promise((done) => server.close(() => done())),
      });
    });
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

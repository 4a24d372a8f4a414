// A cluster for a while: free ports, a folder of its own, and nothing left of either when it ends.
// It is not announced: commands in other terminals go on finding the user's own cluster.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterEvent, ReadyEvent } from '../report.ts';
import { type Launch, type LaunchOptions, launch } from './launch.ts';
import { areFree, PortTaken } from './ports.ts';

export interface ThrowawayOptions {
  readonly secondaries: number;
  /** Its nodes keep their logs on disk, in a folder that goes with the cluster. */
  readonly durable: boolean;
  /** Default write concern of messages; null: the nodes' own default. */
  readonly w?: string | null;
  /** See LaunchOptions. */
  readonly failover?: boolean;
  /** Free ports behind those of the cluster, for nodes that are added. */
  readonly sparePorts?: number;
  /** What it is for: part of its name and of its folder's. */
  readonly purpose: string;
  readonly startArbiter: LaunchOptions['startArbiter'];
  readonly onEvent?: (event: ClusterEvent) => void;
}

export interface Throwaway {
  readonly ready: ReadyEvent;
  /** null: it keeps nothing on disk. */
  readonly folder: string | null;
  /** Ends all its processes at once and removes its folder. */
  end(): Promise<void>;
}

/** Nobody waits at a prompt for it, and how fast a machine starts processes is not what is tried on
 * it: one that is busy with other things has its time. */
const READY_MS = 60_000;

/** Below the ports that systems give to outgoing connections, which could take that of a node while
 * it is down. */
const PORTS = { first: 12_000, count: 20_000 } as const;

/** On a machine with many users a block of ports can be taken between looking and using. */
const START_ATTEMPTS = 5;

/** Starts it; resolves when it is proved to be ready. Whatever fails, and when `signal` aborts,
 * nothing is left behind. */
export async function throwaway(
  options: ThrowawayOptions,
  signal: AbortSignal,
): Promise<Throwaway> {
  const prefix = join(tmpdir(), `replog-${options.purpose}-`);
  const folder = options.durable ? await mkdtemp(prefix) : null;
  const removeFolder = async (): Promise<void> => {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  };
  try {
    const { launched, ready } = await started(options, folder, signal);
    const end = async (): Promise<void> => {
      await launched.kill();
      await removeFolder();
    };
    return { ready, folder, end };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function started(
  options: ThrowawayOptions,
  folder: string | null,
  signal: AbortSignal,
): Promise<{ launched: Launch; ready: ReadyEvent }> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const port = await quietBlock(options.secondaries + 2 + (options.sparePorts ?? 0));
    let launched: Launch;
    try {
      launched = await launch(launchOptions(options, port, folder));
    } catch (error) {
      if (error instanceof PortTaken && attempt < START_ATTEMPTS) continue;
      throw error;
    }
    const stop = (): void => void launched.kill();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const ready = await launched.ready;
      signal.throwIfAborted();
      return { launched, ready };
    } catch (error) {
      await launched.kill();
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

function launchOptions(
  options: ThrowawayOptions,
  port: number,
  folder: string | null,
): LaunchOptions {
  return {
    name: `${options.purpose}-${process.pid}-${port}`,
    port,
    secondaries: options.secondaries,
    dataDir: folder,
    fresh: false,
    w: options.w ?? null,
    failover: options.failover ?? false,
    tokens: null,
    requireClientToken: false,
    logLevel: 'error',
    unlisted: true,
    readyWithinMs: READY_MS,
    startArbiter: options.startArbiter,
    onEvent: options.onEvent ?? (() => undefined),
    // What a node complains of is usually what was done to it on purpose.
    onLine: () => undefined,
  };
}

async function quietBlock(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const first = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const block = Array.from({ length: count }, (_, place) => first + place);
    if (await areFree(block)) return first;
  }
  throw new Error(`no ${count} free ports in a row were found`);
}

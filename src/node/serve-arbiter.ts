// A whole arbiter in this process: `replog arbiter`, and the launcher's.

import { randomUUID } from 'node:crypto';
import { ArbiterNode } from '../core/arbiter/arbiter-node.ts';
import { BLANK_MEMORY } from '../core/effects.ts';
import { nodeId } from '../core/ids.ts';
import { DEFAULT_OPTIONS } from '../core/options.ts';
import { RealDisk } from '../persistence/disk/real-disk.ts';
import { MemoryPersistence } from '../persistence/log/memory-persistence.ts';
import { openSegmentedLog } from '../persistence/log/segmented-log.ts';
import { createArbiterApp } from './api/arbiter-app.ts';
import { ArbiterRuntime } from './arbiter-runtime.ts';
import { realClock } from './event-queue.ts';
import { failing } from './failing.ts';
import { refuseNodes } from './folder-kind.ts';
import type { Route } from './http/route.ts';
import { startServer } from './http/server.ts';
import { createLogger, type LogLevel, logFull, logUnwritten, type Wording } from './logger.ts';
import { urlOf } from './own-url.ts';
import { Transport } from './peers/transport.ts';
import { warmUp } from './warm-up.ts';

export interface ServeArbiterOptions {
  readonly host: string;
  readonly port: number;
  /** null: in memory; a restarted arbiter then knows nobody. */
  readonly dataDir: string | null;
  /** Configured cluster size; null: the number of members. */
  readonly size: number | null;
  readonly token: string | null;
  readonly requireClientToken?: boolean;
  readonly allowHosts?: readonly string[];
  readonly logLevel?: string;
  /** How the lines on stderr are put; absent: as JSON. */
  readonly wording?: Wording;
  /** Id of the node that shall be the first master. */
  readonly prefer?: string;
  /** A master of which a majority hears nothing is replaced by another node. Default: false. */
  readonly failover?: boolean;
  /** Routes of the process around it, e.g. the launcher's. */
  readonly routes?: readonly Route[];
}

/** An arbiter that serves in this process. */
export interface RunningArbiter {
  readonly url: string;
  /** Changes the configured cluster size and announces it to the master. */
  setSize(size: number | null): void;
  members(): readonly { readonly node: string; readonly url: string }[];
  master(): { readonly node: string; readonly url: string } | null;
  stop(): Promise<void>;
  /** Rejects if the arbiter cannot go on. */
  readonly stopped: Promise<void>;
}

/** Rejects as `listen` does, or with DamagedLog, UnknownFormat, FolderInUse, ForeignUse. */
export async function serveArbiter(options: ServeArbiterOptions): Promise<RunningArbiter> {
  const { dataDir, token } = options;
  const level = (options.logLevel ?? 'warn') as LogLevel;
  const logger = createLogger({ level, name: 'arbiter', wording: options.wording });
  // An arbiter's folder is a node's folder without a log.
  const persistence =
    dataDir === null ? new MemoryPersistence() : openSegmentedLog(new RealDisk(dataDir));
  const recovery = await persistence.recover(() => {});
  const { memory } = recovery;
  try {
    refuseNodes(recovery, dataDir);
  } catch (error) {
    await persistence.close();
    throw error;
  }
  const prefer = options.prefer === undefined ? null : nodeId(options.prefer);
  const forgetful = dataDir === null;
  const { failover = false, size } = options;
  const settings = { size, newCluster: randomUUID(), failover, forgetful, prefer };
  const arbiter = new ArbiterNode(DEFAULT_OPTIONS, settings, memory ?? BLANK_MEMORY);
  const transport = new Transport(token === null ? {} : { token });
  const failure = failing();
  failure.promise.catch((error: unknown) => {
    logger.fatal({ err: error }, 'the arbiter cannot go on');
  });
  const runtime = new ArbiterRuntime({
    arbiter,
    outgoing: transport,
    clock: realClock,
    remember: (changed) => persistence.remember(changed),
    unwritten: logUnwritten(logger),
    broken: failure.fail,
  });
  const stopping = new AbortController();
  const app = createArbiterApp(runtime, {
    logger,
    stopping: stopping.signal,
    advertise: urlOf(options.host, options.port),
    allowHosts: options.allowHosts ?? [],
    requireClientToken: options.requireClientToken ?? false,
    routes: options.routes ?? [],
    ...(token === null ? {} : { token }),
  });
  const { host, port } = options;
  const server = await startServer({ app, host, port, stopping, full: logFull(logger) }).catch(
    async (error: unknown) => {
      await persistence.close();
      throw error;
    },
  );
  runtime.start();
  const giveUp = warmUp(() => ({ lastIndex: 0 }), [() => server.load()]);
  return {
    url: server.url,
    setSize: (size) => runtime.resize(size),
    members: () => runtime.members,
    master: () => runtime.master,
    stopped: failure.promise,
    stop: async () => {
      giveUp();
      await server.stop();
      runtime.close();
      await transport.close();
      await persistence.close();
    },
  };
}

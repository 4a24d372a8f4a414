// A whole arbiter in this process: `replog arbiter`, and the launcher's.

import { createArbiterApp } from '../api/arbiter-app.ts';
import { createLogger, type LogLevel, logFull, type Wording } from '../diagnostics/logger.ts';
import { failing } from '../failing.ts';
import type { Route } from '../http/route.ts';
import { startServer } from '../http/server.ts';
import type { Tokens } from '../http/tokens.ts';
import { urlOf } from '../own-url.ts';
import { Transport } from '../peers/transport.ts';
import { warmUp } from '../warm-up.ts';
import { arbiterInTurn, type EtcdOptions } from './etcd/arbiter-in-turn.ts';
import { soleArbiter } from './hosted-arbiter.ts';

export interface ServeArbiterOptions {
  readonly host: string;
  readonly port: number;
  /** null: in memory; a restarted arbiter then knows nobody. Without meaning with `etcd`. */
  readonly dataDir: string | null;
  /** It is one of several, which remember there; absent: it is the only one. */
  readonly etcd?: EtcdOptions;
  /** Configured cluster size; null: the number of members. */
  readonly size: number | null;
  /** null: no route asks for one. */
  readonly tokens: Tokens | null;
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
  const { host, port, tokens } = options;
  const level = (options.logLevel ?? 'warn') as LogLevel;
  const logger = createLogger({ level, name: 'arbiter', wording: options.wording });
  const failure = failing();
  failure.promise.catch((error: unknown) => {
    logger.fatal({ err: error }, 'the arbiter cannot go on');
  });
  const transport = new Transport(tokens === null ? {} : { tokens });
  const surroundings = { transport, logger, failed: failure.fail };
  const arbiter = await (options.etcd === undefined
    ? soleArbiter(options, surroundings)
    : arbiterInTurn(options, options.etcd, surroundings));
  const { view } = arbiter;
  const stopping = new AbortController();
  const app = createArbiterApp(view, {
    logger,
    stopping: stopping.signal,
    advertise: urlOf(host, port),
    allowHosts: options.allowHosts ?? [],
    requireClientToken: options.requireClientToken ?? false,
    routes: options.routes ?? [],
    ...(tokens === null ? {} : { tokens }),
  });
  const server = await startServer({ app, host, port, stopping, full: logFull(logger) }).catch(
    async (error: unknown) => {
      await arbiter.close();
      throw error;
    },
  );
  arbiter.begin(server.url);
  const giveUp = warmUp(() => ({ lastIndex: 0 }), [() => server.load()]);
  return {
    url: server.url,
    setSize: (size) => arbiter.resize(size),
    members: () => view.members,
    master: () => view.master,
    stopped: failure.promise,
    stop: async () => {
      giveUp();
      // A caller that is slow does not keep the next one from being in charge.
      await Promise.all([server.stop(), arbiter.resign()]);
      await arbiter.close();
    },
  };
}

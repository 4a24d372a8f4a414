// The HTTP server around an app: on loopback unless told otherwise, with a limit on everything a
// client can make it wait for, and a way to stop that does not wait for ever.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { urlOf } from '../own-url.ts';
import type { Door } from '../peers/tunnel-door.ts';
import { doorBehindAnswers } from './behind-answers.ts';
import { readBehindUpgrade } from './behind-upgrade.ts';
import { connectionRoom, openFilesMax, watchRoom } from './connection-room.ts';
import type { Direct } from './direct.ts';
import { holdBody } from './expectation.ts';
import { allowHalfClose } from './half-close.ts';
import { inTurn } from './in-turn.ts';
import { refusingMalformed } from './malformed.ts';
import { type LatestAnswers, Parting } from './parting.ts';
import { problem } from './problems.ts';
import { endWith } from './raw-answer.ts';
import { endStanding } from './standstill.ts';
import { type Fetch, WebFront } from './web-front.ts';

export interface ServerOptions {
  readonly app: { readonly fetch: Fetch; readonly direct?: Direct; readonly door?: Door };
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  /** Aborted by `stop()` before anything else: event streams and held requests end. The app is
   * built with its signal. */
  readonly stopping?: AbortController;
  readonly limits?: Partial<ServerLimits>;
  /** Nobody else is let in, as so many connections are open. Told once until half of them have
   * gone. */
  readonly full?: (connections: number) => void;
}

/** Times in milliseconds. */
export interface ServerLimits {
  /** For the headers of a request, and for the first byte on a new connection. Generous: a client
   * that opens thousands of connections at once may write on the last of them much later. */
  readonly headersMs: number;
  /** For a whole request, its body included; how long the answer takes is the engine's matter. */
  readonly requestMs: number;
  /** How often both are checked: every second would be a third of what wakes an idle secondary. */
  readonly checkMs: number;
  /** Idle connections; longer than callers keep theirs, so that callers are the ones to close. */
  readonly keepAliveMs: number;
  /** One per waiting client: above the number of writes that may wait (contract, section 3). Fewer
   * where the process may not open so many files. */
  readonly connections: number;
  /** Who takes nothing of what is there for it for so long is cut off: the same as for who reads an
   * image of the log. A client of a few kilobytes a second shows that it takes something each time
   * its system has made room for some hundred of them. */
  readonly standstillMs: number;
  /** What `stop()` gives open requests before it cuts them off. */
  readonly graceMs: number;
}

const DEFAULT_LIMITS: ServerLimits = {
  headersMs: 30_000,
  requestMs: 60_000,
  checkMs: 5_000,
  keepAliveMs: 60_000,
  connections: 16_384,
  standstillMs: 600_000,
  graceMs: 4_000,
};

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, as this machine reaches it. */
  readonly url: string;
  /** Loads what the first request may need that goes through web objects; such a request does so by
   * itself. */
  load(): void;
  /** From now on answers say that their connections close. For who answers clients because it ends;
   * `stop()` does so too. */
  part(): void;
  /** Takes no more connections, ends streams, waits for open requests up to the grace time. */
  stop(): Promise<void>;
}

/** Resolves once the port accepts connections. Rejects as `listen` does, e.g. with EADDRINUSE. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { direct, door } = options.app;
  const front = new WebFront(options.app.fetch);
  const connections = new Set<Socket>();
  const latest: LatestAnswers = new WeakMap();
  const parting = new Parting(connections, latest);
  const handle = inTurn(
    (incoming, outgoing) => {
      if (!direct?.(incoming, outgoing)) front.take(incoming, outgoing);
    },
    undefined,
    latest,
  );
  const take = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    readBehindUpgrade(incoming, outgoing);
    if (parting.lets(outgoing)) handle(incoming, outgoing);
  };
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: limits.keepAliveMs,
      // The guard refuses a request without one, in words.
      requireHostHeader: false,
    },
    take,
  );
  server.on('checkContinue', (incoming, outgoing) => {
    holdBody(incoming, outgoing);
    take(incoming, outgoing);
  });
  // What else a client expects beyond an answer is its own matter.
  server.on('checkExpectation', take);
  // Of more than 2,000 headers Node would drop the rest in silence: the idempotency key, or what
  // the guard looks at. They are bounded by their length.
  server.maxHeadersCount = 0;
  server.on('connect', (_, socket) => parting.pass(socket));
  server.on('connect', doorBehindAnswers(door ?? refuseConnect));
  server.closeIdleConnections = () => parting.closeIdle();
  const room = connectionRoom(limits.connections, openFilesMax());
  server.maxConnections = room;
  server.on('clientError', refusingMalformed());
  allowHalfClose(server);
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.once('close', endStanding(connections, limits.standstillMs));
  watchRoom(server, connections, () => options.full?.(room));
  const host = options.host ?? '127.0.0.1';
  await listening(server, host, options.port);
  const { port } = server.address() as AddressInfo;
  let stopped: Promise<void> | null = null;
  return {
    host,
    port,
    url: urlOf(host, port),
    load: () => void front.load(),
    part: () => parting.begin(),
    stop: () => {
      parting.begin();
      options.stopping?.abort();
      stopped ??= closed(server, parting, limits.graceMs);
      return stopped;
    },
  };
}

/** Connections that wait to be accepted: a crowd may arrive within one turn of a busy event loop,
 * and what does not fit here is reset. The system may allow less. */
const BACKLOG = 4_096;

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** How often connections that have become idle are looked for while stopping. */
const SWEEP_MS = 20;

function closed(server: Server, parting: Parting, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => parting.closeIdle(), SWEEP_MS);
    const cut = setTimeout(() => parting.cut(), graceMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
  });
}

/** Without a listener, Node closes the connection without a word. */
const refuseConnect: Door = (_, socket) => {
  socket.on('error', () => socket.destroy());
  endWith(socket, problem('not-found', 'No tunnel leads there.'));
};

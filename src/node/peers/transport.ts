// Requests to other nodes. The rule: one send is one copy on the wire. Nothing is retried and no
// redirect is followed here; when to send again is the core's decision. The only exception is a
// kept connection that was closed while it was being reused: that copy hardly arrived. Not so for
// Snapshots: whether they did cannot be told for certain, a secondary is owed one copy per gap, and
// the replicator sends the next one within 100 ms.

import type Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { LogIndex } from '../../core/ids.ts';
import type { LogPoint, RequestOrder, Response } from '../../core/messages.ts';
import { ANSWERED_WITHIN_MS } from '../../core/patience.ts';
import type { Chunk } from '../../persistence/persistence.ts';
import { PEER_LIMIT } from '../http/body.ts';
import type { Tokens } from '../http/tokens.ts';
import { CopiesRoom } from './copies-room.ts';
import { LOG_LIMIT, logOf } from './log-answer.ts';
import { PeerError, understood } from './peer-answers.ts';
import { peerClient } from './peer-client.ts';
import { exchange, type PeerReply, StaleConnection } from './peer-exchange.ts';
import { explained } from './peer-failure.ts';
import { PEER_PATHS, type PeerMessage } from './peer-paths.ts';
import { PeerTunnel } from './peer-tunnel.ts';
import { Repeated } from './repeated.ts';
import { snapshotParts } from './snapshot-body.ts';
import type { CopyOf } from './tunnel-caller.ts';
import { REACHED_AT, type Tunnelled } from './tunnel-frames.ts';

export interface TransportOptions {
  /** Those of the cluster: the first goes with each request, as a Bearer token. */
  readonly tokens?: Tokens;
  /** Time limits other than the usual ones, for tests. */
  readonly limitsMs?: Partial<Record<RequestOrder['type'], number>>;
}

const LIMITS_MS: Readonly<Record<RequestOrder['type'], number>> = {
  ...ANSWERED_WITHIN_MS,
  // Whoever does not know it may keep silent, and a cluster waits to be opened.
  ReadLog: 2_000,
};

/** Less than any server's idle time that is usual (5 s), so that as a rule we are the one to
 * close. */
export const KEEP_ALIVE_MS = 4_000;
const CONNECT_MS = 2_000;

/** More than a window of Snapshots to a secondary that answers 3 s late, and a copy of each;
 * heartbeats that a hung peer may keep. */
const CONNECTIONS = 200;
const BEAT_CONNECTIONS = 32;

/** Of these, the ones for Snapshots: the rest is left to what is sent once in a while. */
const COPIES = 192;
/** One is left for the next heartbeat: while a master recovers they follow each other quickly. */
const BEAT_COPIES = 31;

/** Each heartbeat counts as a copy of the one before it: while that is unanswered, it takes another
 * way. */
const BEAT: CopyOf = { session: 0, seq: 0 };

/** Peers that connections are kept for; the one unused for longest goes first. */
export const PEERS_MAX = 64;

interface Lines {
  readonly usual: Pool;
  /** Of their own, so that a heartbeat never waits behind a Snapshot. */
  readonly beats: Pool;
  readonly tunnels: Readonly<Record<Tunnelled, PeerTunnel>>;
  readonly copies: CopiesRoom;
  readonly beatCopies: CopiesRoom;
  /** What the latest heartbeat was answered with. */
  readonly beatAnswer: Repeated<Response>;
  readonly origin: string;
  /** What stands before the path of a message; without a slash at its end. */
  readonly path: string;
}

interface Sent {
  readonly type: RequestOrder['type'];
  readonly method?: 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string | null;
  /** Whom it makes room for. */
  readonly room?: CopiesRoom;
}

export class Transport {
  private readonly tokens: Tokens | undefined;
  private readonly limitsMs: Readonly<Record<RequestOrder['type'], number>>;
  private readonly lines = new Map<string, Lines>();
  private closed = false;

  constructor(options: TransportOptions = {}) {
    this.tokens = options.tokens;
    this.limitsMs = { ...LIMITS_MS, ...options.limitsMs };
  }

  /**
   * Sends a request to the node at `to` and resolves with its answer, refusals included. Rejects
   * with PeerError, whose message is for people, when no answer of the protocol came. `chunk` and
   * `prev` belong to Snapshots: the updates, and what stands in the log before them.
   */
  async send(
    to: string,
    request: RequestOrder,
    chunk: Chunk | null = null,
    prev: LogPoint | null = null,
  ): Promise<Response> {
    const lines = this.linesTo(to);
    if (request.type === 'Snapshot') {
      return this.tunnelled(lines, to, 'Snapshot', request, snapshotParts(request, chunk, prev));
    }
    if (request.type === 'ReadLog') return this.readLog(lines, to, request.from);
    const { type, ...fields } = request;
    const body = JSON.stringify(fields);
    if (type === 'Heartbeat') return this.tunnelled(lines, to, type, BEAT, [Buffer.from(body)]);
    const path = `${lines.path}${PEER_PATHS[type]}`;
    const sent = { type, path, headers: this.headers(), body };
    const { status, text } = await this.asked(lines.usual, lines.origin, to, sent);
    return this.heard(type, status, text, to);
  }

  /** Through the tunnel for such messages; as a request of its own, where that cannot be. */
  private async tunnelled(
    lines: Lines,
    to: string,
    type: Tunnelled,
    copyOf: CopyOf,
    parts: readonly Buffer[],
  ): Promise<Response> {
    const { usual, beats, origin, copies, beatCopies, beatAnswer } = lines;
    const tunnel = lines.tunnels[type];
    const posted = (): Promise<PeerReply> => {
      const path = `${lines.path}${PEER_PATHS[type]}`;
      // It may go through a tunnel, if one is offered.
      const headers = { ...this.headers(), [REACHED_AT]: to };
      const sent = { type, path, headers, body: Buffer.concat(parts) };
      return tunnel.watch(
        type === 'Heartbeat'
          ? this.asked(beats, origin, to, { ...sent, room: beatCopies })
          : this.asked(usual, origin, to, { ...sent, room: copies }),
      );
    };
    const { status, text } = await (tunnel.send(copyOf, parts) ?? posted());
    const heard = (): Response => this.heard(type, status, text, to);
    return type === 'Heartbeat' && status === 200 ? beatAnswer.of(text, heard) : heard();
  }

  /** The log of a node that is not replog's, as it shows it to clients. */
  private async readLog({ usual, origin, path }: Lines, to: string, from: LogIndex) {
    const { status, text } = await this.asked(usual, origin, to, {
      type: 'ReadLog',
      method: 'GET',
      path: `${path}/log?from=${from}&limit=${LOG_LIMIT}`,
      headers: this.headers(),
      body: null,
    });
    return logOf(status, text);
  }

  private headers(): Readonly<Record<string, string>> {
    const { tokens } = this;
    const type = { 'content-type': 'application/json' };
    return tokens === undefined ? type : { ...type, authorization: tokens.authorization };
  }

  private heard(type: PeerMessage, status: number, text: string, to: string): Response {
    try {
      return understood(type, status, text);
    } catch (error) {
      throw explained(error, to);
    }
  }

  /** A request of its own. Rejects with PeerError. */
  private async asked(line: Pool, origin: string, to: string, sent: Sent): Promise<PeerReply> {
    try {
      return await this.exchange(line, sent);
    } catch (error) {
      const again = error instanceof StaleConnection && sent.type !== 'Snapshot';
      if (!again || this.closed) throw explained(error, to);
    }
    return this.resend(origin, to, sent);
  }

  /** Cuts all connections; what waits for an answer is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    const all = [...this.lines.values()].flatMap(({ usual, beats }) => [usual, beats]);
    for (const { tunnels } of this.lines.values()) closeAll(tunnels);
    this.lines.clear();
    await Promise.all(all.map((pool) => pool.destroy()));
  }

  /** Over a new connection, because other kept ones may be closed as well. */
  private async resend(origin: string, to: string, sent: Sent): Promise<PeerReply> {
    const line = peerClient(origin, CLIENT_OPTIONS);
    try {
      return await this.exchange(line, sent);
    } catch (error) {
      throw explained(error, to);
    } finally {
      await line.destroy();
    }
  }

  private exchange(line: Client | Pool, sent: Sent): Promise<PeerReply> {
    const { type, method = 'POST', path, headers, body, room } = sent;
    const headersTimeout = this.limitsMs[type];
    const limits = { headersTimeout, bodyTimeout: headersTimeout };
    return exchange(line, { method, path, headers, body, ...limits }, room);
  }

  private linesTo(to: string): Lines {
    if (this.closed) throw new PeerError('this node is closing its connections');
    const known = this.lines.get(to);
    if (known !== undefined) {
      // The map is in order of use, the one used last at its end.
      if (this.lines.size > 1) {
        this.lines.delete(to);
        this.lines.set(to, known);
      }
      return known;
    }
    const { origin, pathname } = new URL(to);
    const tunnel = (carries: Tunnelled): PeerTunnel => {
      const answerMs = this.limitsMs[carries];
      const headers = () => this.headers();
      return new PeerTunnel({ origin, carries, headers, connectMs: CONNECT_MS, answerMs });
    };
    const lines = {
      copies: new CopiesRoom(COPIES),
      beatCopies: new CopiesRoom(BEAT_COPIES),
      beatAnswer: new Repeated<Response>(),
      tunnels: { Snapshot: tunnel('Snapshot'), Heartbeat: tunnel('Heartbeat') },
      usual: new Pool(origin, { ...POOL_OPTIONS, connections: CONNECTIONS }),
      beats: new Pool(origin, { ...POOL_OPTIONS, connections: BEAT_CONNECTIONS }),
      origin,
      path: pathname.replace(/\/+$/, ''),
    };
    this.lines.set(to, lines);
    this.forgetOldest();
    return lines;
  }

  private forgetOldest(): void {
    if (this.lines.size <= PEERS_MAX) return;
    const oldest = this.lines.entries().next().value;
    if (oldest === undefined) return;
    const [to, { usual, beats, tunnels }] = oldest;
    this.lines.delete(to);
    closeAll(tunnels);
    // `close` lets what is under way finish, and does not fail.
    void usual.close();
    void beats.close();
  }
}

function closeAll(tunnels: Lines['tunnels']): void {
  tunnels.Snapshot.close();
  tunnels.Heartbeat.close();
}

const CLIENT_OPTIONS: Client.Options = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  keepAliveMaxTimeout: KEEP_ALIVE_MS,
  pipelining: 1,
  connectTimeout: CONNECT_MS,
  maxResponseSize: PEER_LIMIT,
};

const POOL_OPTIONS: Pool.Options = {
  ...CLIENT_OPTIONS,
  factory: peerClient,
};

// Requests to other nodes. The rule: one send is one copy on the wire. Nothing is retried and no
// redirect is followed here; when to send again is the core's decision. The only exception is a
// kept connection that was closed while it was being reused: that copy never arrived.

import type Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import type { LogPoint, RequestOrder, Response, SnapshotOrder } from '../core/messages.ts';
import type { Chunk } from '../persistence/persistence.ts';
import { PEER_LIMIT } from './body.ts';
import { CopiesRoom } from './copies-room.ts';
import { PeerError, understood } from './peer-answers.ts';
import { peerClient } from './peer-client.ts';
import { exchange, type PeerReply, StaleConnection } from './peer-exchange.ts';
import { explained } from './peer-failure.ts';
import { PEER_PATHS, type PeerMessage } from './peer-paths.ts';
import { PeerTunnel } from './peer-tunnel.ts';
import { snapshotParts } from './snapshot-body.ts';
import { REACHED_AT } from './tunnel-frames.ts';

export interface TransportOptions {
  /** The cluster token, sent as a Bearer token. */
  readonly token?: string;
  /** Time limits other than the usual ones, for tests. */
  readonly limitsMs?: Partial<Record<PeerMessage, number>>;
}

/** How long to wait for an answer: a Snapshot's may wait for a disk that recovers; a heartbeat's is
 * worthless after the node has been suspected twice over. */
const LIMITS_MS: Readonly<Record<PeerMessage, number>> = {
  Join: 5_000,
  Leave: 5_000,
  Replicas: 5_000,
  Snapshot: 30_000,
  Heartbeat: 3_000,
  Fetch: 5_000,
};

/** Less than any server's idle time that is usual (5 s), so that as a rule we are the one to
 * close. */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_MS = 2_000;

/** More than a window of Snapshots and their copies; heartbeats that a hung peer may keep. */
const CONNECTIONS = 64;
const BEAT_CONNECTIONS = 8;

/** Of these, the ones for Snapshots: the rest is left to what is sent once in a while. */
const COPIES = 56;

/** Peers that connections are kept for; the one unused for longest goes first. */
const PEERS_MAX = 64;

interface Lines {
  readonly usual: Pool;
  /** Of their own, so that a heartbeat never waits behind a Snapshot. */
  readonly beats: Pool;
  readonly tunnel: PeerTunnel;
  readonly copies: CopiesRoom;
  /** Those of a Snapshot that is a request of its own. */
  readonly snapshotHeaders: Readonly<Record<string, string>>;
  readonly origin: string;
  /** What stands before the path of a message; without a slash at its end. */
  readonly path: string;
}

interface Sent {
  readonly type: PeerMessage;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
  /** Whom it makes room for. */
  readonly room?: CopiesRoom;
}

export class Transport {
  private readonly headers: Readonly<Record<string, string>>;
  private readonly limitsMs: Readonly<Record<PeerMessage, number>>;
  private readonly lines = new Map<string, Lines>();
  private closed = false;

  constructor(options: TransportOptions = {}) {
    const authorization = options.token === undefined ? null : `Bearer ${options.token}`;
    this.headers = {
      'content-type': 'application/json',
      ...(authorization === null ? {} : { authorization }),
    };
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
    if (request.type === 'Snapshot') return this.snapshot(lines, to, request, chunk, prev);
    const { type, ...fields } = request;
    const path = `${lines.path}${PEER_PATHS[type]}`;
    const sent = { type, path, headers: this.headers, body: JSON.stringify(fields) };
    const line = type === 'Heartbeat' ? lines.beats : lines.usual;
    const { status, text } = await this.posted(line, lines.origin, to, sent);
    return this.heard(type, status, text, to);
  }

  private async snapshot(
    lines: Lines,
    to: string,
    order: SnapshotOrder,
    chunk: Chunk | null,
    prev: LogPoint | null,
  ): Promise<Response> {
    const { tunnel, usual, origin, copies: room, snapshotHeaders: headers } = lines;
    const parts = snapshotParts(order, chunk, prev);
    const path = `${lines.path}${PEER_PATHS.Snapshot}`;
    const posted = (): Promise<PeerReply> => {
      const sent: Sent = { type: 'Snapshot', path, headers, body: Buffer.concat(parts), room };
      return tunnel.watch(this.posted(usual, origin, to, sent));
    };
    const { status, text } = await (tunnel.send(order, parts) ?? posted());
    return this.heard('Snapshot', status, text, to);
  }

  private heard(type: PeerMessage, status: number, text: string, to: string): Response {
    try {
      return understood(type, status, text);
    } catch (error) {
      throw explained(error, to);
    }
  }

  /** A request of its own. Rejects with PeerError. */
  private async posted(line: Pool, origin: string, to: string, sent: Sent): Promise<PeerReply> {
    try {
      return await this.exchange(line, sent);
    } catch (error) {
      if (!(error instanceof StaleConnection) || this.closed) throw explained(error, to);
    }
    return this.resend(origin, to, sent);
  }

  /** Cuts all connections; what waits for an answer is rejected. */
  async close(): Promise<void> {
    this.closed = true;
    const all = [...this.lines.values()].flatMap(({ usual, beats }) => [usual, beats]);
    for (const { tunnel } of this.lines.values()) tunnel.close();
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
    const { type, path, headers, body, room } = sent;
    const headersTimeout = this.limitsMs[type];
    const limits = { headersTimeout, bodyTimeout: headersTimeout };
    return exchange(line, { method: 'POST', path, headers, body, ...limits }, room);
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
    const settings = { connectMs: CONNECT_MS, answerMs: this.limitsMs.Snapshot };
    const lines = {
      copies: new CopiesRoom(COPIES),
      tunnel: new PeerTunnel({ origin, headers: this.headers, ...settings }),
      snapshotHeaders: { ...this.headers, [REACHED_AT]: to },
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
    const [to, { usual, beats, tunnel }] = oldest;
    this.lines.delete(to);
    tunnel.close();
    // `close` lets what is under way finish, and does not fail.
    void usual.close();
    void beats.close();
  }
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

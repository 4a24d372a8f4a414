// The sender's end of a tunnel to another node: Snapshots or heartbeats, and their answers, as
// frames on one connection, without a request around each. The rule: a tunnel changes how bytes
// travel and nothing else. One send is one copy; a second copy of what is unanswered here takes
// another way, so that a connection that has gone silent holds up nothing.

import { request } from 'node:http';
import type { Socket } from 'node:net';
import { PEER_LIMIT } from '../http/body.ts';
import { PeerError } from './peer-answers.ts';
import type { PeerReply } from './peer-exchange.ts';
import { answerOf, FrameReader, requestFrame } from './tunnel-frames.ts';

/** What tells copies of one message from other messages. */
export interface CopyOf {
  readonly session: number;
  readonly seq: number;
}

interface Waiting extends CopyOf {
  readonly sentAt: number;
  readonly resolve: (reply: PeerReply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Invariants:
 * 1. Every send is settled once: with its answer, after `limitMs`, or when the connection ends.
 * 2. Nothing waits in an ended tunnel.
 */
export class TunnelCaller {
  private readonly socket: Socket;
  private readonly to: string;
  private readonly waiting = new Map<number, Waiting>();
  private readonly limitMs: number;
  /** Runs while something waits, and no longer than until the next time it is over: a connection
   * on which all is answered at once wakes nobody. */
  private sweep: NodeJS.Timeout | null = null;
  private lastId = 0;
  private heardAt = performance.now();
  private ended = false;

  private constructor(socket: Socket, head: Buffer, to: string, limitMs: number) {
    this.socket = socket;
    this.to = to;
    this.limitMs = limitMs;
    const reader = new FrameReader(PEER_LIMIT);
    const onFrame = (id: number, payload: Buffer): void => this.answered(id, payload);
    const onData = (chunk: Buffer): void => {
      this.heardAt = performance.now();
      try {
        reader.take(chunk, onFrame);
      } catch (error) {
        socket.destroy(error as Error);
      }
    };
    socket.setNoDelay(true);
    socket.on('data', onData);
    // 'close' follows, and says all there is to say.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.end('closed the connection without an answer'));
    if (head.length > 0) onData(head);
  }

  /** Opens a tunnel to the node at `origin`, to the destination that says what it carries; null if
   * that node has none to give. Never rejects. */
  static open(
    origin: string,
    destination: string,
    headers: Readonly<Record<string, string>>,
    limits: { readonly connectMs: number; readonly answerMs: number },
  ): Promise<TunnelCaller | null> {
    return new Promise((resolve) => {
      const { hostname, port, host } = new URL(origin);
      const asked = request({
        method: 'CONNECT',
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? 80 : port,
        path: destination,
        headers: { ...headers, host },
        timeout: limits.connectMs,
        agent: false,
      });
      asked.once('connect', (response, socket: Socket, head) => {
        if (response.statusCode === 200) {
          socket.setTimeout(0);
          resolve(new TunnelCaller(socket, head, origin, limits.answerMs));
          return;
        }
        socket.destroy();
        resolve(null);
      });
      asked.once('timeout', () => asked.destroy());
      asked.on('error', () => resolve(null));
      asked.end();
    });
  }

  /** It takes no more requests. */
  get closed(): boolean {
    return this.ended;
  }

  /** Whether an earlier copy of it is unanswered here. */
  holds({ session, seq }: CopyOf): boolean {
    for (const waiting of this.waiting.values()) {
      if (waiting.session === session && waiting.seq === seq) return true;
    }
    return false;
  }

  /** Sends a body, in parts. Resolves with the answer; rejects with PeerError, whose message is for
   * people. */
  send({ session, seq }: CopyOf, body: readonly Buffer[]): Promise<PeerReply> {
    this.lastId = (this.lastId + 1) >>> 0;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { session, seq, sentAt: performance.now(), resolve, reject });
      this.sweep ??= this.sweepIn(this.limitMs);
      // All in one call to the system, and nothing is copied for it.
      this.socket.cork();
      for (const part of requestFrame(id, body)) this.socket.write(part);
      this.socket.uncork();
    });
  }

  close(): void {
    this.socket.destroy();
    this.end('is not listened to any more');
  }

  private answered(id: number, payload: Buffer): void {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return;
    const reply = answerOf(payload);
    this.waiting.delete(id);
    waiting.resolve(reply);
  }

  private sweepIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.sweepOut(), Math.max(1, Math.ceil(ms))).unref();
  }

  /** Gives up what has waited too long; and the tunnel, if nothing at all has come since. */
  private sweepOut(): void {
    this.sweep = null;
    const now = performance.now();
    // In the order in which they were sent: the first has waited for longest.
    for (const [id, { sentAt, reject }] of this.waiting) {
      const leftMs = sentAt + this.limitMs - now;
      if (leftMs > 0) {
        this.sweep = this.sweepIn(leftMs);
        return;
      }
      this.waiting.delete(id);
      reject(new PeerError(`${this.to} did not answer in time`));
      if (this.heardAt < sentAt) this.close();
    }
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    if (this.sweep !== null) clearTimeout(this.sweep);
    const all = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of all) reject(new PeerError(`${this.to} ${reason}`));
  }
}

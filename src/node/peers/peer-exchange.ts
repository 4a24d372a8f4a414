// One request to a peer and its whole answer, straight from undici's dispatcher: streams, signals
// and parsed headers around it cost more than the exchange itself. The rule: it settles once, with
// the answer as text, or with the reason why there is none.

import type { Dispatcher } from 'undici';
import type { CopiesRoom } from './copies-room.ts';
import { OFFER } from './tunnel-frames.ts';

/** A kept connection turned out to be closed before a byte of the answer came. */
export class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
  readonly retriable = true;
}

export interface PeerReply {
  readonly status: number;
  readonly text: string;
  /** A tunnel may be opened (tunnel-frames.ts). */
  readonly tunnel?: boolean;
}

/** What a connection tells the requests that go over it. */
export interface Connection {
  /** Answers that came since it was opened. */
  answers: number;
}

/** What the system or undici calls a connection that ended. Time limits are not among them. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Whoever closes a kept connection later than this has had the request: to send it again would be
 * a copy too many, and perhaps to a node that has left. */
const STALE_WITHIN_MS = 200;

const OFFER_NAME = Buffer.from(OFFER);

/** undici's handler of one request; its method names are undici's. */
export class PeerExchange implements Dispatcher.DispatchHandler {
  /** Set by the connection that takes the request. */
  connection: Connection | null = null;
  private reused = false;
  private begunAt = 0;
  private status = 0;
  private tunnel = false;
  private chunks: Buffer[] = [];
  private abort: ((error: Error) => void) | null = null;
  /** Why nobody waits for the answer any more. */
  private givenUp: Error | null = null;
  private readonly resolve: (reply: PeerReply) => void;
  private readonly reject: (error: Error) => void;

  constructor(resolve: (reply: PeerReply) => void, reject: (error: Error) => void) {
    this.resolve = resolve;
    this.reject = reject;
  }

  /** The request fails with `error`, and its connection ends; at once, or before it is written. */
  giveUp(error: Error): void {
    this.givenUp = error;
    this.abort?.(error);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.reused = this.connection !== null && this.connection.answers > 0;
    this.begunAt = performance.now();
    this.abort = abort;
    if (this.givenUp !== null) abort(this.givenUp);
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    this.status = status;
    this.tunnel = headers.some((text) => text.equals(OFFER_NAME));
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    return true;
  }

  onComplete(): void {
    if (this.connection !== null) this.connection.answers += 1;
    const { status, tunnel, chunks } = this;
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    this.resolve({ status, text: body.toString('utf8'), tunnel });
  }

  onError(error: Error & { readonly code?: string }): void {
    const unanswered = this.reused && this.status === 0 && CLOSED.has(error.code ?? '');
    const stale = unanswered && performance.now() - this.begunAt < STALE_WITHIN_MS;
    this.reject(stale ? new StaleConnection('kept connection closed', { cause: error }) : error);
  }
}

/** Sends a request and resolves with the whole answer. Rejects with undici's error, or with
 * StaleConnection; or when it had to make room for others in `room`. */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  room?: CopiesRoom,
): Promise<PeerReply> {
  return new Promise((resolve, reject) => {
    const request: PeerExchange = new PeerExchange(
      (reply) => {
        room?.leave(request);
        resolve(reply);
      },
      (error) => {
        room?.leave(request);
        reject(error);
      },
    );
    room?.enter(request);
    dispatcher.dispatch(options, request);
  });
}

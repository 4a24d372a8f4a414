// Requests by Node's own HTTP client, which costs a quarter of the processor time that ky and fetch
// take (docs/performance.md): for writes, of which a program may have one after the other.

import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Departures } from './departures.ts';
import { type Answer, CONNECT_TIMEOUT, type Wire, type WireRequest } from './wire.ts';

/** Connections that nobody uses are closed before a node does it, so that no request meets one that
 * is just being closed. They do not keep a process alive. */
const IDLE_MS = 30_000;

const KEPT = { keepAlive: true, timeout: IDLE_MS };

/** Where nothing says no to a connection, either, nobody is there. As long as fetch waits. */
const CONNECT_MS = 10_000;

type Secure = typeof import('node:https');

/** Connections are kept and shared by all requests of this wire. */
export function nodeWire(departures: Departures): Wire {
  const agent = new Agent(KEPT);
  let secure: Promise<Secure> | null = null;
  let secureAgent: SecureAgent | undefined;
  const securely = async (url: string, options: RequestOptions): Promise<ClientRequest> => {
    // Few need it, and it takes a while to load.
    secure ??= import('node:https');
    const https = await secure;
    secureAgent ??= new https.Agent(KEPT);
    return https.request(url, { ...options, agent: secureAgent });
  };
  return async (url, order) => {
    const options = { method: order.method, headers: headersOf(order) };
    const asked = url.startsWith('https:')
      ? await securely(url, options)
      : request(url, { ...options, agent });
    return answered(asked, order, departures);
  };
}

/** Node sends a DELETE's body without saying how long it is, unless it is told. */
function headersOf({ headers, body }: WireRequest): Record<string, string | number> {
  return body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
}

/** Sends what was begun. */
function answered(
  asked: ClientRequest,
  { body, signal }: WireRequest,
  departures: Departures,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    asked.on('error', reject);
    asked.on('socket', (socket) => limitConnecting(asked, socket));
    asked.on('response', (message) => resolve(new NodeAnswer(message)));
    if (signal !== undefined) {
      const forget = departures.on(signal, () => asked.destroy(reasonOf(signal)));
      asked.on('close', forget);
      if (signal.aborted) asked.destroy(reasonOf(signal));
    }
    asked.end(body);
  });
}

/** No connection came about in time: nothing was sent. */
class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';
  readonly code = CONNECT_TIMEOUT;
}

/** Ends a request whose new connection does not come about. */
export function limitConnecting(asked: ClientRequest, socket: Socket): void {
  if (!socket.connecting) return;
  const giveUp = (): void => {
    asked.destroy(new ConnectTimeout(`no connection within ${CONNECT_MS} ms`));
  };
  const timer = setTimeout(giveUp, CONNECT_MS);
  const done = (): void => clearTimeout(timer);
  socket.once('connect', done);
  socket.once('close', done);
}

class NodeAnswer implements Answer {
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage) {
    this.#message = message;
  }

  get status(): number {
    return this.#message.statusCode!;
  }

  get headers(): Answer['headers'] {
    const { headers } = this.#message;
    return { get: (name) => (headers[name] as string | undefined) ?? null };
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.#message;
  }

  text(): Promise<string> {
    return text(this.#message);
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

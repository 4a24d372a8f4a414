// Requests by Node's own HTTP client, with which a write costs four tenths of the processor time
// that it does by ky and fetch (docs/measurements.md), and which ends a stream whenever its signal
// aborts.

import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Departures } from './departures.ts';
import { CONNECT_MS, Lookout, type Reach } from './lookout.ts';
import {
  type Answer,
  brokenOff,
  chunksOf,
  codesOf,
  neverSent,
  type Wire,
  WireFailure,
  type WireRequest,
} from './wire.ts';

// An import statement has Node ask for all that the module exports. One of those, in Node 24, is
// there only once all of fetch has been loaded: a third of the time of a short command.
const { Agent, request } = process.getBuiltinModule('node:http');

/** Connections that nobody uses are closed before a node does it, so that no request meets one that
 * is just being closed. They do not keep a process alive. */
export const IDLE_MS = 30_000;

const KEPT = { keepAlive: true, timeout: IDLE_MS };

const STREAM = 'text/event-stream';

type Begin = (url: string, options: RequestOptions) => ClientRequest;

/** Connections are kept and shared by all requests of this wire. `reach`: for tests. */
export function nodeWire(departures: Departures, reach?: Reach): Wire {
  const agent = new Agent(KEPT);
  const lookout = new Lookout(reach);
  const plainly: Begin = (url, options) => request(url, { ...options, agent });
  let securely: Promise<Begin> | null = null;
  const send = (begin: Begin, url: string, order: WireRequest): Promise<Answer> => {
    const asked = begin(url, { method: order.method, headers: headersOf(order) });
    // Who follows a log looks for signs of life itself (vigil.ts).
    if (order.headers.accept !== STREAM) lookout.watch(asked, url);
    return answered(asked, order, departures);
  };
  return async (url, order) => {
    if (!url.startsWith('https:')) return send(plainly, url, order);
    securely ??= overTls();
    return send(await securely, url, order);
  };
}

/** Few need it, and it takes a while to load. */
async function overTls(): Promise<Begin> {
  const https = await import('node:https');
  const agent = new https.Agent(KEPT);
  return (url, options) => https.request(url, { ...options, agent });
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
    asked.on('error', (error) => reject(failureOf(error)));
    asked.on('socket', (socket) => limitConnecting(asked, socket));
    let isAnswered = false;
    asked.on('response', (message) => {
      isAnswered = true;
      resolve(new NodeAnswer(message));
    });
    // Whoever switches to another protocol, unasked, gives no answer, and Node says no more of it.
    asked.on('close', () => {
      if (!isAnswered) reject(failureOf(new Error('the connection ended without an answer')));
    });
    if (signal !== undefined) {
      // Whoever asked knows why the signal aborted.
      const forget = departures.on(signal, () => asked.destroy());
      asked.on('close', forget);
      if (signal.aborted) asked.destroy();
    }
    asked.end(body);
  });
}

function failureOf(error: Error): WireFailure {
  return error instanceof WireFailure ? error : new WireFailure(error, !neverSent(codesOf(error)));
}

/** Ends a request whose new connection does not come about. */
export function limitConnecting(asked: ClientRequest, socket: Socket): void {
  if (!socket.connecting) return;
  const giveUp = (): void => {
    asked.destroy(new WireFailure(new Error(`no connection within ${CONNECT_MS} ms`), false));
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
    return chunksOf(this.#message);
  }

  text(): Promise<string> {
    return text(this.#message).catch(brokenOff);
  }
}

// Requests as they are, also those that a polite client would not send: any Host, any header,
// bodies in chunks, bytes that are no HTTP.

import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';

export interface WireRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Several parts go as chunks, without a content length. */
  readonly body?: string | Buffer | readonly (string | Buffer)[];
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever members an answer has.
  readonly body: any;
}

interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface ExchangeOptions {
  /** Default: a connection of its own. */
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** Sends it as it is, on a connection of its own; JSON is the content type unless another one, or
 * null for none, is given. */
export async function send(url: string, wire: WireRequest): Promise<WireAnswer> {
  const { status, headers, text } = await exchange(url, wire);
  return { status, headers, body: text === '' ? null : JSON.parse(text) };
}

/** One request and its answer, whatever that says. */
export function exchange(
  url: string,
  wire: WireRequest,
  options: ExchangeOptions = {},
): Promise<Exchanged> {
  const { method = 'POST', path, body } = wire;
  const parts = body === undefined ? [] : Array.isArray(body) ? body : [body];
  const length =
    Array.isArray(body) || body === undefined
      ? {}
      : { 'content-length': Buffer.byteLength(body as string) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: hostname,
      port,
      method,
      path,
      agent: false,
      ...options,
      headers: { ...type, ...length, ...wire.headers },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      incoming.once('error', reject).once('end', () => {
        const { statusCode = 0, headers } = incoming;
        resolve({ status: statusCode, headers, text });
      });
    });
    for (const part of parts) outgoing.write(part);
    outgoing.end();
  });
}

/** Sends bytes, and resolves with all that comes back until the connection is closed: by the
 * server, or, if it is to be `cut`, by this side as soon as they are sent. */
export function sendBytes(url: string, bytes: string, end?: 'cut'): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => {
      if (end === 'cut') socket.end(bytes, 'latin1');
      else socket.write(bytes, 'latin1');
    });
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    socket.once('error', reject).once('close', () => resolve(text));
  });
}
